"""Write and read reports as JSON files, validated before writing and after reading."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import msgspec

from autograder.errors import ReportError, UsageError
from autograder.files import PRIVATE, write_atomically
from autograder.model import Report
from autograder.report.schema import SCHEMA_VERSION, validate


def to_json(report: Report) -> str:
    """Give the report as JSON text, with the keys in the order of the types' fields.

    Raises `ReportError` if a number in it is NaN or infinite, as JSON has no such numbers.
    """
    try:
        return json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError as error:
        raise ReportError(f"report of {report.submission.id}: {error}") from error


def write_report(path: Path, report: Report) -> None:
    """Validate a report and write it."""
    text = to_json(report)
    validate(json.loads(text), str(path))
    write_atomically(path, text, PRIVATE)


def report_files(places: Iterable[Path]) -> list[Path]:
    """Give the reports in files and folders; of a batch's folder, those in its ``reports/``.

    Raises `UsageError` if a folder holds no report.
    """
    found: list[Path] = []
    for place in places:
        folder = place / "reports" if (place / "reports").is_dir() else place
        inside = sorted(folder.glob("*.json")) if place.is_dir() else [place]
        if not inside:
            raise UsageError(f"{place}: no reports (*.json) there", "Name the folder that a batch wrote.")
        found += inside
    return found


def read_report(path: Path) -> Report:
    """Read a report that fits the schema.

    Raises `ReportError` if the file can't be read, is not JSON, or does not fit.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path}: can't be read: {error.strerror}") from error
    return _validated(content, str(path))


def decode_report(content: bytes, name: str) -> Report:
    """Read the text of a report without the schema, in a hundredth of the time; the types hold it instead.

    Raises `ReportError` as `read_report` does.
    """
    try:
        report = msgspec.json.decode(content, type=Report)
    except msgspec.DecodeError:
        return _validated(content, name)
    return report if report.schema_version == SCHEMA_VERSION else _validated(content, name)


def _validated(content: bytes, name: str) -> Report:
    try:
        document = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ReportError(
            f"{name}: is not JSON: {error}", "Expected a report by `autograder grade`."
        ) from error
    validate(document, name)
    return msgspec.convert(document, Report)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")
