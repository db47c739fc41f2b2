"""Add the points of the items up to the score of a submission."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.assignment import Assignment
from autograder.model import ItemReport, Outcome, Score, Status


def total(assignment: Assignment, items: Sequence[ItemReport], penalties: float = 0.0) -> Score:
    """Add the items up.

    Points that may still be given are `pending`, not lost: those that a person may add to a proposal, and
    those of skipped checks, except for extra credit.
    """
    scored = [item for item in items if item.score is not None]
    raw = sum(item.score or 0.0 for item in scored)
    extra = sum(item.score or 0.0 for item in scored if item.extra_credit)
    pending = sum(_pending(item) for item in items)
    return Score(
        raw=round(raw, 4),
        penalties=penalties,
        final=round(max(0.0, raw - penalties), 4),
        max=assignment.max_score,
        extra_credit=round(extra, 4),
        pending=round(pending, 4),
    )


def _pending(item: ItemReport) -> float:
    if item.status is Status.MANUAL:
        return item.max_score - (item.score or 0.0)
    skipped = sum(check.max_score for check in item.checks if check.status is Status.SKIPPED)
    return 0.0 if item.extra_credit else skipped


def outcome_of(items: Sequence[ItemReport]) -> Outcome:
    """Decide whether a person still has something to judge."""
    waits = any(item.status is Status.MANUAL for item in items)
    return Outcome.PENDING_MANUAL if waits else Outcome.GRADED
