"""Bring reports into a gradebook: each once, whatever it is called and however often it is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from autograder.errors import ReportError
from autograder.grades.records import ScoredItem, exact
from autograder.grades.store import Gradebook, ReportRow
from autograder.model import FileRecord, ItemReport, Report, Struct
from autograder.report import read_report
from autograder.report.totals import pending_of, waits_for_person

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
    rest = iter(paths)
    while some := list(islice(rest, _AT_ONCE)):
        rows = list(_rows(some, refused))
        added = gradebook.add_reports(rows)
        new, known = new + added, known + len(rows) - added
    return Imported(new=new, known=known, refused=tuple(refused))


def _rows(paths: Iterable[Path], refused: list[str]) -> Iterator[tuple[ReportRow, bytes]]:
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            refused.append(f"{path}: can't be read: {error.strerror}")
            continue
        try:
            yield report_row(_decoded(path, content), content), content
        except ReportError as error:
            refused.append(str(error))


def _decoded(path: Path, content: bytes) -> Report:
    """Read a report quickly; the slow way says what is wrong with it, and knows older versions."""
    try:
        return msgspec.json.decode(content, type=Report)
    except msgspec.DecodeError:
        return read_report(path)


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
    listed = "\n".join(sorted(f"{one.sha256} {one.path}" for one in files))
    return hashlib.sha256(listed.encode()).hexdigest()


def scored_item(item: ItemReport) -> ScoredItem:
    """Give an item's points as exact decimals."""
    return ScoredItem(
        id=item.id,
        title=item.title,
        score=None if item.score is None else exact(item.score),
        maximum=exact(item.max_score),
        extra_credit=item.extra_credit,
        pending=exact(round(pending_of(item), 4)),
        waits=waits_for_person(item),
    )
