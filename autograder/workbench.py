"""The bench that checks work at: asks the questions, remembers the answers, hands out the handles."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
from msgspec.structs import replace

from autograder.assignment import Assignment, FileRule, HintLevel
from autograder.checks.smallest import Shrunk, search_smallest
from autograder.diagnosis import Suspect
from autograder.errors import AssignmentError, GraderFault
from autograder.extract import match_cells, untouched
from autograder.model import Definitions, Notebook, OutputText, Struct, Submission
from autograder.questions import Answer, Case, Comparison, Desk, Generator, Images, Question
from autograder.student import FaultKind, Limits, Session, Student, StudentFault


class Materials(Struct):
    """What all submissions of an assignment share.

    `given` is the release's notebook, `given_definitions` its code and `support` the sources of its support
    code by file name; `load_images` gives that many
    training images and the images for measuring; `baselines` are the reference's accuracies by
    training question; `suspects` are the known mistakes. `salt` enters every generator and stands in the
    report, so that a grade can be repeated.
    """

    assignment: Assignment
    questions: dict[str, Question]
    given: Notebook
    given_definitions: Definitions
    load_images: Callable[[int], Images]
    baselines: Mapping[str, float]
    salt: int
    suspects: tuple[Suspect, ...] = ()
    support: Mapping[str, str] = {}


class Workbench:
    """One submission's bench; see `autograder.checks.bench.Bench`."""

    def __init__(
        self,
        materials: Materials,
        submission: Submission,
        notebook: Notebook,
        definitions: Definitions,
        session: Session,
    ) -> None:
        self.materials = materials
        self.submission = submission
        self.notebook = notebook
        self.given = materials.given
        self.definitions = definitions
        self.untouched = untouched(notebook, materials.given)
        self.cells: Mapping[str, int] = {
            name: cell.index for name, cell in match_cells(notebook, materials.given).items()
        }
        self.data = ""
        self._printed: dict[str, OutputText] = {}
        self._session = session
        self._answers: dict[str, tuple[Answer, ...]] = {}
        self._searched: set[tuple[str, str]] = set()
        self._patience = _Patience(materials.assignment.budget_seconds, self.clock)

    @property
    def given_up(self) -> str:
        """Why checks were not made to their end; empty where all were."""
        return self._patience.said

    @property
    def file_rules(self) -> Sequence[FileRule]:
        """See `Bench.file_rules`."""
        return self.materials.assignment.files.rules

    @property
    def suspects(self) -> Sequence[Suspect]:
        """See `Bench.suspects`."""
        return self.materials.suspects

    @property
    def hint_level(self) -> HintLevel:
        """See `Bench.hint_level`."""
        return self.materials.assignment.hint_level

    def question(self, name: str) -> Question:
        """See `Bench.question`."""
        if name not in self.materials.questions:
            known = ", ".join(sorted(self.materials.questions))
            raise AssignmentError(f"no question `{name}`; there are: {known}")
        return self.materials.questions[name]

    def images(self, count: int) -> Images:
        """See `Bench.images`; `data` is the name of the set that they are from."""
        images = self.materials.load_images(count)
        self.data = images.name
        return images

    def baseline_accuracy(self, question: str) -> float:
        """See `Bench.baseline_accuracy`."""
        return self.materials.baselines[question]

    def clock(self) -> float:
        """See `Bench.clock`."""
        return time.perf_counter()

    def generator(self, name: str) -> Generator:
        """See `Bench.generator`: the same for the same submission, question and salt."""
        text = f"{self.materials.salt}/{self.submission.id}/{name}"
        return np.random.default_rng(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"))

    def _limits(self, name: str) -> Limits:
        return self.materials.assignment.limits[name]

    @contextlib.contextmanager
    def tool(self, definitions: Definitions, limits: str) -> Iterator[Student]:
        """See `Bench.tool`."""
        with self._session.student(definitions, self._limits(limits)) as student:
            yield cast(Student, _Waited(student, self._patience))

    @contextlib.contextmanager
    def desk(self, limits: str, alone: bool = False) -> Iterator[Desk]:
        """See `Bench.desk`."""
        chosen = self._limits(limits)
        withheld = self.materials.assignment.sandbox.withheld if alone else ()
        definitions = replace(self.definitions, withheld=withheld)
        with contextlib.ExitStack() as stack:
            student = stack.enter_context(self._session.student(definitions, chosen))

            def open_given() -> Student:
                given = self._session.student(self.materials.given_definitions, chosen)
                return cast(Student, _Trusted(stack.enter_context(given)))

            yield Desk(cast(Student, _Waited(student, self._patience)), open_given)

    def answers(self, question: str, limits: str) -> Sequence[Answer]:
        """See `Bench.answers`."""
        if question not in self._answers:
            asked = self.question(question)
            if not isinstance(asked, Comparison):
                raise AssignmentError(f"the question `{question}` compares no outputs")
            with self.desk(limits, alone=True) as desk:
                cases = asked.cases(self.generator(question))
                self._answers[question] = tuple(_ask_all(asked, desk, cases))
                self._printed[question] = desk.student.printed()
        return self._answers[question]

    def printed(self, question: str) -> OutputText | None:
        """See `Bench.printed`."""
        printed = self._printed.pop(question, None)
        return printed if printed is not None and printed.text else None

    def smallest(self, question: str, output: str, limits: str) -> Shrunk | None:
        """See `Bench.smallest`."""
        asked = self.question(question)
        if (question, output) in self._searched or not isinstance(asked, Comparison):
            return None
        self._searched.add((question, output))
        with self.desk(limits, alone=True) as desk:
            return search_smallest(asked, desk, output)


def _ask_all(question: Comparison, desk: Desk, cases: Sequence[Case]) -> Iterator[Answer]:
    """Ask case by case; once a limit was met, the rest would only meet it again."""
    over: StudentFault | None = None
    for case in cases:
        answer = _faulted(case, over) if over else _ask(question, desk, case)
        if answer.fault is not None and answer.fault.is_limit:
            over = answer.fault
        yield answer


def _ask(question: Comparison, desk: Desk, case: Case) -> Answer:
    try:
        outputs = question.ask(desk, case)
        return Answer(case=case, outputs=outputs, expected=question.expect(desk, case))
    except StudentFault as fault:
        return _faulted(case, _explained(question, case, fault))


def _explained(question: Comparison, case: Case, fault: StudentFault) -> StudentFault:
    why = question.explain_fault(case, fault) if question.explain_fault is not None else ""
    return StudentFault(fault.kind, f"{fault.message} {why}", fault.traceback) if why else fault


def _faulted(case: Case, fault: StudentFault) -> Answer:
    return Answer(case=case, outputs={}, expected={}, fault=fault)


class _Trusted:
    """A handle on our own code: its faults are the grader's."""

    def __init__(self, student: Student) -> None:
        self._student = student

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._student, name)

        def guarded(*args: Any, **kwargs: Any) -> Any:
            try:
                return method(*args, **kwargs)
            except StudentFault as fault:
                raise GraderFault(f"the release's own code failed: {fault.message}") from fault

        return guarded


