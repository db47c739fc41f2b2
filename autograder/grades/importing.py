"""Bring reports into a gradebook: each once, whatever it is called and however often it is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from autograder.errors import ReportError
from autograder.grades.applying import score_by
from autograder.grades.rescore import scored_item
from autograder.grades.store import Gradebook, ReportRow
from autograder.model import FileRecord, Report, Struct
from autograder.report import decode_report

# Reports in one transaction: a writer who waits is never kept for long.
_AT_ONCE = 200


class Imported(Struct):
    """The result of an import: how many reports were new, how many were here, and what could not be read."""

    new: int
    known: int
    refused: tuple[str, ...] = ()


def import_reports(gradebook: Gradebook, paths: Iterable[Path]) -> Imported:
    """Record the reports in files.

    What can't be read is named in the result, and the rest goes on. An end in between loses nothing: the
    import can be run again.
    """
    new = known = 0
    refused: list[str] = []
    assignments: set[str] = set()
    rest = iter(paths)
    while some := list(islice(rest, _AT_ONCE)):
        rows = list(_rows(some, refused))
        added = gradebook.add_reports(rows)
        new, known = new + added, known + len(rows) - added
        assignments.update(row.assignment for row, _ in rows)
    for name in sorted(assignments):
        if (applied := gradebook.applied(name)) is not None:
            score_by(gradebook, applied)
    return Imported(new=new, known=known, refused=tuple(refused))


def _rows(paths: Iterable[Path], refused: list[str]) -> Iterator[tuple[ReportRow, bytes]]:
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            refused.append(f"{path}: can't be read: {error.strerror}")
            continue
        try:
            yield report_row(decode_report(content, str(path)), content), content
        except ReportError as error:
            refused.append(str(error))


def report_row(report: Report, content: bytes) -> ReportRow:
    """Give the row of a report."""
    return ReportRow(
        assignment=report.assignment.id,
        learner=report.learner.id,
        submission=report.submission.id,
        attempt=attempt_key(report),
        number=report.submission.attempt,
        submitted_at=report.submission.submitted_at,
        generated_at=report.generated_at,
        outcome=report.outcome.value,
        items=msgspec.json.encode([scored_item(item) for item in report.items]).decode(),
        config_sha256=report.grader.config_sha256,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def attempt_key(report: Report) -> str:
    """Give a key that reports on the same files share; reports without files share it by their number."""
    files = report.submission.files
    if not files:
        return f"number-{report.submission.attempt}"
    return _hash(files)


def _hash(files: Sequence[FileRecord]) -> str:
    # names are the platform's, and change with each download; see `autograder.batch.attempts`
    listed = "\n".join(sorted(one.sha256 for one in files))
    return hashlib.sha256(listed.encode()).hexdigest()
