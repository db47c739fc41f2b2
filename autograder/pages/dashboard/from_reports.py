"""Read a class out of a batch's reports: of each submission the newest attempt counts."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.errors import ReportError, UsageError
from autograder.grades.rescore import scored_item
from autograder.model import Outcome, Report
from autograder.pages.dashboard.records import ClassRecord, Item, StudentRecord
from autograder.pages.dashboard.results import machine_result
from autograder.report import decode_report

_NO_GRADE = {
    Outcome.UNGRADABLE: "can't be graded",
    Outcome.GRADER_ERROR: "the grader failed",
    Outcome.TIMEOUT: "used up its time",
    Outcome.PARTIAL: "checks were switched off",
}


def read_class(paths: Sequence[Path]) -> ClassRecord:
    """Read the reports in files.

    Raises
    ------
    ReportError
        A file can't be read, or is no report.
    UsageError
        The reports are on several assignments.
    """
    return class_of(map(_read, paths))


def _read(path: Path) -> Report:
    try:
        return decode_report(path.read_bytes(), str(path))
    except OSError as error:
        raise ReportError(f"{path}: can't be read: {error.strerror}") from error


def class_of(reports: Iterable[Report]) -> ClassRecord:
    """Give the class of reports; of one or more."""
    newest, counts = _newest(reports)
    ordered = sorted(newest.values(), key=lambda one: one.submission.id)
    _require_one_assignment(ordered)
    latest = max(ordered, key=lambda one: one.generated_at)
    return ClassRecord(
        assignment=latest.assignment.id,
        title=latest.assignment.title,
        maximum=latest.assignment.max_score,
        items=_items(ordered),
        students=tuple(_student(one, counts[one.submission.id]) for one in ordered),
        source="The newest attempt of each submission counts. Points are those of the reports: without a "
        "person's points, without lateness and extensions, which a gradebook knows.",
        notes=tuple(_notes(ordered)),
    )


def _newest(reports: Iterable[Report]) -> tuple[Mapping[str, Report], Counter[str]]:
    """Give the newest attempt of each submission by its id, and how many attempts there are."""
    newest: dict[str, Report] = {}
    seen: dict[str, set[int]] = {}
    for one in reports:
        facts = one.submission
        seen.setdefault(facts.id, set()).add(facts.attempt)
        known = newest.get(facts.id)
        if known is None or _age(known) <= _age(one):
            newest[facts.id] = one
    return newest, Counter({name: len(numbers) for name, numbers in seen.items()})


def _age(report: Report) -> tuple[int, str]:
    return report.submission.attempt, report.generated_at


def _require_one_assignment(reports: Sequence[Report]) -> None:
    assignments = sorted({one.assignment.id for one in reports})
    if len(assignments) > 1:
        raise UsageError(
            f"the reports are on several assignments: {', '.join(assignments)}",
            "Name the reports of one of them.",
        )


def _items(reports: Sequence[Report]) -> tuple[Item, ...]:
    """List the items as the newest reports have them; those that only older ones have come last."""
    items: dict[str, Item] = {}
    for one in sorted(reports, key=lambda one: one.generated_at, reverse=True):
        for item in one.items:
            made = Item(id=item.id, title=item.title, maximum=item.max_score, extra_credit=item.extra_credit)
            items.setdefault(item.id, made)
    return tuple(items.values())


def _student(report: Report, attempts: int) -> StudentRecord:
    facts, score = report.submission, report.score_to_export
    return StudentRecord(
        learner=report.learner.id,
        name=report.learner.id,
        id=facts.id,
        points=None if score is None else score.final,
        left_out=_NO_GRADE[report.outcome] if score is None else "",
        attempts=attempts,
        late=None if facts.late is None else facts.late.seconds,
        after_due=seconds_after(facts.submitted_at, report.assignment.due_at),
        results={item.id: machine_result(scored_item(item), item) for item in report.items},
    )


def seconds_after(submitted_at: str | None, due_at: str | None) -> float | None:
    """Give the seconds from a date to a time, fewer than 0 before it; None if one of them is not known."""
    try:
        submitted, due = (datetime.datetime.fromisoformat(text or "") for text in (submitted_at, due_at))
        return (submitted - due).total_seconds()
    except (ValueError, TypeError):  # no time, or one of the two without a zone
        return None


def _notes(reports: Sequence[Report]) -> Iterable[str]:
    makers = {(one.grader.config_sha256, one.grader.version) for one in reports}
    if len(makers) > 1:
        yield (
            f"The reports were made with {len(makers)} versions of the assignment or of the engine: "
            "the same work might have other points by another one."
        )
