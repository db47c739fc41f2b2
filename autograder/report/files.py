"""Reports as files: JSON without NaN, written beside and renamed."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import msgspec

from autograder.errors import ReportError
from autograder.model import Report
from autograder.report.schema import validate

# What the name of a file ends with as long as it is being written.
HALF = ".half"


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


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=HALF)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sweep_halves(folder: Path) -> None:
    """Remove what killed processes left of files that they wrote here; nobody else may write meanwhile."""
    for half in folder.glob(f".*{HALF}"):
        half.unlink(missing_ok=True)


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
