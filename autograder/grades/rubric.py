"""The rubric: the part of an assignment's definition that turns findings into points and points into a grade.

A gradebook keeps each one that it has seen. The one that was applied last decides the grades.
"""

from __future__ import annotations

import datetime
import hashlib
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from autograder.assignment import Attempts, ExtraCredit, ItemSpec, Late, Rounding
from autograder.authoring.specs import CheckSpec
from autograder.course import Course
from autograder.grades.records import GradePolicy, ScoredItem, exact
from autograder.model import Struct


class Rubric(Struct):
    """An assignment's items with their checks' weights, and its rules from points to a grade.

    `asked` has a hash for each check of what it asks (see `Course.asked`): the finding of another run holds
    if the hashes are equal.
    """

    config_sha256: str
    assignment: str
    items: tuple[ItemSpec, ...]
    asked: dict[str, str]
    round_to: float
    due_at: str | None
    late: Late
    attempts: Attempts
    extra_credit: ExtraCredit
    rounding: Rounding

    def sha256(self) -> str:
        """Hash all of it, as it is read back: 20 points are 20.0."""
        same = msgspec.json.decode(msgspec.json.encode(self), type=Rubric)
        return hashlib.sha256(msgspec.json.encode(same, order="sorted")).hexdigest()


def rubric_of(course: Course) -> Rubric:
    """Take the rubric out of a course."""
    assignment = course.assignment
    return Rubric(
        config_sha256=course.config_sha256(),
        assignment=assignment.id,
        items=tuple(replace(item, checks=tuple(map(_weighed, item.checks))) for item in assignment.items),
        asked=course.asked(),
        round_to=assignment.round_to,
        due_at=assignment.due_at,
        late=assignment.late,
        attempts=assignment.attempts,
        extra_credit=assignment.extra_credit,
        rounding=assignment.rounding,
    )


def _weighed(check: CheckSpec) -> CheckSpec:
    return CheckSpec(kind=check.kind, id=check.id, weight=check.weight, visible=check.visible)


def policy_of(rubric: Rubric) -> GradePolicy:
    """Give the part of a rubric that `autograder.grades.compute` needs."""
    return GradePolicy(
        late=rubric.late,
        attempts=rubric.attempts,
        extra_credit=rubric.extra_credit,
        rounding=rubric.rounding,
        due_at=datetime.datetime.fromisoformat(rubric.due_at) if rubric.due_at else None,
        items=tuple(_unjudged(item) for item in rubric.items),
    )


def _unjudged(item: ItemSpec) -> ScoredItem:
    return ScoredItem(
        id=item.id,
        title=item.title,
        score=None,
        maximum=exact(item.points),
        extra_credit=item.extra_credit,
        pending=Decimal(0) if item.extra_credit else exact(item.points),
    )
