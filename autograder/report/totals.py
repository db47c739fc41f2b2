"""Add the points of the items up to the score of a submission."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.assignment import Assignment
from autograder.model import NOT_WRITTEN, CheckReport, ItemReport, Outcome, Score, Status

_BAD = (Status.FAILED, Status.ERROR, Status.TIMEOUT)
_SAME = "It fails for the same reason as `"
_ELSEWHERE = "Not judged, as “"


def total(assignment: Assignment, items: Sequence[ItemReport]) -> Score:
    """Add the items up.

    Points that may still be given are `pending`, not lost: those that a person may add to a proposal, and
    those of skipped checks, except for extra credit.
    """
    scored = [item for item in items if item.score is not None]
    raw = sum(item.score or 0.0 for item in scored)
    extra = sum(item.score or 0.0 for item in scored if item.extra_credit)
    pending = sum(pending_of(item) for item in items)
    return Score(
        raw=round(raw, 4),
        penalties=0.0,  # a report knows no policy for late work; the grade does
        final=round(max(0.0, raw), 4),
        max=assignment.max_score,
        extra_credit=round(extra, 4),
        pending=round(pending, 4),
    )


def pending_of(item: ItemReport) -> float:
    """Give the points of an item that may still be given."""
    if item.status is Status.MANUAL:
        return item.max_score - (item.score or 0.0)
    proposed = sum(check.max_score - check.score for check in item.checks if check.status is Status.MANUAL)
    skipped = sum(check.max_score for check in item.checks if check.status is Status.SKIPPED)
    return proposed + (0.0 if item.extra_credit else skipped)


def waits_for_person(item: ItemReport) -> bool:
    """Say whether a person has yet to judge an item, or a part of it."""
    return Status.MANUAL in (item.status, *(check.status for check in item.checks))


def outcome_of(items: Sequence[ItemReport]) -> Outcome:
    """Decide whether a batch left something out, or a person still has something to judge."""
    if any(check.switched_off and check.max_score for item in items for check in item.checks):
        return Outcome.PARTIAL
    waits = any(waits_for_person(item) for item in items)
    return Outcome.PENDING_MANUAL if waits else Outcome.GRADED


def ending(items: Sequence[ItemReport], score: Score) -> tuple[Outcome, str]:
    """Give the outcome, and a sentence about it."""
    outcome = outcome_of(items)
    waiting = ", ".join(item.id for item in items if waits_for_person(item))
    if outcome is Outcome.PENDING_MANUAL:
        return outcome, f"Graded, except for what a person has yet to judge: {waiting}."
    if outcome is Outcome.GRADED:
        return outcome, "Graded."
    left = sum(check.max_score for item in items for check in item.checks if check.switched_off)
    message = f"{score.final:g} of {score.max:g}, {left:g} not judged."
    return outcome, f"{message} A person has yet to judge: {waiting}." if waiting else message


def in_short(checks: Sequence[CheckReport]) -> str:
    """Give the reason of the first check that did not pass, or say that all passed."""
    for check in checks:
        if check.status is not Status.PASSED:
            return check.message
    return checks[0].message if len(checks) == 1 else f"All {len(checks)} checks passed."


# --- reasons, each said once ----------------------------------------------------------------------------


def same_reason(check: str) -> str:
    """Give the message of a check that fails for the reason of an earlier one of its item."""
    return f"{_SAME}{check}`."


def reason_elsewhere(title: str, check: str) -> str:
    """Give the message of a check that fails for the reason of another item's."""
    return f"{_ELSEWHERE}{title}” fails: see `{check}`."


def is_lost(check: CheckReport) -> bool:
    """Say whether a check counts and did not pass."""
    return check.status in _BAD and check.max_score > 0


def refers_elsewhere(scored: CheckReport | ItemReport) -> bool:
    """Say whether a check or an item fails for the reason of another item alone."""
    if isinstance(scored, ItemReport):
        lost = [check for check in scored.checks if is_lost(check)]
        return bool(lost) and all(map(refers_elsewhere, lost))
    return scored.message.startswith(_ELSEWHERE)


def is_unwritten(scored: CheckReport | ItemReport) -> bool:
    """Say whether a check or an item fails because its function was not written yet."""
    if isinstance(scored, ItemReport):
        reasons = one_each([check for check in scored.checks if is_lost(check)])
        return bool(reasons) and all(map(is_unwritten, reasons))
    return scored.diagnosis is not None and scored.diagnosis.id == NOT_WRITTEN


def one_each(lost: Sequence[CheckReport]) -> list[CheckReport]:
    """Keep the first check of each reason, of the lost checks of one item."""
    first = {check.message: check for check in reversed(lost) if not check.message.startswith(_SAME)}
    return [check for check in lost if first.get(check.message) is check]


def tells_more(check: CheckReport) -> bool:
    """Say whether a lost check has more to show than its one sentence."""
    said = check.message.startswith((_SAME, _ELSEWHERE)) or is_unwritten(check)
    more = (check.diagnosis, check.smallest, check.cause, check.output, check.hints, check.pictures)
    return not said and any(more)
