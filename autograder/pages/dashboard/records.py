"""The records of a class page: students with their results, whichever place they were read from."""

from __future__ import annotations

from collections.abc import Mapping

from autograder.model import Diagnosis, Struct


class Item(Struct):
    """An item of the assignment, with the most points for it."""

    id: str
    title: str
    maximum: float
    extra_credit: bool = False


class Result(Struct):
    """A student's result on one item.

    `points` is None as long as something of it is to be judged; the item `waits` if a person is to do it.
    `reason` is that of the first lost point, and `check` names the check that said it, or who did.
    """

    points: float | None
    waits: bool = False
    reason: str = ""
    check: str = ""
    mistakes: tuple[Diagnosis, ...] = ()
    seconds: float = 0.0


class StudentRecord(Struct):
    """A student, with the attempt that counts.

    `id` is the submission's, which names its feedback, and `ref` is the attempt's name on the review page;
    both are empty where there is none. `points` is None where there is no grade, and `left_out` says why.
    `late` are seconds that the policy counts; `after_due` are seconds after the date that holds, fewer than 0
    before it, None where nobody knows.
    """

    learner: str
    name: str
    id: str = ""
    ref: str = ""
    points: float | None = None
    left_out: str = ""
    attempts: int = 0
    late: float | None = None
    after_due: float | None = None
    results: Mapping[str, Result] = {}


class PointsGiven(Struct):
    """A person's points for one item of one student."""

    reviewer: str
    item: str
    points: float
    is_override: bool = False


class ClassRecord(Struct):
    """A class on one assignment. `source` says where it was read, and `notes` what a reader should know."""

    assignment: str
    title: str
    maximum: float
    items: tuple[Item, ...]
    students: tuple[StudentRecord, ...]
    source: str
    judgements: tuple[PointsGiven, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counted(self) -> tuple[StudentRecord, ...]:
        """The students with a grade."""
        return tuple(one for one in self.students if one.points is not None)
