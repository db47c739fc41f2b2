"""Write and read reports as JSON files, validated before writing and after reading.

A batch's folder holds ``reports/<id>/<attempt>.json`` and ``pictures/<id>/<attempt>/``. Batches before
version 0.2 wrote ``reports/<id>.json`` and ``pictures/<id>/``: that is attempt 1, and it stays there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import msgspec

from autograder.errors import ReportError, UsageError
from autograder.files import PRIVATE, write_atomically
from autograder.model import JSON, Report
from autograder.report.schema import validate
from autograder.report.upgrade import upgrade

REPORTS = "reports"


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


# --- where they are ------------------------------------------------------------------------------


def report_path(folder: Path, identity: str, attempt: int) -> Path:
    """Give the place of an attempt's report in a batch's folder."""
    old = folder / REPORTS / f"{identity}.json"
    return old if attempt == 1 and old.exists() else folder / REPORTS / identity / f"{attempt}.json"


def pictures_path(folder: Path, identity: str, attempt: int) -> Path:
    """Give the folder of an attempt's pictures in a batch's folder."""
    flat = report_path(folder, identity, attempt).parent == folder / REPORTS
    return folder / "pictures" / identity / ("" if flat else str(attempt))


def attempts_of(folder: Path, identity: str) -> dict[int, Path]:
    """Give the reports of all attempts of a submission in a batch's folder, the newest attempt last."""
    return _attempts(folder / REPORTS, identity)


def newest_reports(folder: Path) -> dict[str, Path]:
    """Give the report of each submission's newest attempt in a batch's folder, by the submission's id."""
    return {one: [*_attempts(folder / REPORTS, one).values()][-1] for one in _identities(folder / REPORTS)}


def report_files(places: Iterable[Path]) -> list[Path]:
    """Give the reports in files and folders, by id and attempt; of a batch's folder, those in ``reports/``.

    Raises `UsageError` if a folder holds no report.
    """
    found: list[Path] = []
    for place in places:
        folder = place / REPORTS if (place / REPORTS).is_dir() else place
        inside = [path for one in _identities(folder) for path in _attempts(folder, one).values()]
        if place.is_dir() and not inside:
            raise UsageError(f"{place}: no reports (*.json) there", "Name the folder that a batch wrote.")
        found += inside if place.is_dir() else [place]
    return found


def _identities(reports: Path) -> list[str]:
    """List the ids that have a report, sorted; numbers by their size, as attempts are."""
    names = {path.stem for path in reports.glob("*.json")}
    names |= {path.parent.name for path in reports.glob("*/*.json") if path.stem.isdecimal()}
    return sorted(names, key=lambda name: (int(name) if name.isdecimal() else math.inf, name))


def _attempts(reports: Path, identity: str) -> dict[int, Path]:
    old = reports / f"{identity}.json"
    found = {int(path.stem): path for path in (reports / identity).glob("*.json") if path.stem.isdecimal()}
    return dict(sorted((({1: old} if old.exists() else {}) | found).items()))


# --- reading -------------------------------------------------------------------------------------


def read_report(path: Path, *, by_schema: bool = True) -> Report:
    """Read a report that fits the schema; one of version 1 is upgraded.

    Without `by_schema` a report of today's version is held by its types alone, in a hundredth of the time:
    that is for a batch's own folder.

    Raises `ReportError` if the file can't be read, is not JSON, or does not fit.
    """
    if by_schema:
        return msgspec.convert(upgrade(_read(path)), Report)
    return decode_report(_content(path), str(path))


def decode_report(content: bytes, name: str) -> Report:
    """Read the text of a report without the schema, in a hundredth of the time; the types hold it instead.

    Raises `ReportError` as `read_report` does.
    """
    try:
        report = msgspec.json.decode(content, type=Report)
    except msgspec.DecodeError:
        report = None
    if report is not None and report.schema_version.startswith("2."):
        return report
    return msgspec.convert(upgrade(_validated(content, name)), Report)


def whole(report: Report, name: str) -> Report:
    """Give a report back, if it is no student's view: that lacks what a grade needs.

    Raises `ReportError` if it is one.
    """
    if report.view != "whole":
        raise ReportError(f"{name}: is a student's view", "Name the report that `autograder grade` wrote.")
    return report


def upgrade_file(path: Path) -> bool:
    """Write a report of an older schema anew, and say whether it was one; raise as `read_report` does."""
    document = _read(path)
    old = upgrade(document) != document
    if old:
        write_report(path, read_report(path))
    return old


def _read(path: Path) -> JSON:
    return _validated(_content(path), str(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path}: can't be read: {error.strerror}") from error


def _validated(content: bytes, name: str) -> JSON:
    """Give a report's JSON as it stands, after it was held to the schema."""
    try:
        document = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ReportError(
            f"{name}: is not JSON: {error}", "Expected a report by `autograder grade`."
        ) from error
    validate(document, name)
    return cast(JSON, document)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")
