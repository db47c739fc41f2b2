"""Reports as files: JSON without NaN, validated before it is written and after it is read."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from autograder.errors import ReportError
from autograder.files import write_atomically
from autograder.model import Report
from autograder.report.schema import validate


def to_json(report: Report) -> str:
    """The report as JSON text, keys in the types' order.

    Raises
    ------
    ReportError
        A number in it is NaN or infinite, which JSON can't carry.
    """
    try:
        return json.dumps(msgspec.to_builtins(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError as error:
        raise ReportError(f"report of {report.submission.id}: {error}") from error


def write_report(path: Path, report: Report) -> None:
    """Validate a report and write it."""
    text = to_json(report)
    validate(json.loads(text), str(path))
    write_atomically(path, text)


def read_report(path: Path) -> Report:
    """Read a report that fits the schema.

    Raises
    ------
    ReportError
        Naming the file and the place in it.
    """
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise ReportError(f"{path}: can't be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ReportError(
            f"{path}: is not JSON: {error}", "Expected a report by `autograder grade`."
        ) from error
    validate(document, str(path))
    return msgspec.convert(document, Report)
