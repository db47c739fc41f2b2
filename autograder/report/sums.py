"""Hold the points of a report together: checks to items, items to the total, the total to the final score.

The schema can't say this, so `autograder validate` asks here. Points are written with four decimals, so a sum
may miss by half of the last one for each part.
"""

from __future__ import annotations

from collections.abc import Iterator

from autograder.model import CheckReport, ItemReport, Outcome, Report, Score
from autograder.report.totals import pending_of

_WITHOUT_SCORE = frozenset({Outcome.UNGRADABLE, Outcome.GRADER_ERROR, Outcome.TIMEOUT})
_LAST_DECIMAL = 0.0001


def problems(report: Report) -> Iterator[str]:
    """List the places where a report's points do not fit together."""
    for item in report.items:
        yield from _of_item(item, report.assignment.round_to)
    score = report.score
    if score is None:
        if report.outcome not in _WITHOUT_SCORE and report.view == "whole":
            yield f"the outcome is {report.outcome.value}, so expected a score"
        return
    if report.outcome in _WITHOUT_SCORE:
        yield f"the outcome is {report.outcome.value}, so expected no score"
    yield from _of_total(report, score)


def _of_item(item: ItemReport, step: float | None) -> Iterator[str]:
    where = f"item `{item.id}`"
    for check in item.checks:
        if check.score > check.max_score + _LAST_DECIMAL:
            yield f"{where}: check `{check.id}` has {check.score:g} points of {check.max_score:g}"
    if item.score is not None and item.score > item.max_score + _LAST_DECIMAL:
        yield f"{where} has {item.score:g} points of {item.max_score:g}"
    if not item.checks:
        return
    most = sum(check.max_score for check in item.checks)
    if _differ(most, item.max_score, len(item.checks)):
        yield f"{where}: its checks have {most:g} points at most, and the item {item.max_score:g}"
    yield from _of_checks(where, item, item.checks, step)


def _of_checks(
    where: str, item: ItemReport, checks: tuple[CheckReport, ...], step: float | None
) -> Iterator[str]:
    # older reports do not say how an item is rounded
    earned = sum(check.score for check in checks)
    if item.score is None:
        if earned > _LAST_DECIMAL:
            yield f"{where}: its checks add up to {earned:g}, and the item has no score"
    elif step is not None and abs(earned - item.score) > step / 2 + _slack(len(checks)):
        yield f"{where}: its checks add up to {earned:g}, and its score is {item.score:g}"


def _of_total(report: Report, score: Score) -> Iterator[str]:
    items, count = report.items, len(report.items)
    raw = sum(item.score or 0.0 for item in items)
    if _differ(raw, score.raw, count):
        yield f"the items add up to {raw:g}, and score.raw is {score.raw:g}"
    extra = sum(item.score or 0.0 for item in items if item.extra_credit)
    if _differ(extra, score.extra_credit, count):
        said = f"and score.extra_credit is {score.extra_credit:g}"
        yield f"the items of extra credit add up to {extra:g}, {said}"
    if report.view == "whole":  # the entry for checks that are not shown can't say which of them wait
        pending = sum(pending_of(item) for item in items)
        if _differ(pending, score.pending, sum(len(item.checks) or 1 for item in items)):
            yield f"the items have {pending:g} points to be judged, and score.pending is {score.pending:g}"
    final = max(0.0, score.raw - score.penalties)
    if _differ(final, score.final, 1):
        yield f"score.raw less score.penalties is {final:g}, and score.final is {score.final:g}"
    if _differ(score.max, report.assignment.max_score, 1):
        most = report.assignment.max_score
        yield f"score.max is {score.max:g}, and assignment.max_score is {most:g}"
    most = sum(item.max_score for item in items if not item.extra_credit)
    if _differ(most, score.max, count):
        yield f"the items have {most:g} points at most, and score.max is {score.max:g}"


def _differ(one: float, other: float, parts: int) -> bool:
    return abs(one - other) > _slack(parts)


def _slack(parts: int) -> float:
    return _LAST_DECIMAL / 2 * (parts + 1) + 1e-9
