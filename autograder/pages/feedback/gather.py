"""Gather what feedback is about: for each submission a report, its pictures, and a grade if there is one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from autograder.delivery.participants import Participant, Points, counted_report, participants, points_by_item
from autograder.errors import UsageError
from autograder.grades.records import Grade, GradeStatus
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import Report, Struct
from autograder.pages.naming import page_name
from autograder.pages.pictures import read_picture
from autograder.report import read_report
from autograder.report.files import REPORTS

_KINDS = (".png", ".svg")


class Feedback(Struct):
    """A report, the batch folder that its pictures are in, and what the gradebook knows of it.

    `points` are the items' points with what people decided, by id. Without a gradebook there is no `grade`.
    """

    report: Report
    folder: Path | None = None
    grade: Grade | None = None
    points: Mapping[str, Points] = {}

    def pictures(self, names: Iterable[str]) -> dict[str, bytes]:
        """Read pictures; those that are not there are left out."""
        if self.folder is None:
            return {}
        read = {name: read_picture(self.folder, self.report, name, _KINDS) for name in names}
        return {name: content for name, content in read.items() if content is not None}


class Filed(Struct):
    """A report that was read, and its file."""

    report: Report
    path: Path

    @property
    def folder(self) -> Path | None:
        """The folder of its batch; None if it lies in none."""
        return next((one.parent for one in self.path.resolve().parents if one.name == REPORTS), None)


def filed(path: Path) -> Filed:
    """Read a report; raises `ReportError` as `read_report` does."""
    return Filed(report=read_report(path), path=path)


def from_reports(reports: Iterable[Filed]) -> list[Feedback]:
    """Give feedback on the newest attempt of each learner's submission."""
    newest: dict[tuple[str, str], Filed] = {}
    for one in reports:
        key = (one.report.learner.id, one.report.submission.id)
        if key not in newest or _time(newest[key]) <= _time(one):
            newest[key] = one
    return [Feedback(report=one.report, folder=one.folder) for one in newest.values()]


def _time(one: Filed) -> tuple[int, str]:
    return one.report.submission.attempt, one.report.generated_at


def from_gradebook(gradebook: Gradebook, reports: Sequence[Filed]) -> list[Feedback]:
    """Give feedback on the attempts that count of those whose reports are given.

    The pictures are those beside the given reports.

    Raises
    ------
    UsageError
        The reports are about several assignments, or the gradebook does not have them.
    """
    assignments = sorted({one.report.assignment.id for one in reports})
    if len(assignments) != 1:
        raise UsageError(
            f"the reports are about {len(assignments)} assignments: {', '.join(assignments)}",
            "Name the reports of one assignment.",
        )
    rubric = gradebook.applied(assignments[0])
    everybody = participants(gradebook, rubric) if rubric is not None else []
    known = {name for one in everybody for name, _ in one.attempts}
    excused = _excused(gradebook, rubric) if rubric is not None else {}
    missing = sorted({one.report.learner.id for one in reports} - known - excused.keys())
    if rubric is None or missing:
        raise UsageError(
            f"the gradebook has no attempt on `{assignments[0]}` of: {', '.join(missing)}",
            "Bring the reports in first: autograder gradebook import REPORTS",
        )
    remarks = gradebook.remarks(rubric.assignment)
    places = {hashlib.sha256(one.path.read_bytes()).hexdigest(): one.folder for one in reports}
    named = {one.report.learner.id for one in reports}
    wanted = [one for one in everybody if not named.isdisjoint(name for name, _ in one.attempts)]
    newest = from_reports(one for one in reports if one.report.learner.id in excused)

    def feedback(one: Participant) -> Feedback:
        return Feedback(
            report=counted_report(gradebook, one),
            folder=places.get(one.counting.report_sha256),
            grade=one.grade,
            points=points_by_item(one, rubric, remarks),
        )

    return [
        *(feedback(one) for one in wanted),
        *(replace(one, grade=grade) for one in newest for grade in excused[one.report.learner.id]),
    ]


def by_name(found: Iterable[Feedback]) -> dict[str, Feedback]:
    """Give feedback by the names of pages.

    Raises `UsageError` if several learners' submissions have one id, as in the batches of two sections.
    """
    named: dict[str, Feedback] = {}
    for one in found:
        name = page_name(one.report, one.grade.learner if one.grade else "")
        if name in named:
            learners = f"{named[name].report.learner.id} and {one.report.learner.id}"
            raise UsageError(
                f"the submissions of {learners} are both called `{name}`",
                "Write the pages of each batch into a folder of its own.",
            )
        named[name] = one
    return named


def _excused(gradebook: Gradebook, rubric: Rubric) -> dict[str, list[Grade]]:
    """Give the grades of those of whom nothing is expected, by the names in their reports."""
    roster = gradebook.roster()
    grades = {one.learner: one for one in gradebook.grades(rubric) if one.status is GradeStatus.EXCUSED}
    names = {name: roster.people(name) for name in gradebook.names(rubric.assignment)}
    found = {name: [grades[who] for who in people if who in grades] for name, people in names.items()}
    return {name: some for name, some in found.items() if some}
