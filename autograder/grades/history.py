"""The history of a learner: who recorded what, when, from what to what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table, select

from autograder.grades import tables
from autograder.grades.attempts import items_in
from autograder.grades.compute import written
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import Struct

_Rows = Sequence[Any]


class Event(Struct):
    """One fact: when and by whom it was recorded, what it is about, and what it changed from what to what."""

    at: str
    who: str
    about: str
    old: str
    new: str


class _Kind(Struct):
    """A table's facts: what one is about, and what it says, given the words of the rubric's remarks."""

    table: Table
    about: Callable[[Any], str]
    says: Callable[[Any, Mapping[str, str]], str]


def history(gradebook: Gradebook, learner: str) -> list[Event]:
    """Give all that was recorded about a learner under any name, or with a group, in order of time."""
    events: list[Event] = []
    words, rubrics, found = _read(gradebook, learner)
    for kind in _KINDS:
        before: dict[str, str] = {}
        for row in found[kind.table.name]:
            about, new = kind.about(row), kind.says(row, words)
            old = before.get(about, "")
            if kind.table is tables.reviews and about not in before:
                old = _automatic(row, found["reports"], found["scores"], rubrics)
            events.append(Event(at=row.at, who=row.who, about=about, old=old, new=new))
            before[about] = new
    return sorted(events, key=lambda one: one.at)


def _read(gradebook: Gradebook, learner: str) -> tuple[dict[str, str], _Rows, dict[str, _Rows]]:
    """Read the remarks' words by id, the rubrics that were applied, and a learner's rows by table."""
    roster, found = gradebook.roster(), {}
    people = roster.people(learner)
    with gradebook.reading() as connection:
        words = {row.remark: row.text for row in connection.execute(select(tables.remarks)).all()}
        rubrics = connection.execute(select(tables.rubrics).order_by(tables.rubrics.c.row)).all()
        for kind in _KINDS:
            known = connection.execute(select(kind.table.c.learner).distinct()).scalars().all()
            names = {name for one in people for name in roster.names(one, known)}
            query = select(kind.table).where(kind.table.c.learner.in_(names)).order_by(kind.table.c.row)
            found[kind.table.name] = connection.execute(query).all()
    return words, rubrics, found


def _automatic(review: Any, reports: _Rows, scores: _Rows, rubrics: _Rows) -> str:
    """Give the points that a review replaced: the newest report's, by the rubric that was applied then."""

    def then(rows: Iterable[Any], **equal: Any) -> Any:
        """Give the newest row before the review with these values."""
        known = (row for row in rows if row.at <= review.at)
        fitting = [row for row in known if all(getattr(row, name) == it for name, it in equal.items())]
        return fitting[-1] if fitting else None

    report = then(reports, assignment=review.assignment, attempt=review.attempt)
    rubric = then(rubrics, assignment=review.assignment)
    if report is None or rubric is None:
        return ""
    name = msgspec.json.decode(rubric.rubric, type=Rubric).sha256()
    row = then(scores, sha256=report.sha256, rubric_sha256=name) or report
    score = next((item.score for item in items_in(row.items) if item.id == review.item), None)
    return "not judged" if score is None else f"{written(score)} points"


def _review_about(assignment: str, item: str, attempt: str) -> str:
    return f"{assignment}: {item} of attempt {attempt[:8]}"


def _review_says(row: Any, words: Mapping[str, str]) -> str:
    if row.withdrawn:
        return f"taken back: {row.text}".removesuffix(": ")
    points = "by its remarks" if row.points is None else f"{row.points} points"
    remarks = ", ".join(words.get(one, one) for one in json.loads(row.remarks))
    return ": ".join(filter(None, [points, remarks, row.text]))


def _person_says(row: Any, _: Mapping[str, str]) -> str:
    if row.identities == tables.GONE:
        return "taken off"
    return ", ".join(filter(None, [row.name, row.email, row.section])) or str(row.learner)


_KINDS = (
    _Kind(
        table=tables.persons,
        about=lambda row: f"roster: {row.learner}",
        says=_person_says,
    ),
    _Kind(
        table=tables.reports,
        about=lambda row: f"{row.assignment}: report on attempt {row.attempt[:8]}",
        says=lambda row, _: f"{row.outcome} ({row.sha256[:8]})",
    ),
    _Kind(
        table=tables.scores,
        about=lambda row: f"{row.assignment}: points of report {row.sha256[:8]}",
        says=lambda row, _: f"by rubric {row.rubric_sha256[:8]}",
    ),
    _Kind(
        table=tables.reviews,
        about=lambda row: _review_about(row.assignment, row.item, row.attempt),
        says=_review_says,
    ),
    _Kind(
        table=tables.flags,
        about=lambda row: f"{row.assignment}: {row.kind} on {row.item} of attempt {row.attempt[:8]}",
        says=lambda row, _: f"raised: {row.text}".removesuffix(": ") if row.raised else "lowered",
    ),
    _Kind(
        table=tables.extensions,
        about=lambda row: f"{row.assignment}: extension",
        says=lambda row, _: f"{row.until or 'taken back'}: {row.reason}",
    ),
    _Kind(
        table=tables.excuses,
        about=lambda row: f"{row.assignment}: excuse",
        says=lambda row, _: row.reason if row.excused else "expected again",
    ),
)
