"""Gather those who handed something in, with the points of the attempt that counts, item by item."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from autograder.grades.attempts import in_order
from autograder.grades.compute import items_of, points_of
from autograder.grades.records import Attempt, Grade, GradeStatus, Remark, Review, ScoredItem
from autograder.grades.rubric import Rubric, policy_of
from autograder.grades.store import Gradebook
from autograder.model import Report, Struct
from autograder.report import decode_report

_TAG = re.compile(r"<(?=[A-Za-z/!?])")


class Participant(Struct):
    """A learner who handed something in.

    `attempts` are all of them in order, each with the learner's name in its report. `counting` is the one
    that counts. `reviews` are those that hold, by attempt and item.
    """

    learner: str
    grade: Grade
    attempts: tuple[tuple[str, Attempt], ...]
    counting: Attempt
    reviews: Mapping[tuple[str, str], Review]


class Points(Struct):
    """An item's points: the automatic ones, a person's with the comment, and if it waits."""

    item: ScoredItem
    person: Decimal | None
    comment: str | None
    waits: bool

    @property
    def counted(self) -> Decimal:
        """The points that the sum has."""
        return (self.item.score or Decimal(0)) if self.person is None else self.person


def participants(gradebook: Gradebook, rubric: Rubric) -> list[Participant]:
    """Give all who handed something in and are not excused, in order of their ids."""
    roster = gradebook.roster()
    attempts: dict[str, list[tuple[str, Attempt]]] = defaultdict(list)
    reviews: dict[str, dict[tuple[str, str], Review]] = defaultdict(dict)
    for name, some in gradebook.attempts(rubric.assignment).items():
        for who in roster.people(name):
            attempts[who] += [(name, one) for one in some]
    for name, decided in gradebook.decisions(rubric.assignment).items():
        for who in roster.people(name):
            reviews[who].update(decided.reviews)
    return [
        _participant(grade, attempts[grade.learner], reviews[grade.learner])
        for grade in gradebook.grades(rubric)
        if attempts[grade.learner] and grade.status is not GradeStatus.EXCUSED
    ]


def counted_report(gradebook: Gradebook, participant: Participant) -> Report:
    """Give the report on the attempt that counts."""
    sha256 = participant.counting.report_sha256
    return decode_report(gradebook.document(sha256), sha256)


def _participant(
    grade: Grade, named: Sequence[tuple[str, Attempt]], reviews: Mapping[tuple[str, str], Review]
) -> Participant:
    names = {(one.key, one.report_sha256): name for name, one in reversed(named)}
    ordered = in_order(one for _, one in named)
    # where none was accepted, the newest shows what was handed in, and the penalty takes all of it
    counting = next((one for one in ordered if one.number == grade.attempt), ordered[-1])
    return Participant(
        learner=grade.learner,
        grade=grade,
        attempts=tuple((names[one.key, one.report_sha256], one) for one in ordered),
        counting=counting,
        reviews=reviews,
    )


def points_by_item(
    participant: Participant, rubric: Rubric, remarks: Mapping[str, Remark]
) -> dict[str, Points]:
    """Give the points of the attempt that counts, by item."""
    items = items_of(participant.counting, policy_of(rubric))
    return {item.id: _points(participant, item, remarks) for item in items}


def _points(participant: Participant, item: ScoredItem, remarks: Mapping[str, Remark]) -> Points:
    review = participant.reviews.get((participant.counting.key, item.id))
    if review is None:
        waits = item.waits or (item.score is None and not item.extra_credit)
        return Points(item=item, person=None, comment=None, waits=waits)
    points = points_of(review, item.maximum, remarks)
    return Points(item=item, person=points, comment=said(review, remarks), waits=False)


def said(review: Review, remarks: Mapping[str, Remark]) -> str | None:
    """Give the words of a review as a comment has them; None if there are none."""
    texts = [remarks[one].text for one in review.remarks if one in remarks]
    return plain("\n".join([*texts, *([review.text] if review.text else [])])) or None


def plain(text: str) -> str:
    """Give a text that begins no HTML where a platform shows it, and that PostgreSQL can hold.

    >>> plain("a < b, <script>")
    'a < b, < script>'
    """
    return _TAG.sub("< ", text.replace("\0", ""))
