"""Read what a push to nbgrader needs of the gradebook."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from autograder.delivery.participants import Participant, counted_report, participants
from autograder.grades.records import Remark
from autograder.grades.roster import Person
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import Report, Struct
from autograder.report.student import student_view

# nbgrader's columns for ids and names have as many characters.
LONGEST = 128


class Class(Struct):
    """All that a push needs of the gradebook.

    `reports` are those on the attempts that count, by learner; `messages` are what a learner may see of them,
    by item, since nbgrader shows its comments to students. `kept` are learners' items whose fields for a
    person are left alone: what stands there could not be recorded. Of those who are `left_out`, nbgrader
    can't have the id.
    """

    rubric: Rubric
    persons: tuple[Person, ...]
    participants: tuple[Participant, ...]
    remarks: Mapping[str, Remark]
    reports: Mapping[str, Report]
    messages: Mapping[str, Mapping[str, str]]
    kept: frozenset[tuple[str, str]] = frozenset()
    left_out: tuple[str, ...] = ()


def read_class(
    gradebook: Gradebook,
    rubric: Rubric,
    kept: frozenset[tuple[str, str]] = frozenset(),
    *,
    now: datetime.datetime,
) -> Class:
    """Read all that a push needs; the time `now`, with its zone, decides what learners may see."""
    found = participants(gradebook, rubric)
    fitting = tuple(one for one in found if _fits(one.learner))
    reports = {one.learner: counted_report(gradebook, one) for one in fitting}
    return Class(
        rubric=rubric,
        persons=tuple(one for one in gradebook.roster().persons.values() if _fits(one.learner)),
        participants=fitting,
        remarks=gradebook.remarks(rubric.assignment),
        reports=reports,
        messages={learner: _messages(student_view(report, now)) for learner, report in reports.items()},
        kept=kept,
        left_out=tuple(one.learner for one in found if not _fits(one.learner)),
    )


def _messages(view: Report) -> dict[str, str]:
    return {item.id: item.message for item in view.items}


def _fits(learner: str) -> bool:
    """Decide whether nbgrader can have a student of this id: a folder's name, and not too long."""
    return 0 < len(learner) <= LONGEST and learner[0] != "." and not set(learner) & set("/\\\0")


def utc(moment: datetime.datetime | None) -> datetime.datetime | None:
    """Give a time as nbgrader's database has it: in UTC, without a zone."""
    return moment and moment.astimezone(datetime.UTC).replace(tzinfo=None)


def second(moment: datetime.datetime | None) -> datetime.datetime | None:
    """Give a time to the second, as reports have it."""
    return moment and moment.replace(microsecond=0)