class _Patience:
    """How long a submission's code is waited for, in all and for each function.

    A function that met a limit is not called again, so that one endless loop costs once; what is
    asked for when the budget is used up is not done at all, and `said` is why.
    """

    def __init__(self, budget_seconds: float, clock: Callable[[], float]) -> None:
        self._budget = budget_seconds
        self._clock = clock
        self._spent = 0.0
        self.said = ""
        self._stuck: dict[str, StudentFault] = {}

    def wait_for(self, function: str | None, call: Callable[[], Any]) -> Any:
        """Give what a call gives, or why it is not made."""
        if self._spent > self._budget:
            taken = f"the {self._budget:g} s that there are for one submission"
            self.said = f"Its code had taken {taken} before all was asked."
            raise StudentFault(FaultKind.WALL, self.said)
        if function in self._stuck:
            raise self._stuck[function]
        start = self._clock()
        try:
            return call()
        except StudentFault as fault:
            if fault.is_limit and function is not None:
                self._stuck[function] = fault
            raise
        finally:
            self._spent += self._clock() - start


class _Waited:
    """A handle whose every call is waited for with patience."""

    def __init__(self, student: Student, patience: _Patience) -> None:
        self._student = student
        self._patience = patience

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._student, name)
        if name == "printed":
            return method

        def waited(*args: Any, **kwargs: Any) -> Any:
            is_function = name in ("call", "map") and isinstance(args[0], str)
            return self._patience.wait_for(args[0] if is_function else None, lambda: method(*args, **kwargs))

        return waited
