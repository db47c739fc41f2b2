"""Read notebooks again at the places where they were graded, in a process with limits."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from autograder.assignment import Assignment
from autograder.errors import GraderFault
from autograder.extract import has_given_code, match_cells, with_code_cells
from autograder.intake import Candidate, read
from autograder.intake.isolation import NotRead, ReaderProcess, ReadingLimits, limited_search
from autograder.intake.origin import finder
from autograder.model import Notebook, Report, Struct


class ReadAgain(Struct):
    """A notebook that was handed in, and which of its cells stands for which of the release's: its index.

    `hashes` are those of all files that were handed in; there are none if no notebook could be read.
    """

    notebook: Notebook = Notebook(path="", cells=())
    cells: Mapping[str, int] = {}
    hashes: frozenset[str] = frozenset()


def reader(
    assignment: Assignment, given: Notebook, limits: ReadingLimits | None = None
) -> Callable[[Report], ReadAgain | None]:
    """Give a function that reads the notebook of a report; None if it is not there as it was graded."""
    process = ReaderProcess({"read": functools.partial(_read, assignment=assignment, given=given)}, limits)
    find = finder(assignment, *limited_search())

    def read_again(report: Report) -> ReadAgain | None:
        graded = {one.sha256 for one in report.submission.files}
        for candidate in find(report.submission.origin):
            try:
                found = process.call(ReadAgain, "read", candidate)
            except (NotRead, GraderFault):
                continue
            if found.hashes and found.hashes == graded:
                return found
        return None

    return read_again


def _read(candidate: Candidate, assignment: Assignment, given: Notebook) -> ReadAgain:
    submission = read(candidate, assignment, functools.partial(has_given_code, given=given))
    if submission.notebook is None:
        return ReadAgain()
    notebook, _ = with_code_cells(submission.notebook, given)
    return ReadAgain(
        notebook=notebook,
        cells={name: cell.index for name, cell in match_cells(notebook, given).items()},
        hashes=frozenset(one.sha256 for one in submission.files),
    )
