"""Apply a rubric to a gradebook: all reports are scored by it from their findings; nothing is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from sqlalchemy import select

from autograder.grades import tables
from autograder.grades.records import Grade
from autograder.grades.rescore import Rescored, is_by, rescored
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import Struct
from autograder.report import decode_report


class Change(Struct):
    """One learner's grade before and after."""

    old: Grade
    new: Grade


class Preview(Struct):
    """All grades before and after, and how many reports lack which check that only a run can judge."""

    changes: tuple[Change, ...]
    unasked: dict[str, int]


def preview(gradebook: Gradebook, rubric: Rubric) -> Preview:
    """Compute what a rubric would change; nothing is recorded."""
    new = {sha256: one for sha256, _, one in _rescored(gradebook, rubric)}
    before = gradebook.applied(rubric.assignment) or rubric
    after = gradebook.grades(rubric, scored={name: one.items for name, one in new.items()})
    changes = zip(gradebook.grades(before), after, strict=True)
    unasked = Counter(check for one in new.values() for check in one.unasked)
    return Preview(changes=tuple(Change(old=old, new=now) for old, now in changes), unasked=dict(unasked))


def apply(gradebook: Gradebook, rubric: Rubric) -> None:
    """Let a rubric decide the grades from now on."""
    # The points come first: an end in between leaves the old rubric in force, with all that it needs.
    name = rubric.sha256()
    known = gradebook.scored_by(name)
    rows = [
        score_row(rubric.assignment, learner, sha256, name, one)
        for sha256, learner, one in _rescored(gradebook, rubric)
        if (sha256, learner) not in known
    ]
    gradebook.add(tables.scores, rows)
    gradebook.apply(rubric)


def score_row(assignment: str, learner: str, sha256: str, rubric: str, one: Rescored) -> dict[str, str]:
    """Give the row that says a report's points by a rubric."""
    return {
        "assignment": assignment,
        "learner": learner,
        "sha256": sha256,
        "rubric_sha256": rubric,
        "items": msgspec.json.encode(one.items).decode(),
    }


def _rescored(gradebook: Gradebook, rubric: Rubric) -> Iterator[tuple[str, str, Rescored]]:
    """Score the reports that another rubric made."""
    table = tables.reports
    query = select(table.c.sha256, table.c.learner).where(table.c.assignment == rubric.assignment)
    with gradebook.reading() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        report = decode_report(gradebook.document(row.sha256), row.sha256)
        if not is_by(report, rubric):
            yield row.sha256, row.learner, rescored(report, rubric)
