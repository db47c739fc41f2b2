"""Bring reports into a gradebook: each once, whatever it is called and however often it is imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from autograder.errors import ReportError
from autograder.grades import tables
from autograder.grades.applying import score_row
from autograder.grades.attempts import NO_FILES
from autograder.grades.rescore import is_by, rescored, scored_item
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook, ReportRow
from autograder.model import FileRecord, Report, Struct
from autograder.report import decode_report, whole

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
    rubrics: dict[str, Rubric | None] = {}
    rest = iter(paths)
    while some := list(islice(rest, _AT_ONCE)):
        read = list(_read(some, refused))
        for report, _ in read:
            if report.assignment.id not in rubrics:
                rubrics[report.assignment.id] = gradebook.applied(report.assignment.id)
        rows = [(report_row(report, content), content) for report, content in read]
        # Points by the applied rubric come first: without them a report's own would hold for a moment.
        gradebook.add(tables.scores, _scores(gradebook, read, rubrics))
        added = gradebook.add_reports(rows)
        new, known = new + added, known + len(rows) - added
    return Imported(new=new, known=known, refused=tuple(refused))


def _read(paths: Iterable[Path], refused: list[str]) -> Iterator[tuple[Report, bytes]]:
    for path in paths:
        try:
            content = path.read_bytes()
            yield whole(decode_report(content, str(path)), str(path)), content
        except OSError as error:
            refused.append(f"{path}: can't be read: {error.strerror}")
        except ReportError as error:
            refused.append(str(error))


def _scores(
    gradebook: Gradebook, read: Iterable[tuple[Report, bytes]], rubrics: Mapping[str, Rubric | None]
) -> Iterator[dict[str, str]]:
    """Score the reports that another rubric made than the one that is applied."""
    known: dict[str, set[tuple[str, str]]] = {}
    for report, content in read:
        rubric = rubrics[report.assignment.id]
        if rubric is None or is_by(report, rubric):
            continue
        name, sha256 = rubric.sha256(), hashlib.sha256(content).hexdigest()
        if name not in known:
            known[name] = gradebook.scored_by(name)
        if (sha256, report.learner.id) not in known[name]:
            yield score_row(rubric.assignment, report.learner.id, sha256, name, rescored(report, rubric))


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
        return f"{NO_FILES}{report.submission.attempt}"
    return _hash(files)


def _hash(files: Sequence[FileRecord]) -> str:
    # names are the platform's, and change with each download; see `autograder.batch.attempts`
    listed = "\n".join(sorted(one.sha256 for one in files))
    return hashlib.sha256(listed.encode()).hexdigest()
