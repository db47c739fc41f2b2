"""Make the results that go out, from the gradebook's grades or from reports.

::

    gradebook ─▶ grades ──┐
    reports ──────────────┼─▶ Outgoing: points, ids, a comment ─▶ files, or a platform's interface
    roster ───────────────┘

A group's result goes to each of its learners.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from decimal import Decimal

from msgspec.structs import replace

from autograder.delivery.comments import comment_on, in_points
from autograder.delivery.outgoing import Outgoing, Readiness
from autograder.delivery.participants import Participant, counted_report, participants, points_by_item
from autograder.grades.records import Grade, GradeStatus, exact
from autograder.grades.roster import Roster, roster_of
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.intake.candidates import TOGETHER
from autograder.model import Outcome, Report
from autograder.report.student import student_view

# The roster where none is given.
NOBODY = roster_of(())


def from_gradebook(
    gradebook: Gradebook, rubric: Rubric, now: datetime.datetime, *, published: bool = False
) -> list[Outgoing]:
    """Give the results of everybody in a gradebook, in order of their ids.

    Parameters
    ----------
    gradebook : Gradebook
        The course's gradebook.
    rubric : Rubric
        The rubric that is applied.
    now : datetime.datetime
        The moment, with its zone: it decides what a comment may say.
    published : bool, optional
        Whether grades are published, so that comments may say what is shown then.
    """
    handed_in = {one.learner: one for one in participants(gradebook, rubric)}
    remarks = gradebook.remarks(rubric.assignment)

    def result(grade: Grade) -> Outgoing:
        one = handed_in.get(grade.learner)
        if one is None:
            return _without(grade)
        report = counted_report(gradebook, one)
        view = student_view(report, now, published=published)
        comment = comment_on(view, points_by_item(one, rubric, remarks), grade)
        return _graded(one, comment)

    results = map(result, gradebook.grades(rubric))
    return _each_learner(results, gradebook.roster())


def _without(grade: Grade) -> Outgoing:
    """Give the result of somebody who handed in nothing, or is excused."""
    return Outgoing(
        learner=grade.learner,
        identities=(grade.learner,),
        points=None,
        maximum=grade.maximum,
        readiness=Readiness.WITHOUT,
        why=_sentence(grade.steps[0].text),
    )


def _graded(one: Participant, comment: str) -> Outgoing:
    grade = one.grade
    readiness, why = _readiness(grade, one.counting.outcome)
    return Outgoing(
        learner=grade.learner,
        identities=tuple(dict.fromkeys((grade.learner, *(name for name, _ in one.attempts)))),
        points=grade.points,
        maximum=grade.maximum,
        readiness=readiness,
        why=why,
        comment=comment,
        of=_of(one.counting.report_sha256, grade.points, comment),
    )


def _readiness(grade: Grade, outcome: Outcome) -> tuple[Readiness, str]:
    """Say how far a grade is, and why it is not final."""
    if grade.status is GradeStatus.FINAL:
        return Readiness.FINAL, ""
    if grade.points is None:
        return Readiness.WITHOUT, _sentence(grade.steps[-1].text)
    if outcome is Outcome.PARTIAL:
        return Readiness.PARTIAL, "Some checks were switched off, so this is no grade."
    return Readiness.PROVISIONAL, _still_to_judge(grade.pending)


def _still_to_judge(pending: Decimal) -> str:
    waiting = f"{in_points(pending)} {'is' if pending == 1 else 'are'}" if pending else "An item is"
    return f"{waiting} still to be judged."


def from_reports(
    reports: Iterable[Report], now: datetime.datetime, *, roster: Roster = NOBODY, published: bool = False
) -> list[Outgoing]:
    """Give the results of reports, one for each, and of those on the roster who have none.

    `now` and `published` are as in `from_gradebook`.
    """
    read = list(reports)
    results = [_reported(one, now, published=published) for one in read]
    maximum = results[0].maximum if results else Decimal(0)
    absent = (
        Outgoing(
            learner=name,
            identities=(name,),
            points=None,
            maximum=maximum,
            readiness=Readiness.WITHOUT,
            why="There is no report of this learner.",
        )
        for name in roster.absent(one.learner.id for one in read)
    )
    return _each_learner([*results, *absent], roster)


def _reported(report: Report, now: datetime.datetime, *, published: bool) -> Outgoing:
    score, comment = report.score, comment_on(student_view(report, now, published=published))
    readiness, why = _report_readiness(report)
    points = None if score is None else exact(score.final)
    facts = report.submission
    return Outgoing(
        learner=report.learner.id,
        identities=tuple(dict.fromkeys((report.learner.id, facts.id))),
        points=points,
        maximum=exact(report.assignment.max_score),
        readiness=readiness,
        why=why,
        comment=comment,
        of=_of("".join(file.sha256 for file in facts.files) or facts.id, points, comment),
    )


def _report_readiness(report: Report) -> tuple[Readiness, str]:
    score = report.score
    if score is None:
        return Readiness.WITHOUT, report.message
    if report.outcome is Outcome.PARTIAL:
        return Readiness.PARTIAL, "Some checks were switched off, so this is no grade."
    if report.outcome is Outcome.PENDING_MANUAL or score.pending:
        return Readiness.PROVISIONAL, _still_to_judge(exact(score.pending))
    return Readiness.FINAL, ""


def _each_learner(results: Iterable[Outgoing], roster: Roster) -> list[Outgoing]:
    """Give a group's result to each of its learners, with what the roster knows of them, by their ids.

    Who handed in with a group only is not missing.
    """
    known = [
        replace(one, learner=roster.who(name)) for one in results for name in one.learner.split(TOGETHER)
    ]
    there = {one.learner for one in known if one.of}
    kept = [one for one in known if one.of or one.learner not in there]
    return sorted((_named(one, roster) for one in kept), key=lambda one: one.learner)


def _named(result: Outgoing, roster: Roster) -> Outgoing:
    person = roster.persons.get(result.learner)
    own = tuple(name for name in result.identities if TOGETHER not in name)
    if person is None:
        return replace(result, identities=tuple(dict.fromkeys((result.learner, *own))))
    return replace(
        result,
        identities=tuple(dict.fromkeys((result.learner, *own, *person.identities))),
        name=person.name,
        email=person.email,
        section=person.section,
    )


def _of(*made_from: object) -> str:
    return hashlib.sha256("\n".join(map(str, made_from)).encode()).hexdigest()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
