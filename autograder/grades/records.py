"""The records of a gradebook: attempts, a person's decisions, and the grades that follow from both."""

from __future__ import annotations

import datetime
from decimal import Decimal
from enum import Enum

from autograder.assignment import Attempts, ExtraCredit, Late, Rounding
from autograder.model import Outcome, Struct


def exact(value: float) -> Decimal:
    """Give the decimal number that a float was written as."""
    return Decimal(str(value))


class ScoredItem(Struct):
    """An item's points as a report has them; `score` is None where nothing was judged.

    `pending` are the points that are still to be judged. An item that `waits` is a person's to judge, also
    where a proposal gives it all points.
    """

    id: str
    title: str
    score: Decimal | None
    maximum: Decimal
    extra_credit: bool = False
    pending: Decimal = Decimal(0)
    waits: bool = False


class Attempt(Struct):
    """One piece of work that a learner handed in, with what its newest report says.

    `key` is the same for the same files, so that grading again keeps a person's points. `number` counts a
    learner's attempts by time, from 1. `submitted_at` is the first time at which the files came in, None
    where nobody knows it; `again` are the later ones.
    """

    key: str
    number: int
    submitted_at: datetime.datetime | None
    outcome: Outcome
    items: tuple[ScoredItem, ...]
    report_sha256: str = ""
    again: tuple[datetime.datetime, ...] = ()


class Remark(Struct):
    """A remark of the rubric: its text and the points that it adds (fewer than 0) or gives."""

    id: str
    item: str
    text: str
    points: Decimal


class Review(Struct):
    """A person's points for one item of one attempt.

    Without `points`, the `remarks` decide: the item's maximum and what each of them adds. `is_override` says
    that the item was judged automatically before; `text` is then the reason.
    """

    item: str
    reviewer: str
    points: Decimal | None = None
    remarks: tuple[str, ...] = ()
    text: str = ""
    is_override: bool = False


class Extension(Struct):
    """A later date for one learner."""

    until: datetime.datetime
    reason: str = ""


class GradePolicy(Struct):
    """An assignment's rules for grades, its date, and its items with their points."""

    late: Late = Late()
    attempts: Attempts = Attempts()
    extra_credit: ExtraCredit = ExtraCredit()
    rounding: Rounding = Rounding()
    due_at: datetime.datetime | None = None
    items: tuple[ScoredItem, ...] = ()

    @property
    def maximum(self) -> Decimal:
        """The points without extra credit."""
        return sum((item.maximum for item in self.items if not item.extra_credit), Decimal(0))


class GradeStatus(Enum):
    """The state of a grade: only a `FINAL` one is for the learner's record."""

    FINAL = "final"
    PROVISIONAL = "provisional"  # a person, or a run, has yet to judge some items, or a better attempt
    UNDECIDED = "undecided"  # the attempt that counts has no score, and a person decides
    MISSING = "missing"  # nothing was handed in
    EXCUSED = "excused"


class Step(Struct):
    """One step of a grade's explanation, with the points that it gives or takes."""

    text: str
    points: Decimal | None = None


class Grade(Struct):
    """A learner's grade on an assignment, explained step by step.

    `points` is None where there is no grade yet. `pending` are points that are still to be judged. `late` is
    the lateness of the attempt that counts, None where it was in time or nobody knows; it has `taken` so many
    points.
    """

    learner: str
    status: GradeStatus
    points: Decimal | None
    maximum: Decimal
    attempt: int | None = None
    pending: Decimal = Decimal(0)
    late: datetime.timedelta | None = None
    taken: Decimal = Decimal(0)
    steps: tuple[Step, ...] = ()
