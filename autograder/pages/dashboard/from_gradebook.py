"""Read a class out of a gradebook: grades as the policy gives them, with a person's points."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec.structs import replace

from autograder.grades.compute import Decisions, points_of
from autograder.grades.records import Grade, GradeStatus, ScoredItem
from autograder.grades.roster import Person, Roster
from autograder.grades.rubric import Rubric, policy_of
from autograder.grades.store import Gradebook
from autograder.model import Report
from autograder.pages.dashboard.records import ClassRecord, Item, PointsGiven, Result, StudentRecord
from autograder.pages.dashboard.results import machine_result, reviewed_result
from autograder.pages.naming import page_name
from autograder.pages.review.desk import Desk
from autograder.pages.review.pieces import Piece
from autograder.report import decode_report

_NO_GRADE = {
    GradeStatus.UNDECIDED: "has no score; a person decides",
    GradeStatus.MISSING: "handed in nothing",
    GradeStatus.EXCUSED: "excused",
}


def read_gradebook(gradebook: Gradebook, rubric: Rubric) -> ClassRecord:
    """Read the class of an assignment, with the rubric that is applied."""
    policy = policy_of(rubric)
    roster, decisions = gradebook.roster(), gradebook.decisions(rubric.assignment)
    pieces = _by_attempt(Desk(gradebook, rubric.assignment).pieces())
    dates = _dates(decisions, roster, policy.due_at)
    students, title = [], rubric.assignment
    for grade in gradebook.grades(rubric):
        piece = pieces.get((grade.learner, grade.attempt or 0))
        person = roster.persons.get(grade.learner, Person(learner=grade.learner))
        student = _graded(grade, person)
        if piece is not None:
            report = _report(gradebook, piece)
            title = report.assignment.title
            decided = decisions.get(piece.learner, Decisions())
            due = dates.get(grade.learner, policy.due_at)
            student = _with_work(student, piece, report, decided, due)
        students.append(student)
    return ClassRecord(
        assignment=rubric.assignment,
        title=title,
        maximum=float(policy.maximum),
        items=tuple(map(_item, policy.items)),
        students=tuple(students),
        source="The attempt that counts is the policy's; points are the grades of the gradebook, with a "
        "person's points, lateness and extensions. An item's points are those before lateness.",
        judgements=tuple(_judgements(decisions, policy.items)),
    )


def _by_attempt(pieces: Mapping[str, Piece]) -> dict[tuple[str, int], Piece]:
    return {key: one for one in pieces.values() for key in one.numbers}


def _dates(
    decisions: Mapping[str, Decisions], roster: Roster, due: datetime.datetime | None
) -> dict[str, datetime.datetime]:
    """Give the later dates of those who have one."""
    dates: dict[str, datetime.datetime] = {}
    for name, decided in decisions.items():
        if decided.extension is not None and due is not None:
            for who in roster.people(name):
                dates[who] = max(dates.get(who, due), decided.extension.until)
    return dates


def _report(gradebook: Gradebook, piece: Piece) -> Report:
    sha256 = piece.attempt.report_sha256
    return decode_report(gradebook.document(sha256), sha256[:8])


def _item(item: ScoredItem) -> Item:
    return Item(id=item.id, title=item.title, maximum=float(item.maximum), extra_credit=item.extra_credit)


def _graded(grade: Grade, person: Person) -> StudentRecord:
    """Give a student as far as the grade says: this is all where no attempt counts."""
    return StudentRecord(
        learner=grade.learner,
        name=person.name or grade.learner,
        points=None if grade.points is None else float(grade.points),
        left_out=_NO_GRADE.get(grade.status, ""),
        late=None if grade.late is None else grade.late.total_seconds(),
    )


def _with_work(
    student: StudentRecord, piece: Piece, report: Report, decided: Decisions, due: datetime.datetime | None
) -> StudentRecord:
    """Add what the attempt that counts says."""
    reported = {item.id: item for item in report.items}

    def result(item: ScoredItem) -> Result:
        review = decided.reviews.get((piece.attempt.key, item.id))
        if review is None:
            return machine_result(item, reported.get(item.id))
        return reviewed_result(item, reported.get(item.id), review, decided.remarks)

    return replace(
        student,
        id=page_name(report, student.learner),
        ref=piece.ref,
        attempts=piece.count,
        after_due=_after(piece.attempt.submitted_at, due),
        results={name: result(item) for name, item in piece.items.items()},
    )


def _after(submitted: datetime.datetime | None, due: datetime.datetime | None) -> float | None:
    return None if submitted is None or due is None else (submitted - due).total_seconds()


def _judgements(decisions: Mapping[str, Decisions], items: tuple[ScoredItem, ...]) -> Iterator[PointsGiven]:
    """Give the points that hold now, of all attempts."""
    maxima: dict[str, Decimal] = {item.id: item.maximum for item in items}
    for decided in decisions.values():
        for (_, item), review in decided.reviews.items():
            if item in maxima:
                yield PointsGiven(
                    reviewer=review.reviewer,
                    item=item,
                    points=float(points_of(review, maxima[item], decided.remarks)),
                    is_override=review.is_override,
                )
