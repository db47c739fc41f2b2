"""The argument of every check: one submission, the assignment, and the ways to run code."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from msgspec.structs import replace

from autograder.authoring.questions import Answers, DataSet, Generator, Handles, Mistake
from autograder.authoring.specs import FileRule
from autograder.authoring.student import Ask, Limits, Request, Session, Student, StudentFault, Value
from autograder.errors import AssignmentError, GraderFault
from autograder.model import Definitions, Notebook, Notice, Struct, Submission

Question = TypeVar("Question", bound=Struct)
Made = TypeVar("Made")


class AssignmentContext(Struct):
    """The part of a context that all submissions of an assignment share.

    given               the release's notebook, as it was handed out
    given_definitions   the code of that notebook
    file_rules          the files that the assignment asks for
    questions           the assignment's questions by name
    limits              the limits by name, scaled for this machine
    withheld            functions that a student's code may not call (``package.module.fast_*``)
    load_data           gives so many training samples, and the samples for measuring
    prepared            the values that kinds have measured for the whole batch, by check id
    diagnose            (output, answers, the submission's code) -> the known mistakes by case id
    seed                enters every generator; the report names it, so that a grade can be repeated
    """

    given: Notebook
    given_definitions: Definitions
    file_rules: tuple[FileRule, ...]
    questions: Mapping[str, Struct]
    limits: Mapping[str, Limits]
    withheld: tuple[str, ...]
    load_data: Callable[[int], DataSet]
    prepared: Mapping[str, Any]
    diagnose: Callable[[str, Answers, Definitions], Mapping[str, Mistake]]
    seed: int


class Reading(Struct):
    """One submission as it was read; none of its code has run.

    cells       the indices of the cells that match the release's cells, by their grade ids
    untouched   True if the code is the release's and no cell was ever run
    readings    the results of the kinds' `read` functions, by check id
    notices     facts that a person should know
    integrity   passages that a person may want to read
    """

    submission: Submission
    definitions: Definitions = Definitions()
    cells: dict[str, int] = {}
    untouched: bool = False
    readings: dict[str, Any] = {}
    notices: tuple[Notice, ...] = ()
    integrity: tuple[Notice, ...] = ()


class CheckContext:
    """Everything that a check needs, so that it has to fetch nothing.

    `reading` is one submission, with a notebook. Its code runs in the `session`, and every request to it goes
    through `budget`; see `Student.through`.
    """

    def __init__(
        self,
        assignment: AssignmentContext,
        reading: Reading,
        session: Session,
        budget: Callable[[Request, Ask], Value],
    ) -> None:
        self.assignment = assignment
        notebook = reading.submission.notebook
        assert notebook is not None  # a submission without one is never checked
        self.submission = reading.submission
        self.notebook = notebook
        self.given = assignment.given
        self.definitions = reading.definitions
        self.cells = reading.cells
        self.untouched = reading.untouched
        self.file_rules = assignment.file_rules
        self.readings = reading.readings
        self.prepared = assignment.prepared
        self._session = session
        self._budget = budget
        self._made: dict[tuple[str, ...], Any] = {}

    def question(self, name: str, kind: type[Question]) -> Question:
        """Give one of the assignment's questions.

        Raises `AssignmentError` if there is no such question, or if it is of another kind.
        """
        asked = self.assignment.questions.get(name)
        if asked is None:
            known = ", ".join(sorted(self.assignment.questions))
            raise AssignmentError(f"no question `{name}`; there are: {known}")
        if not isinstance(asked, kind):
            raise AssignmentError(
                f"the question `{name}` is a {type(asked).__name__}, expected a {kind.__name__}"
            )
        return asked

    @contextlib.contextmanager
    def run(self, definitions: Definitions, limits: str) -> Iterator[Student]:
        """Open a child process with these definitions: the submission's, or others."""
        with self._session.student(definitions, self.assignment.limits[limits]) as student:
            yield student.through(self._budget)

    @contextlib.contextmanager
    def handles(self, limits: str, alone: bool = False) -> Iterator[Handles]:
        """Open handles on new child processes; if `alone`, the withheld functions can't be called there."""
        withheld = self.assignment.withheld if alone else ()
        with contextlib.ExitStack() as stack:
            student = stack.enter_context(self.run(replace(self.definitions, withheld=withheld), limits))

            def open_given() -> Student:
                chosen = self.assignment.limits[limits]
                given = self._session.student(self.assignment.given_definitions, chosen)
                return stack.enter_context(given).through(trusted)

            yield Handles(student, open_given)

    def once(self, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """Make a value for this submission when the first check asks for it, and keep it under the key."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def mistakes(self, question: str, output: str, answers: Answers) -> Mapping[str, Mistake]:
        """Give the known mistakes in an output, by the id of the case in which they show."""

        def name() -> Mapping[str, Mistake]:
            return self.assignment.diagnose(output, answers, self.definitions)

        return self.once(("mistakes", question, output), name)

    def generator(self, name: str) -> Generator:
        """Give a random generator; the same submission, name and seed give the same numbers."""
        text = f"{self.assignment.seed}/{self.submission.id}/{name}"
        return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))

    def data(self, count: int) -> DataSet:
        """Give `count` training samples, and the samples for measuring."""
        return self.assignment.load_data(count)

    def clock(self) -> float:
        """Give seconds from a clock that only goes forward."""
        return time.perf_counter()


def trusted(request: Request, ask: Ask) -> Value:
    """Ask the release's own code, whose faults are the grader's."""
    try:
        return ask(request)
    except StudentFault as fault:
        raise GraderFault(f"the release's own code failed: {fault.message}") from fault
