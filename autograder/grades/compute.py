"""Compute a grade from attempts, people's decisions and the policy: pure, and in exact decimals."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from msgspec.structs import replace

from autograder.assignment import Late
from autograder.grades.records import (
    Attempt,
    Extension,
    Grade,
    GradePolicy,
    GradeStatus,
    Remark,
    Review,
    ScoredItem,
    Step,
    exact,
)
from autograder.model import Outcome, Struct
from autograder.report.late import spoken

_ZERO = Decimal(0)
_UNSCORED = frozenset({Outcome.UNGRADABLE, Outcome.GRADER_ERROR, Outcome.TIMEOUT})
_ROUNDING = {"nearest": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}
_SECONDS = {"hour": 3600, "day": 86400}
Reviews = Mapping[tuple[str, str], Review]


class Decisions(Struct):
    """The decisions of people about one learner.

    reviews     the newest review by attempt key and item
    remarks     the rubric's remarks by id, as they are worded now
    extension   a later date
    excuse      the reason why nothing is expected; None if something is
    """

    reviews: Reviews = {}
    remarks: Mapping[str, Remark] = {}
    extension: Extension | None = None
    excuse: str | None = None


class _Earned(Struct):
    """The points of one attempt after what lateness takes; what is not judged yet may add what is `left`."""

    attempt: Attempt
    steps: tuple[Step, ...]
    points: Decimal | None
    pending: Decimal
    left: Decimal
    waits: bool
    late: datetime.timedelta | None
    taken: Decimal = _ZERO


class _Judged(Struct):
    """An item with its points, None if nothing was judged, and the line that says why."""

    item: ScoredItem
    points: Decimal | None
    line: str
    pending: Decimal = _ZERO
    waits: bool = False


def grade(learner: str, attempts: Sequence[Attempt], decisions: Decisions, policy: GradePolicy) -> Grade:
    """Compute a learner's grade, with an explanation of each step.

    An extension never costs: where the grade without it is better, that one holds.

    Parameters
    ----------
    learner : str
        The learner's id.
    attempts : sequence of Attempt
        The learner's attempts, in order of their numbers.
    decisions : Decisions
        What people decided.
    policy : GradePolicy
        The assignment's rules.
    """
    if decisions.excuse is not None:
        steps = (Step(text=f"excused: {decisions.excuse}"),)
        return Grade(
            learner=learner, status=GradeStatus.EXCUSED, points=None, maximum=policy.maximum, steps=steps
        )
    if not attempts:
        steps = (Step(text="nothing was handed in"),)
        return Grade(
            learner=learner, status=GradeStatus.MISSING, points=None, maximum=policy.maximum, steps=steps
        )
    grades = [
        _grade_by(learner, attempts, decisions, policy, due) for due in _dates(policy, decisions.extension)
    ]
    return max(grades, key=lambda one: -1 if one.points is None else one.points)


def _dates(policy: GradePolicy, extension: Extension | None) -> list[datetime.datetime | None]:
    """List the dates that may hold, the extended one first."""
    if policy.due_at is None or extension is None or extension.until <= policy.due_at:
        return [policy.due_at]
    return [extension.until, policy.due_at]


def _grade_by(
    learner: str,
    attempts: Sequence[Attempt],
    decisions: Decisions,
    policy: GradePolicy,
    due: datetime.datetime | None,
) -> Grade:
    """Compute the grade where one date holds."""
    accepted = [one for one in attempts if not _is_cut_off(one.submitted_at, policy.late, due)]
    accepted = accepted[: policy.attempts.most]
    if not accepted:
        late = _lateness(attempts[0].submitted_at, policy.late, due)
        text = f"not accepted: handed in {_spoken(late)} after the date" if late else "not accepted"
        return Grade(
            learner=learner,
            status=GradeStatus.FINAL,
            points=_ZERO,
            maximum=policy.maximum,
            late=late,
            steps=(Step(text=text, points=_ZERO), *_said(decisions.extension, policy)),
        )
    earned = [_earned(one, decisions, policy, due) for one in accepted]
    chosen = _choose(earned, policy, due)
    finished = _finished(learner, chosen, (attempts, accepted), decisions.extension, policy)
    better = _may_be_better(earned, chosen, policy)
    if better is None:
        return finished
    text = f"attempt {better.attempt.number} may earn more: not all of it is judged yet"
    return replace(finished, status=GradeStatus.PROVISIONAL, steps=(*finished.steps, Step(text=text)))


def _choose(earned: Sequence[_Earned], policy: GradePolicy, due: datetime.datetime | None) -> _Earned:
    """Choose the attempt that counts."""
    if policy.attempts.counts == "first":
        return earned[0]
    if policy.attempts.counts == "last":
        return _last(earned, policy.late, due)
    return max(earned, key=lambda one: -1 if one.points is None else one.points)


def _may_be_better(earned: Sequence[_Earned], chosen: _Earned, policy: GradePolicy) -> _Earned | None:
    """Give an attempt that may become the best one, once all of it is judged; None if there is no such."""
    if policy.attempts.counts != "best" or chosen.points is None:
        return None
    for one in earned:
        most = _ZERO if one.points is None else one.points + one.left
        if not policy.extra_credit.above_maximum:
            most = min(most, policy.maximum)
        if one is not chosen and most > chosen.points:
            return one
    return None


def _last(earned: Sequence[_Earned], late: Late, due: datetime.datetime | None) -> _Earned:
    """Give the attempt that was handed in last; who goes back to an earlier one hands in its files again."""
    last, newest = earned[-1], earned[-1].attempt.submitted_at
    for one in earned:
        for again in one.attempt.again:
            if newest is not None and again > newest and not _is_cut_off(again, late, due):
                last, newest = one, again
    return last


def _finished(
    learner: str,
    earned: _Earned,
    counted: tuple[Sequence[Attempt], Sequence[Attempt]],
    extension: Extension | None,
    policy: GradePolicy,
) -> Grade:
    attempts, accepted = counted
    first = Step(text=_which(earned.attempt, (len(attempts), len(accepted)), policy))
    steps = [first, *earned.steps, *_said(extension, policy)]
    if earned.points is None:
        text = (
            f"attempt {earned.attempt.number} has no score ({earned.attempt.outcome.value}): a person decides"
        )
        steps.append(Step(text=text))
        status, points = GradeStatus.UNDECIDED, None
    else:
        points = _rounded(earned.points, policy)
        if points != earned.points:
            steps.append(
                Step(text=f"rounded to a multiple of {policy.rounding.step:g}", points=points - earned.points)
            )
        status = GradeStatus.PROVISIONAL if earned.pending or earned.waits else GradeStatus.FINAL
    if earned.pending and points is not None:
        steps.append(Step(text=f"{written(earned.pending)} points are still to be judged"))
    return Grade(
        learner=learner,
        status=status,
        points=points,
        maximum=policy.maximum,
        attempt=earned.attempt.number,
        pending=earned.pending,
        late=earned.late,
        taken=earned.taken,
        steps=tuple(steps),
    )


def _said(extension: Extension | None, policy: GradePolicy) -> Iterator[Step]:
    """Say an extension, if there is one."""
    if extension is not None:
        reason = f" ({extension.reason})" if extension.reason else ""
        yield Step(text=f"extension to {_moment(extension.until, policy.due_at)}{reason}")


def _which(attempt: Attempt, counted: tuple[int, int], policy: GradePolicy) -> str:
    count, accepted = counted
    at, due = attempt.submitted_at, policy.due_at
    when = _moment(at, due) if at else "at an unknown time, so not late"
    if attempt.again:
        when += f" and, the same files, {_moment(attempt.again[-1], due)}"
    of = f" of {count} ({accepted} accepted)" if accepted < count else f" of {count}"
    date = f", due {_moment(due, due)}" if at and due else ""
    return f"attempt {attempt.number}{of} counts ({policy.attempts.counts}), handed in {when}{date}"


# --- the points of one attempt ------------------------------------------------------------------------


def _earned(
    attempt: Attempt, decisions: Decisions, policy: GradePolicy, due: datetime.datetime | None
) -> _Earned:
    """Add up the items of an attempt, and take what lateness costs."""
    late = _lateness(attempt.submitted_at, policy.late, due)
    judged = [_judged(attempt, item, decisions) for item in items_of(attempt, policy)]
    steps = [Step(text=one.line, points=one.points) for one in judged]
    undecided = any(one.points is None and not one.item.extra_credit for one in judged)
    earned = _Earned(
        attempt=attempt,
        steps=tuple(steps),
        points=None,
        pending=sum((one.pending for one in judged), _ZERO),
        left=sum((_left(one) for one in judged), _ZERO),
        waits=any(one.waits for one in judged),
        late=late,
    )
    if attempt.outcome in _UNSCORED and undecided:
        return earned
    total = _sum(judged, policy, steps)
    taken = _ZERO
    if late is not None:
        taken, words = _taken(policy, late, total)
        steps.append(Step(text=f"late by {_spoken(late)}: {words}", points=-taken))
        total -= taken
    if not policy.extra_credit.above_maximum and total > policy.maximum:
        steps.append(Step(text="no more than the maximum", points=policy.maximum - total))
        total = policy.maximum
    return replace(earned, steps=tuple(steps), points=total, taken=taken)


def _left(judged: _Judged) -> Decimal:
    """Give the points that an item may have more, once all of it is judged."""
    return judged.item.maximum - (judged.points or _ZERO) if judged.waits else judged.pending


def _sum(judged: Sequence[_Judged], policy: GradePolicy, steps: list[Step]) -> Decimal:
    """Add up items, with the extra credit that counts; the explanation goes to the steps."""
    regular = sum((one.points or _ZERO for one in judged if not one.item.extra_credit), _ZERO)
    extra = sum((one.points or _ZERO for one in judged if one.item.extra_credit), _ZERO)
    most = policy.extra_credit.most
    if most is not None and extra > exact(most):
        steps.append(Step(text=f"extra credit adds at most {most:g}", points=exact(most) - extra))
        extra = exact(most)
    steps.append(Step(text=f"sum, of {written(policy.maximum)}", points=regular + extra))
    return regular + extra


def items_of(attempt: Attempt, policy: GradePolicy) -> list[ScoredItem]:
    """List the assignment's items as an attempt's report has them; one that it does not have was not judged.

    In an attempt without a score, all that was not judged waits for a person, except for extra credit.
    """
    found = {item.id: item for item in attempt.items}
    items = [found.get(item.id, item) for item in policy.items]
    if attempt.outcome not in _UNSCORED:
        return items
    return [replace(one, waits=one.waits or (one.score is None and not one.extra_credit)) for one in items]


def _judged(attempt: Attempt, item: ScoredItem, decisions: Decisions) -> _Judged:
    of = f"{item.title}, of {written(item.maximum)}"
    review = decisions.reviews.get((attempt.key, item.id))
    if review is not None:
        points = points_of(review, item.maximum, decisions.remarks)
        why = _why(review, decisions.remarks)
        if review.points is not None and review.points > points:
            why += f"; gave {written(review.points)}, more than the item has now"
        return _Judged(points=points, line=f"{of} ({why})", item=item)
    why = ""
    if item.waits:
        why = f" ({'not judged' if item.score is None else 'proposed'}: a person has yet to judge)"
    elif item.score is None:
        why = " (not judged)"
    elif item.pending:
        why = f" ({written(item.pending)} of them not judged)"
    return _Judged(points=item.score, pending=item.pending, waits=item.waits, line=of + why, item=item)


def points_of(review: Review, maximum: Decimal, remarks: Mapping[str, Remark]) -> Decimal:
    """Give the points of a review: those that it says, else the maximum with what its remarks add.

    The item may have had more points when they were given: no more than its maximum counts.
    """
    if review.points is not None:
        return min(maximum, review.points)
    added = sum((remarks[one].points for one in review.remarks if one in remarks), _ZERO)
    return min(maximum, max(_ZERO, maximum + added))


def _why(review: Review, remarks: Mapping[str, Remark]) -> str:
    said = [f"{remarks[one].text} {remarks[one].points:+f}" for one in review.remarks if one in remarks]
    said += [review.text] if review.text else []
    verb = "changed by" if review.is_override else "judged by"
    return f"{verb} {review.reviewer}" + (f": {'; '.join(said)}" if said else "")


# --- lateness and rounding ----------------------------------------------------------------------------


def _lateness(
    at: datetime.datetime | None, late: Late, due: datetime.datetime | None
) -> datetime.timedelta | None:
    """Give the time by which work is late; None if it is in time, within the grace, or nobody knows."""
    if due is None or at is None:
        return None
    by = at - due
    return by if by > datetime.timedelta(minutes=late.grace_minutes) else None


def _is_cut_off(at: datetime.datetime | None, late: Late, due: datetime.datetime | None) -> bool:
    by = _lateness(at, late, due)
    if by is None or late.cut_off_hours is None:
        return False
    return by > datetime.timedelta(hours=late.cut_off_hours)


def _taken(policy: GradePolicy, by: datetime.timedelta, earned: Decimal) -> tuple[Decimal, str]:
    """Give the points that lateness takes, never more than were earned, and how they are counted."""
    late = policy.late
    units = _units(late, by)
    rate = exact(late.percent or late.points)
    amount, capped = units * rate, ""
    if late.most is not None and amount > exact(late.most):
        amount, capped = exact(late.most), f", at most {late.most:g}"
    times = f"{written(units)} {late.per}{'s' if units != 1 else ''} x {written(rate)}"
    if not late.percent:
        return min(amount, earned), f"{times} points{capped}"
    base = policy.maximum if late.of == "maximum" else earned
    words = f"{times} % of {written(base)}{capped}"
    return min(amount * base / 100, earned), words


def _units(late: Late, by: datetime.timedelta) -> Decimal:
    """Count hours or days as the policy does."""
    length = Decimal(_SECONDS[late.per])
    units = Decimal(by // datetime.timedelta(microseconds=1)) / 1_000_000 / length
    if late.count == "exact":
        return units
    return units.to_integral_value(ROUND_CEILING if late.count == "begun" else ROUND_FLOOR)


def _rounded(points: Decimal, policy: GradePolicy) -> Decimal:
    step = exact(policy.rounding.step)
    return (points / step).quantize(Decimal(1), _ROUNDING[policy.rounding.to]) * step


# --- words --------------------------------------------------------------------------------------------


def written(value: Decimal) -> str:
    """Write a number without an exponent or zeros at its end."""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return text if text not in ("", "-0") else "0"


def _moment(when: datetime.datetime, due: datetime.datetime | None) -> str:
    """Write a time, in the zone of the date where there is one, so that the two can be compared."""
    if due is not None:
        with contextlib.suppress(OverflowError):  # the calendar ends with the year 9999
            when = when.astimezone(due.tzinfo)
    return when.isoformat(sep=" ", timespec="seconds")


def _spoken(by: datetime.timedelta) -> str:
    return spoken(int(by.total_seconds()))
