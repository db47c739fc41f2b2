"""The questions that an assignment asks: frozen records of its own functions.

An assignment has up to two modules of questions, each with a table ``QUESTIONS``:

- ``source/<id>/questions.py``: the visible ones; they go into the release;
- ``reference/<id>/questions.py``: the hidden ones, with the reference that judges them; they never leave the
  trusted side.

The functions run in the trusted process and reach the student's code only through `Handles`. Checks
(`autograder.grading.checks`) turn their answers into findings.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autograder.authoring.student import Array, Student, StudentFault, Value
from autograder.model import Diagnosis, OutputText, Struct

Generator = np.random.Generator


class Case(Struct):
    """One input to ask about.

    `about` describes it to a student (shapes, stride, pad, dtype). `regime` is the name of a group of cases
    with something in common. `inputs` has the arguments by name.
    """

    id: str
    about: str
    regime: str
    inputs: dict[str, Value]


class Expected(Struct):
    """A right output, and the largest absolute error that rounding can explain, element by element.

    If `along` has directions, (P, *the output's shape), then `value` (P,) has the output's inner products
    with them. `reason` explains the output's shape with the case's own numbers.
    """

    value: Array
    allowed: Array | float
    along: Array | None = None
    reason: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the output must have."""
        return self.value.shape if self.along is None else self.along.shape[1:]


class Handles:
    """The handles that a question has on running code.

    `student` runs the submission's definitions. `given` runs the release's own code (the fast layers, say) in
    a child process that never saw the submission; `open_given` opens it when it is first used.
    """

    def __init__(self, student: Student, open_given: Callable[[], Student]) -> None:
        self.student = student
        self._open_given = open_given

    @functools.cached_property
    def given(self) -> Student:
        """The handle on the release's own code."""
        return self._open_given()


class Explanation(Struct):
    """One element of an output: the terms of its sum, and a drawing of them (SVG, or nothing)."""

    terms: str
    drawing: str = ""


class Comparison(Struct):
    """Outputs on cases.

    outputs        the names of the outputs that are compared
    cases          draws the cases; fixed cases ignore the generator
    ask            gives the student's outputs by name
    expect         gives the right outputs, under exactly the names in `outputs`
    small          gives small cases, the simplest first; the student is shown the first that fails
    explain        (handles, answer, output, index) -> the terms whose sum is that element
    explain_fault  explains an exception with the case's own numbers, or gives an empty text
    """

    outputs: tuple[str, ...]
    cases: Callable[[Generator], Sequence[Case]]
    ask: Callable[[Handles, Case], Mapping[str, Value]]
    expect: Callable[[Handles, Case], Mapping[str, Expected]]
    small: Callable[[], Sequence[Case]] | None = None
    explain: Callable[[Handles, Answer, str, tuple[int, ...]], Explanation] | None = None
    explain_fault: Callable[[Case, StudentFault], str] | None = None


class TimedCall(Struct):
    """One function to time: its arguments, and how many output elements a call computes."""

    target: str
    args: tuple[Value, ...]
    elements: int


class SpeedComparison(Struct):
    """The student's function on a slice against the fast one on the whole, by time per output element.

    `slow` raises ValueError if there is nothing to time: the student's function gives no such output.
    """

    name: str
    slow: Callable[[Handles], TimedCall]
    fast: Callable[[Handles], TimedCall]
    repeat: int = 15


class Timing(Struct):
    """Speeds to compare, and the work of a plain loop to calibrate them on this machine.

    `plain` runs an unvectorised loop for `plain_elements` output elements on the trusted side. A student's
    function that is much faster than that is not to blame for a small ratio.
    """

    comparisons: tuple[SpeedComparison, ...]
    plain: Callable[[], None]
    plain_elements: int


class DataSet(Struct):
    """Samples for training and for measuring, as the assignment's reader gives them.

    `x_train` has N samples along its first axis, `y_train` (N,) their labels; likewise `x_test` and `y_test`.
    Only the training part is ever sent to the student's code.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    name: str


class Judgement(Struct):
    """The verdict of a probe; `fraction` in [0, 1]."""

    fraction: float
    message: str
    expected: str = ""
    actual: str = ""
    metrics: dict[str, float | int | str] = {}


class Probe(Struct):
    """A question that judges its own answer. It gets a generator, and `samples` of the data set if not 0."""

    judge: Callable[[Handles, Generator, DataSet | None], Judgement]
    samples: int = 0


class Answer(Struct):
    """The answer to one case: the outputs and the expected ones, or the fault that ended the call."""

    case: Case
    outputs: Mapping[str, Value]
    expected: Mapping[str, Expected]
    fault: StudentFault | None = None


class Answers(Struct):
    """The answers to all cases of a comparison, the printed text, and the function that was called last."""

    answers: tuple[Answer, ...]
    printed: OutputText
    function: str = ""


class Mistake(Struct):
    """A known mistake, as it shows in one case.

    id          its name
    output      the only output that it makes wrong; empty if it may be any
    diagnosis   the explanation for the student, as far as the assignment allows one
    says        a sentence in place of the case's own message
    shows       says whether another answer has this mistake; None if that is not known
    """

    id: str
    output: str = ""
    diagnosis: Diagnosis | None = None
    says: str = ""
    shows: Callable[[Answer], bool | None] | None = None
