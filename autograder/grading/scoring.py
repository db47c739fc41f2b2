"""From findings to points: pure, and the only place where points are added."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from autograder.assignment import Assignment, ItemSpec
from autograder.authoring.specs import CheckSpec
from autograder.model import CheckReport, Finding, ItemReport, Outcome, Score, Status, Struct, Visibility


class TimedFinding(Struct):
    """A finding, the seconds it took, and the names of the files its pictures went to."""

    finding: Finding
    seconds: float = 0.0
    pictures: tuple[str, ...] = ()


# From the worst to the best: an item shows the worst of its checks' states.
_ORDER = (Status.ERROR, Status.TIMEOUT, Status.FAILED, Status.MANUAL, Status.SKIPPED, Status.PASSED)


def score_item(item: ItemSpec, findings: Mapping[str, TimedFinding]) -> ItemReport:
    """Score one item: each check decides its weight's share of the points.

    Where a person has yet to judge, the score is what is proposed until then; an item whose checks
    were all skipped was not judged and has none. A check of weight 0 is a note: it is reported, and
    changes neither the points nor the item's state.
    """
    total = sum(check.weight for check in item.checks)
    checks = tuple(
        _check_report(check, findings[check.id], item.points * check.weight / total, item.visibility)
        for check in item.checks
    )
    counted = tuple(c for c, spec in zip(checks, item.checks, strict=True) if spec.weight > 0)
    status = min((check.status for check in counted), key=_ORDER.index)
    earned = sum(check.weight * findings[check.id].finding.fraction for check in item.checks) / total
    undecided = all(check.status is Status.SKIPPED for check in counted)
    return ItemReport(
        id=item.id,
        title=item.title,
        status=status,
        score=None if undecided else round(item.points * earned, 4),
        max_score=item.points,
        extra_credit=item.extra_credit,
        visibility=item.visibility,
        message=_item_message(counted),
        checks=checks,
        duration=round(sum(check.duration for check in checks), 4),
    )


def _check_report(
    check: CheckSpec, timed: TimedFinding, points: float, visibility: Visibility
) -> CheckReport:
    finding = timed.finding
    return CheckReport(
        id=check.id,
        status=finding.status,
        score=round(points * finding.fraction, 4),
        max_score=round(points, 4),
        visibility=visibility if check.visible else max(visibility, Visibility.AFTER_PUBLISHED, key=_strict),
        message=finding.message,
        hints=finding.hints,
        cause=finding.cause,
        metrics={name: _plain(value) for name, value in finding.metrics.items()},
        output=finding.output,
        pictures=timed.pictures,
        diagnosis=finding.diagnosis,
        smallest=finding.smallest,
        duration=round(timed.seconds, 4),
    )


def _plain(value: float | int | str) -> float | int | str:
    """Give a metric as JSON can hold it: what is no finite number becomes a word."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _strict(visibility: Visibility) -> int:
    return (
        Visibility.VISIBLE,
        Visibility.AFTER_DUE_DATE,
        Visibility.AFTER_PUBLISHED,
        Visibility.HIDDEN,
    ).index(visibility)


def _item_message(checks: Sequence[CheckReport]) -> str:
    """The first check that lost points says why; where none did, all is said."""
    for check in checks:
        if check.status is not Status.PASSED:
            return check.message
    return checks[0].message if len(checks) == 1 else f"All {len(checks)} checks passed."


def total(assignment: Assignment, items: Sequence[ItemReport], penalties: float = 0.0) -> Score:
    """Add the items up; what may still be added is `pending`, not lost.

    That is what a person may add to a proposal, and what was not judged of an item that is not extra.
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
    """Whether a person still has something to judge."""
    waits = any(item.status is Status.MANUAL for item in items)
    return Outcome.PENDING_MANUAL if waits else Outcome.GRADED
