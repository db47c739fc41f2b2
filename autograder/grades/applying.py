"""Apply a rubric to a gradebook: all reports are scored by it from their findings; nothing is run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from sqlalchemy import select

from autograder.grades import tables
from autograder.grades.records import Grade
from autograder.grades.rescore import Rescored, rescored
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
    new = {sha256: one for sha256, _, one in _rescored(gradebook, rubric, also_scored=True)}
    before = gradebook.applied(rubric.assignment) or rubric
    after = gradebook.grades(rubric, scored={name: one.items for name, one in new.items()})
    changes = zip(gradebook.grades(before), after, strict=True)
    unasked = Counter(check for one in new.values() for check in one.unasked)
    return Preview(changes=tuple(Change(old=old, new=now) for old, now in changes), unasked=dict(unasked))


def apply(gradebook: Gradebook, rubric: Rubric) -> None:
    """Let a rubric decide the grades from now on."""
    # The points come first: an end in between leaves the old rubric in force, with all that it needs.
    score_by(gradebook, rubric)
    gradebook.add_rubric(rubric, applied=True)


def score_by(gradebook: Gradebook, rubric: Rubric) -> None:
    """Record the points by a rubric of the reports that have none yet."""
    rows = (
        {
            "assignment": rubric.assignment,
            "learner": learner,
            "sha256": sha256,
            "rubric_sha256": rubric.config_sha256,
            "items": msgspec.json.encode(one.items).decode(),
        }
        for sha256, learner, one in _rescored(gradebook, rubric)
    )
    gradebook.add(tables.scores, rows)


def _rescored(
    gradebook: Gradebook, rubric: Rubric, *, also_scored: bool = False
) -> Iterator[tuple[str, str, Rescored]]:
    """Score the reports that were made by another rubric, and that this one has not scored yet."""
    reports, scores = tables.reports, tables.scores
    query = select(reports.c.sha256, reports.c.learner, reports.c.config_sha256)
    done = select(scores.c.sha256, scores.c.learner).where(scores.c.rubric_sha256 == rubric.config_sha256)
    with gradebook.reading() as connection:
        wanted = connection.execute(query.where(reports.c.assignment == rubric.assignment)).all()
        scored = set() if also_scored else {tuple(row) for row in connection.execute(done)}
    others = [row for row in wanted if row.config_sha256 != rubric.config_sha256]
    graded_by = {sha256: gradebook.rubric(sha256) for sha256 in {row.config_sha256 for row in others}}
    for row in others:
        if (row.sha256, row.learner) not in scored:
            report = decode_report(gradebook.document(row.sha256), row.sha256)
            yield row.sha256, row.learner, rescored(report, graded_by[row.config_sha256], rubric)
