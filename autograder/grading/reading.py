"""Everything that is read in a submission before any of its code runs.

All of it looks at a stranger's bytes, so that it belongs into the reader's process; see
`autograder.intake.isolation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from autograder.assignment import Assignment
from autograder.authoring.context import Reading
from autograder.authoring.kinds import CheckKind
from autograder.course import Course
from autograder.extract import extract, match_cells, outside, review_hints, untouched
from autograder.intake import Candidate, read
from autograder.model import Chunk, Definitions, Notebook, Notice, Submission

# Passages of one submission that a report names.
MOST_TO_READ = 20


def definitions_of(notebook: Notebook, assignment: Assignment) -> Definitions:
    """Find the definitions that the assignment wants, after the preamble's imports."""
    found = extract(notebook, assignment.definitions, assignment.compat)
    preamble = tuple(Chunk(source=line, names=(), cell=0) for line in assignment.sandbox.preamble)
    return msgspec.structs.replace(found, chunks=preamble + found.chunks)


def read_candidate(
    candidate: Candidate, course: Course, given: Notebook, kinds: Mapping[str, CheckKind]
) -> Reading:
    """Read one candidate and all that checks want to know of its text; nothing of it is run."""
    submission = read(candidate, course.assignment)
    if submission.notebook is None or submission.problem is not None:
        return Reading(submission=submission)
    return read_submission(submission, submission.notebook, course, given, kinds)


def read_submission(
    submission: Submission,
    notebook: Notebook,
    course: Course,
    given: Notebook,
    kinds: Mapping[str, CheckKind],
) -> Reading:
    """Read the notebook of a submission."""
    assignment = course.assignment
    definitions = definitions_of(notebook, assignment)
    hints = review_hints(definitions.chunks, given, course.support_sources())[:MOST_TO_READ]
    return Reading(
        submission=submission,
        definitions=definitions,
        cells={name: cell.index for name, cell in match_cells(notebook, given).items()},
        untouched=untouched(notebook, given),
        readings=_readings(assignment, notebook, given, kinds),
        notices=(*definitions.notices, *outside(notebook, definitions.chunks, submission.files)),
        integrity=tuple(Notice(code="to-read", message=one.what, where=one.where) for one in hints),
    )


def _readings(
    assignment: Assignment, notebook: Notebook, given: Notebook, kinds: Mapping[str, CheckKind]
) -> dict[str, Any]:
    return {
        check.id: read(check, notebook, given)
        for check in assignment.checks
        if (read := kinds[check.kind].read) is not None
    }
