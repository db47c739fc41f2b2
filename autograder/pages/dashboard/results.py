"""Read a student's results out of a report, and out of what a person decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from autograder.grades.compute import points_of
from autograder.grades.records import Remark, Review, ScoredItem
from autograder.model import Diagnosis, ItemReport, Status
from autograder.pages.dashboard.records import Result

_JUDGED = (Status.FAILED, Status.ERROR, Status.TIMEOUT)


def machine_result(scored: ScoredItem, item: ItemReport | None) -> Result:
    """Give the result of an item as it was judged automatically; `item` is its part of the report."""
    whole = scored.score is not None and not scored.pending and not scored.waits
    reason, check = _first_reason(item)
    return Result(
        points=float(scored.score) if whole and scored.score is not None else None,
        waits=scored.waits,
        reason=reason,
        check=check,
        mistakes=tuple(_mistakes(item)),
        seconds=0.0 if item is None else item.duration,
    )


def reviewed_result(
    scored: ScoredItem, item: ItemReport | None, review: Review, remarks: Mapping[str, Remark]
) -> Result:
    """Give the result of an item that a person judged: the reason is then the first remark, or the text."""
    points = points_of(review, scored.maximum, remarks)
    said = [remarks[one].text for one in review.remarks if one in remarks] + [review.text]
    automatic = machine_result(scored, item)
    lost = points < scored.maximum
    return Result(
        points=float(points),
        reason=next(filter(None, said), automatic.reason) if lost else "",
        check=review.reviewer if lost and any(said) else automatic.check if lost else "",
        mistakes=automatic.mistakes,
        seconds=automatic.seconds,
    )


def _first_reason(item: ItemReport | None) -> tuple[str, str]:
    """Give the message of the first check that lost points, and its id."""
    for check in item.checks if item else ():
        if check.status in _JUDGED and check.score < check.max_score:
            return check.message, check.id
    return "", ""


def _mistakes(item: ItemReport | None) -> Iterator[Diagnosis]:
    """Give each known mistake once, as many checks may show the same."""
    seen = set()
    for check in item.checks if item else ():
        if check.diagnosis is not None and check.diagnosis.id not in seen:
            seen.add(check.diagnosis.id)
            yield check.diagnosis
