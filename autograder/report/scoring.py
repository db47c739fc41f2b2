"""Turn findings into the points of each item. `autograder.report.totals` adds the items up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from autograder.assignment import ItemSpec
from autograder.authoring.specs import CheckSpec
from autograder.model import CheckReport, Finding, ItemReport, Status, Visibility
from autograder.report.totals import in_short

_STRICT = (Visibility.VISIBLE, Visibility.AFTER_DUE_DATE, Visibility.AFTER_PUBLISHED, Visibility.HIDDEN)
# From the worst to the best: an item has the worst state of its checks.
_ORDER = (Status.ERROR, Status.TIMEOUT, Status.FAILED, Status.MANUAL, Status.SKIPPED, Status.PASSED)


def score_item(item: ItemSpec, findings: Mapping[str, Finding], step: float = 0.0001) -> ItemReport:
    """Score one item: each check decides a share of the points, in proportion to its weight.

    The sum is rounded to a multiple of `step`; the checks' shares stay as they are.

    While a person has yet to judge, the score is a proposal. An item whose checks were all skipped has no
    score. A check of weight 0 is a note: it is reported, and changes neither the points nor the item's state.
    """
    total = sum(check.weight for check in item.checks)
    checks = tuple(
        _check_report(check, findings[check.id], item.points * check.weight / total, item.visibility)
        for check in item.checks
    )
    counted = tuple(c for c, spec in zip(checks, item.checks, strict=True) if spec.weight > 0)
    status = worst(check.status for check in counted)
    earned = sum(check.weight * findings[check.id].fraction for check in item.checks) / total
    undecided = all(check.status is Status.SKIPPED for check in counted)
    return ItemReport(
        id=item.id,
        title=item.title,
        status=status,
        score=None if undecided else rounded(item.points * earned, item.points, step),
        max_score=item.points,
        extra_credit=item.extra_credit,
        visibility=item.visibility,
        message=_item_message(counted, item.visibility),
        checks=checks,
        duration=round(sum(check.duration for check in checks), 4),
    )


def rounded(points: float, most: float, step: float) -> float:
    """Round points half up to a multiple of `step`, within 0 and `most`; who has `most` keeps it.

    Computed in decimals: 0.15 is a half of 0.1, though no float says so.
    """
    # a sum of shares may miss a half by its last digits
    exact = round(points, 9)
    if exact >= round(most, 9):
        return most
    steps = (Decimal(str(exact)) / Decimal(str(step))).quantize(Decimal(1), ROUND_HALF_UP)
    return min(most, max(0.0, float(steps * Decimal(str(step)))))


def _check_report(check: CheckSpec, finding: Finding, points: float, visibility: Visibility) -> CheckReport:
    fraction = min(1.0, max(0.0, finding.fraction))  # a sum of shares may miss an end by its last digit
    return CheckReport(
        id=check.id,
        status=finding.status,
        score=round(points * fraction, 4),
        max_score=round(points, 4),
        visibility=visibility
        if check.visible
        else max(visibility, Visibility.AFTER_PUBLISHED, key=_STRICT.index),
        message=finding.message,
        hints=finding.hints,
        cause=finding.cause,
        metrics={name: _plain(value) for name, value in finding.metrics.items()},
        output=finding.output,
        pictures=picture_names(finding),
        evidence=finding.evidence,
        diagnosis=finding.diagnosis,
        smallest=finding.smallest,
        fraction=fraction,
        switched_off=finding.switched_off,
        asked=finding.asked,
        duration=round(finding.seconds, 4),
    )


def picture_names(finding: Finding) -> tuple[str, ...]:
    """Name the files of a finding's pictures."""
    suffixes = ("svg" if picture.startswith(b"<svg") else "png" for picture in finding.pictures)
    return tuple(f"{finding.check}-{number}.{suffix}" for number, suffix in enumerate(suffixes, 1))


def _plain(value: float | int | str) -> float | int | str:
    """Give a metric as JSON can hold it: NaN and infinity become words."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _item_message(checks: Sequence[CheckReport], visibility: Visibility) -> str:
    """Sum the checks up for those who see the item, with nothing from a check that they do not see yet."""
    return seen_message([check for check in checks if check.visibility is visibility], len(checks))


def seen_message(seen: Sequence[CheckReport], count: int) -> str:
    """Sum up the checks that are seen, of `count` checks."""
    if not seen:
        return "Its checks are shown after grades are published."
    if len(seen) == count or any(check.status is not Status.PASSED for check in seen):
        return in_short(seen)
    return "Its visible check passed." if len(seen) == 1 else f"All {len(seen)} visible checks passed."


def worst(states: Iterable[Status]) -> Status:
    """Give the state of an item from those of its checks."""
    return min(states, key=_ORDER.index)
