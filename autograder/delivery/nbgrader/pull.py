"""Bring the points and comments that people gave in nbgrader into the gradebook."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from autograder.delivery.nbgrader.database import opened, pushed, remember, rows, rows_below
from autograder.delivery.nbgrader.participants import second, utc
from autograder.delivery.participants import Participant, participants, said
from autograder.grades import tables
from autograder.grades.compute import items_of, points_of
from autograder.grades.records import Attempt, Remark, Review, ScoredItem, exact
from autograder.grades.rubric import Rubric, policy_of
from autograder.grades.store import Gradebook
from autograder.model import Struct

WHO = "nbgrader"
_Given = tuple[Decimal | None, str | None]


class Pulled(Struct):
    """The result of a pull: the number of decisions recorded, those that could not be, and their items."""

    recorded: int = 0
    notes: tuple[str, ...] = ()
    kept: frozenset[tuple[str, str]] = frozenset()


class _Entry(Struct):
    """A grade in nbgrader with what a person gave, and what was last pushed.

    A person `is_done` where extra credit waits no more: its field may have had the right points before.
    """

    grade: str
    learner: str
    item: str
    timestamp: datetime.datetime | None
    there: _Given
    before: _Given
    is_done: bool


def pull(gradebook: Gradebook, rubric: Rubric, url: str, notebook: str, *, create: bool = False) -> Pulled:
    """Record the points and comments that people gave in nbgrader since the last push or pull.

    Parameters
    ----------
    gradebook : Gradebook
        Where they become reviews by `nbgrader`.
    rubric : Rubric
        The assignment's rubric.
    url : str
        nbgrader's database.
    notebook : str
        The notebook's name without its suffix.
    create : bool
        Make the database's tables where it is empty, for a push that follows.

    Raises
    ------
    UsageError
        See `opened`.
    """
    with opened(url, create=create) as connection:
        given = [
            one for one in _entries(connection, rubric, notebook) if one.there != one.before or one.is_done
        ]
        if not given:
            return Pulled()
        known = {one.learner: one for one in participants(gradebook, rubric)}
        remarks = gradebook.remarks(rubric.assignment)
        found = [_decide(one, known.get(one.learner), rubric, remarks) for one in given]
        recorder = copy.copy(gradebook)
        recorder.who = WHO
        recorded = recorder.add(tables.reviews, [one for one in found if isinstance(one, dict)])
        refused = {one.grade for one, said in zip(given, found, strict=True) if isinstance(said, str)}
        # only then are they known: after an end in between, they are compared once more
        remember(connection, ((one.grade, *one.there) for one in given if one.grade not in refused))
    return Pulled(
        recorded=recorded,
        notes=tuple(one for one in found if isinstance(one, str)),
        kept=frozenset((one.learner, one.item) for one in given if one.grade in refused),
    )


def _entries(connection: Connection, rubric: Rubric, notebook: str) -> Iterator[_Entry]:
    """Read what people gave for the rubric's items."""
    for assignment in rows(connection, "assignment", name=rubric.assignment):
        for book in rows(connection, "notebook", name=notebook, assignment_id=assignment.id):
            yield from _entries_of(connection, rubric, assignment.id, book.id)


def _entries_of(connection: Connection, rubric: Rubric, assignment: str, notebook: str) -> Iterator[_Entry]:
    items = {item.id: item for item in rubric.items}
    names = {cell.id: cell.name for cell in rows(connection, "base_cell", notebook_id=notebook)}
    by_id = {one.id: one for one in rows(connection, "submitted_assignment", assignment_id=assignment)}
    owners = {
        one.id: by_id[one.assignment_id]
        for one in rows(connection, "submitted_notebook", notebook_id=notebook)
    }
    comments = {
        (one.notebook_id, names[one.cell_id]): one.manual_comment or None
        for one in rows_below(connection, "comment", notebook)
    }
    before = {one.id: one for one in connection.execute(select(pushed))}
    for grade in rows_below(connection, "grade", notebook):
        item = items.get(names[grade.cell_id])
        if item is not None:
            owner, was = owners[grade.notebook_id], before.get(grade.id)
            yield _Entry(
                grade=grade.id,
                learner=owner.student_id,
                item=item.id,
                timestamp=owner.timestamp,
                there=(_given(grade, extra=item.extra_credit), comments.get((grade.notebook_id, item.id))),
                before=(_exact(was.points), was.comment) if was else (None, None),
                is_done=item.extra_credit and not grade.needs_manual_grade,
            )


def _given(grade: Any, *, extra: bool) -> Decimal | None:
    """Give the points that stand in a person's fields; None if they are empty."""
    if grade.manual_score is None and (extra or not grade.extra_credit):
        return _exact(grade.extra_credit) if extra else None
    first = grade.manual_score if extra or grade.manual_score is not None else grade.auto_score
    return exact(first or 0) + exact(grade.extra_credit or 0)


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else exact(value)


def _decide(
    entry: _Entry, participant: Participant | None, rubric: Rubric, remarks: Mapping[str, Remark]
) -> dict[str, object] | str | None:
    """Give the review to record, None if there is nothing new, or why there can be none."""
    who = f"{entry.learner}, {entry.item}"
    named = _at(participant, entry.timestamp) if participant else None
    if participant is None or named is None:
        when = f"of {entry.timestamp} UTC" if entry.timestamp else "without a time"
        what = f"{who}: nbgrader's points are for a submission {when}, which is no attempt here"
        return what if entry.there != entry.before else None
    name, attempt = named
    item = next(one for one in items_of(attempt, policy_of(rubric)) if one.id == entry.item)
    found = _judged(entry, item, participant.reviews.get((attempt.key, item.id)), remarks)
    if not isinstance(found, dict):
        return found and f"{who}: {found}"
    about = {"assignment": rubric.assignment, "learner": name, "attempt": attempt.key, "item": item.id}
    return {**about, "remarks": "[]", "override": not item.waits, **found}


def _judged(
    entry: _Entry, item: ScoredItem, review: Review | None, remarks: Mapping[str, Remark]
) -> dict[str, object] | str | None:
    """Give the points and the text of a review, None if nothing is new, or why there can be none."""
    points, comment = entry.there
    held = item.score if review is None else points_of(review, item.maximum, remarks)
    waits = item.waits and review is None
    if entry.there == entry.before and (held is None or not waits):
        return None
    if points == entry.before[0]:  # the comment is new, or extra credit is judged
        if held is None or (waits and not entry.is_done):
            return "has a comment in nbgrader and no points, so nothing is judged"
        points = held
    elif points is None:  # the person emptied the field
        if review is not None or not item.extra_credit:
            return {"points": None, "text": "", "withdrawn": True} if review else None
        points = Decimal(0)
    if not 0 <= points <= item.maximum:
        return f"has {points:f} points in nbgrader, expected 0 to {item.maximum:f}"
    if not waits and (held, said(review, remarks) if review else None) == (points, comment):
        return None
    return {"points": f"{points:f}", "text": comment or "", "withdrawn": False}


def _at(participant: Participant, timestamp: datetime.datetime | None) -> tuple[str, Attempt] | None:
    """Find the attempt that was handed in at a time, the newest if several were."""
    for name, attempt in reversed(participant.attempts):
        if second(timestamp) in {second(utc(at)) for at in (attempt.submitted_at, *attempt.again)}:
            return name, attempt
    return None
