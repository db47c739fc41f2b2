"""Add the points of the items up to the score of a submission."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.assignment import Assignment
from autograder.model import CheckReport, ItemReport, Outcome, Score, Status


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
