"""Score stored findings by another rubric, without running anything."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.grades.records import ScoredItem, exact
from autograder.grades.rubric import Rubric
from autograder.model import CheckReport, Finding, ItemReport, Report, Status, Struct
from autograder.report.scoring import score_item
from autograder.report.totals import pending_of, waits_for_person

NOT_ASKED = "Not judged: this was not asked when the submission was graded."


class Rescored(Struct):
    """A report's items by a rubric, and the ids of the checks that only a run can judge."""

    items: tuple[ScoredItem, ...]
    unasked: tuple[str, ...] = ()


def rescored(report: Report, rubric: Rubric) -> Rescored:
    """Score a report's findings by a rubric.

    A check of an older report, which does not say what was asked, counts as the check with the same id.
    """
    if not report.items:
        return Rescored(items=())
    found = {check.id: check for item in report.items for check in item.checks}
    unasked = tuple(name for name, asked in rubric.asked.items() if not _was_asked(found.get(name), asked))
    items = [
        score_item(item, {c.id: _finding(c.id, found, unasked) for c in item.checks}, rubric.round_to)
        for item in rubric.items
    ]
    return Rescored(items=tuple(map(scored_item, items)), unasked=unasked)


def is_by(report: Report, rubric: Rubric) -> bool:
    """Say whether a report was made by a rubric, so that its own points hold."""
    checks = (check for item in report.items for check in item.checks)
    same = all(check.asked == rubric.asked.get(check.id) for check in checks)
    return same and report.grader.config_sha256 == rubric.config_sha256


def _was_asked(check: CheckReport | None, asked: str) -> bool:
    return check is not None and check.asked in ("", asked)


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


def _finding(check: str, found: dict[str, CheckReport], unasked: Sequence[str]) -> Finding:
    """Give a check's finding back from its report."""
    if check in unasked:
        return Finding(check=check, status=Status.SKIPPED, fraction=0.0, message=NOT_ASKED)
    stored = found[check]
    return Finding(
        check=check,
        status=stored.status,
        fraction=_fraction(stored),
        message=stored.message,
        switched_off=stored.switched_off,
    )


def _fraction(check: CheckReport) -> float:
    """Give the share that was earned; older reports say it by the points alone."""
    if check.fraction is not None:
        return check.fraction
    if check.max_score:
        return check.score / check.max_score
    return float(check.status is Status.PASSED)
