"""All that a check has before it: one submission, the assignment, and the ways to run code."""

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
    given_definitions   its code
    file_rules          which files the assignment asks for
    questions           the assignment's questions by name
    limits              the limits by name, as they hold on this machine
    withheld            functions that would answer for the student's own (``package.module.fast_*``)
    load_data           gives that many training samples, and the samples for measuring
    prepared            what kinds have measured for the whole batch, by check id
    diagnose            names mistakes: (output, answers, the submission's code) -> those of cases, by case id
    seed                enters every generator and stands in the report, so that a grade can be repeated
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
    """The parts of one submission as they were read; none of them has run.

    cells       which of its cells stands for which of the release's, by grade id: its index
    untouched   whether nothing was done: the release's code, and no cell was ever run
    readings    what the checks' kinds have read in it, by check id
    notices     what a person should know
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
    """Everything that a check needs is here; nothing is fetched.

    Parameters
    ----------
    assignment : AssignmentContext
        Shared by all submissions.
    reading : Reading
        One submission, whose notebook could be read.
    session : Session
        Where its code runs.
    budget : callable
        Every request to its code goes through it; see `Student.through`.
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

        Raises
        ------
        AssignmentError
            There is no such question, or it is of another kind.
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
        """Open a child in which other definitions run than the submission's alone."""
        with self._session.student(definitions, self.assignment.limits[limits]) as student:
            yield student.through(self._budget)

    @contextlib.contextmanager
    def handles(self, limits: str, alone: bool = False) -> Iterator[Handles]:
        """Open handles on fresh children; `alone`, the student's code can't call what is withheld from it."""
        withheld = self.assignment.withheld if alone else ()
        with contextlib.ExitStack() as stack:
            student = stack.enter_context(self.run(replace(self.definitions, withheld=withheld), limits))

            def open_given() -> Student:
                chosen = self.assignment.limits[limits]
                given = self._session.student(self.assignment.given_definitions, chosen)
                return stack.enter_context(given).through(trusted)

            yield Handles(student, open_given)

    def once(self, key: tuple[str, ...], make: Callable[[], Made]) -> Made:
        """Give what was made under a key for this submission, whichever check wanted it first."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def mistakes(self, question: str, output: str, answers: Answers) -> Mapping[str, Mistake]:
        """Give the named mistakes in an output, by the id of the case in which they show."""

        def name() -> Mapping[str, Mistake]:
            return self.assignment.diagnose(output, answers, self.definitions)

        return self.once(("mistakes", question, output), name)

    def generator(self, name: str) -> Generator:
        """Give a random generator: the same for the same submission, name and seed."""
        text = f"{self.assignment.seed}/{self.submission.id}/{name}"
        return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))

    def data(self, count: int) -> DataSet:
        """Give that many training samples, and the samples for measuring."""
        return self.assignment.load_data(count)

    def clock(self) -> float:
        """Give seconds from a clock that only goes forward."""
        return time.perf_counter()


def trusted(request: Request, ask: Ask) -> Value:
    """Ask our own code: its faults are the grader's."""
    try:
        return ask(request)
    except StudentFault as fault:
        raise GraderFault(f"the release's own code failed: {fault.message}") from fault
