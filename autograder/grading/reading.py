"""Read all that the checks need from a submission, before any of its code runs.

These functions look at a stranger's bytes. `SubmissionReader` calls them in a process of its own, within
limits. A self-check reads the student's own file and calls them directly.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import msgspec

from autograder.assignment import Assignment
from autograder.authoring.context import Reading
from autograder.authoring.kinds import CheckKind
from autograder.course import Course
from autograder.errors import GraderFault
from autograder.extract import (
    extract,
    has_given_code,
    match_cells,
    outside,
    review_hints,
    untouched,
    with_code_cells,
)
from autograder.intake import Candidate, fingerprint, read
from autograder.intake.isolation import NotRead, ReaderProcess, ReadingLimits
from autograder.model import Chunk, Definitions, FileRecord, Notebook, Notice

# The most passages of one submission that a report names for reading.
MOST_TO_READ = 20


def definitions_of(notebook: Notebook, assignment: Assignment, given: Notebook | None = None) -> Definitions:
    """Extract the definitions that the assignment names, and put its preamble before them."""
    found = extract(notebook, assignment.definitions, assignment.compat, given)
    preamble = tuple(Chunk(source=line, names=(), cell=0) for line in assignment.sandbox.preamble)
    return msgspec.structs.replace(found, chunks=preamble + found.chunks)


def read_candidate(
    candidate: Candidate, course: Course, given: Notebook, kinds: Mapping[str, CheckKind]
) -> Reading:
    """Read one candidate and all that the checks need from its text. None of its code runs."""
    assignment = course.assignment
    submission = read(candidate, assignment, functools.partial(has_given_code, given=given))
    notebook = submission.notebook
    if notebook is None or submission.problem is not None:
        return Reading(submission=submission)
    notebook, turned = with_code_cells(notebook, given)
    submission = msgspec.structs.replace(submission, notebook=notebook)
    definitions = definitions_of(notebook, assignment, given)
    return Reading(
        submission=submission,
        definitions=definitions,
        cells={name: cell.index for name, cell in match_cells(notebook, given).items()},
        untouched=untouched(notebook, given),
        readings={
            check.id: kind.read(check, notebook, given)
            for check in assignment.checks
            if (kind := kinds[check.kind]).read is not None
        },
        notices=(*turned, *definitions.notices, *outside(notebook, definitions.chunks, submission.files)),
        integrity=review_hints(definitions.chunks, given, course.support_sources())[:MOST_TO_READ],
    )


def with_typed_readings(reading: Reading, assignment: Assignment, kinds: Mapping[str, CheckKind]) -> Reading:
    """Give a reading that was plain data with each kind's part as the type that the kind declares.

    Raises `GraderFault` if a part is not of that type.
    """
    types = {check.id: kinds[check.kind].reading for check in assignment.checks}
    try:
        typed = {name: msgspec.convert(value, types[name]) for name, value in reading.readings.items()}
    except (KeyError, msgspec.ValidationError) as error:
        raise GraderFault(f"the reading of a check is not what its kind declares: {error}") from error
    return msgspec.structs.replace(reading, readings=typed)


def _files(candidate: Candidate, assignment: Assignment) -> tuple[FileRecord, ...]:
    return read(candidate, assignment).files


class SubmissionReader:
    """Reads submissions in a process of its own, within limits.

    Make it before the process starts threads; see `ReaderProcess`. `given` is the release's notebook, and
    `kinds` are the kinds of checks by name.
    """

    def __init__(
        self,
        course: Course,
        given: Notebook,
        kinds: Mapping[str, CheckKind],
        limits: ReadingLimits | None = None,
    ) -> None:
        self._assignment = course.assignment
        self._kinds = kinds
        self._process = ReaderProcess(
            {
                "read": functools.partial(read_candidate, course=course, given=given, kinds=kinds),
                "fingerprint": functools.partial(fingerprint, assignment=course.assignment),
                "files": functools.partial(_files, assignment=course.assignment),
            },
            limits,
        )

    def read(self, candidate: Candidate) -> Reading:
        """Read one candidate. One that meets a limit or crashes its reader gets that as its problem.

        Raises `GraderFault` if the reader failed and the candidate is not to blame.
        """
        try:
            reading = self._process.call(Reading, "read", candidate)
        except NotRead as reason:
            problem = Notice(code="reading-limit", message=str(reason), where=candidate.origin)
            submission = msgspec.structs.replace(
                candidate.unread(), problem=problem, fingerprint=self.fingerprint(candidate)
            )
            return Reading(submission=submission)
        if reading.submission.id != candidate.id:
            raise GraderFault(f"the reader's answer is about {reading.submission.id}, not {candidate.id}")
        return with_typed_readings(reading, self._assignment, self._kinds)

    def fingerprint(self, candidate: Candidate) -> str:
        """Hash a candidate's files; give an empty text, which equals no other, if they can't be read."""
        try:
            return self._process.call(str, "fingerprint", candidate)
        except (NotRead, GraderFault):
            return ""

    def files(self, candidate: Candidate) -> tuple[FileRecord, ...]:
        """List a candidate's files as its report does; none if they can't be read."""
        try:
            return self._process.call(tuple[FileRecord, ...], "files", candidate)
        except (NotRead, GraderFault):
            return ()
