"""What an assignment asks: the bridge between the engine's checks and an assignment's own code.

An assignment has up to two modules of questions, each with a table ``QUESTIONS``:

- ``source/<id>/questions.py``: the visible ones; they go into the release;
- ``reference/<id>/questions.py``: the hidden ones, with the reference they are judged by; they
  never leave the trusted side.

A question is a frozen record of functions. They run in the trusted process and reach the student's
code only through the handles on the `Desk`. Checks (`autograder.checks`) turn their answers into
findings.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from autograder.errors import AssignmentError
from autograder.model import Notebook, Struct
from autograder.student import Array, Student, StudentFault, Value

Generator = np.random.Generator


class Case(Struct):
    """One input to ask about.

    `about` says in a student's words what it is (shapes, stride, pad, dtype); `regime` groups the
    cases that share a peculiarity; `inputs` are the arguments by name.
    """

    id: str
    about: str
    regime: str
    inputs: dict[str, Value]


class Expected(Struct):
    """A right output, and the largest absolute error that rounding can explain, element by element.

    Where `along` holds directions, (P, *the output's shape), `value` (P,) are the output's inner products
    with them. `reason` says in the case's own numbers why the output has its shape.
    """

    value: Array
    allowed: Array | float
    along: Array | None = None
    reason: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the output must have."""
        return self.value.shape if self.along is None else self.along.shape[1:]


class Desk:
    """What a question has before it.

    Parameters
    ----------
    student : Student
        Runs the submission's definitions.
    open_given : callable
        Opens a handle that runs the release's own code in a child that never saw the submission, for
        what both sides may use (the fast layers). Called at most once, when first wanted.
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

    `cases` draws them (fixed ones need not look at the generator), `ask` gives the student's outputs
    by name, `expect` the right ones under the same names. `small` gives small cases, the simplest first,
    among which the smallest that fails is searched; `explain` says what an element (its case, output and
    index) is made of, `explain_fault` what an exception means in the case's own numbers (or nothing).
    """

    cases: Callable[[Generator], Sequence[Case]]
    ask: Callable[[Desk, Case], Mapping[str, Value]]
    expect: Callable[[Desk, Case], Mapping[str, Expected]]
    small: Callable[[], Sequence[Case]] | None = None
    explain: Callable[[Case, str, tuple[int, ...]], Explanation] | None = None
    explain_fault: Callable[[Case, StudentFault], str] | None = None


class Stretch(Struct):
    """One function to time: its arguments, and how many output elements a call computes."""

    target: str
    args: tuple[Value, ...]
    elements: int


class Race(Struct):
    """The student's function on a slice against the fast one on the whole, by output element.

    `slow` raises ValueError where there is nothing to time: a function that gives no such output.
    """

    name: str
    slow: Callable[[Desk], Stretch]
    fast: Callable[[Desk], Stretch]
    repeat: int = 15


class Timing(Struct):
    """Races to run, and the work of a plain loop to calibrate them on this machine.

    `plain` does on the trusted side what an unvectorised loop does for `plain_elements` output
    elements; a student's function that is much faster than that is not to blame for a small ratio.
    """

    races: tuple[Race, ...]
    plain: Callable[[], None]
    plain_elements: int


class Judgement(Struct):
    """What a question about a network found; `fraction` in [0, 1]."""

    fraction: float
    message: str
    expected: str = ""
    actual: str = ""
    metrics: dict[str, float | int | str] = {}


class Images(Struct):
    """Images for training and for measuring.

    Shapes: `x_train` (N, C, H, W) float32 with the training mean subtracted, `y_train` (N,) int64;
    `x_test`, `y_test` alike. Only the training part is ever sent to the student's code.
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    name: str


class Probe(Struct):
    """A question about a whole network, with a generator and, where it wants them, images."""

    judge: Callable[[Desk, Generator, Images | None], Judgement]
    wants_images: bool = False


class Settings(Struct):
    """A training's settings as found: the network's and the solver's keyword arguments.

    `unread` names what stands in the notebook and could not be read, so that a person has to look; no
    `where` says that no training was found.
    """

    network: dict[str, Value] = {}
    solver: dict[str, Value] = {}
    where: str = ""
    notes: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Trained(Struct):
    """What a training gave back: the parameters by name, and the losses by iteration."""

    parameters: Mapping[str, Array]
    losses: tuple[float, ...]
    notes: tuple[str, ...] = ()


class TrainingRun(Struct):
    """A short training.

    `find` reads the settings from the notebook's code without running it, `train` runs them in the
    sandbox within a budget of images, `accuracy` measures parameters on the trusted side, and
    `baseline` are the settings that the reference is trained with.
    """

    find: Callable[[Notebook, Notebook], Settings]
    train: Callable[[Student, Settings, Images], Trained]
    accuracy: Callable[[Mapping[str, Array], Array, Array], float]
    baseline: Settings
    images: int
    chance: float


Question = Comparison | Timing | Probe | TrainingRun


class Answer(Struct):
    """What came of asking one case: outputs and what was expected, or the fault that ended it."""

    case: Case
    outputs: Mapping[str, Value]
    expected: Mapping[str, Expected]
    fault: StudentFault | None = None


def load_questions(visible: Path, hidden: Path | None = None) -> dict[str, Question]:
    """Load the ``QUESTIONS`` of an assignment's modules.

    The hidden module finds the visible one as ``from . import visible``, and the other modules of
    its own folder likewise.

    Raises
    ------
    AssignmentError
        A module can't be loaded, has no table, or two ask a question of the same name.
    """
    module = load_module(visible)
    questions = _table(visible, module)
    if hidden is not None and hidden.exists():
        more = _table(hidden, load_module(hidden, visible=module))
        twice = sorted(set(more) & set(questions))
        if twice:
            raise AssignmentError(f"{hidden}: asks `{twice[0]}`, which {visible} asks already")
        questions = questions | more
    return questions


def _table(path: Path, module: ModuleType) -> dict[str, Question]:
    table = getattr(module, "QUESTIONS", None)
    if not isinstance(table, dict):
        raise AssignmentError(f"{path}: must define a table QUESTIONS")
    return table


def load_module(path: Path, **siblings: ModuleType) -> ModuleType:
    """Load a module by its path, its folder's modules and the given siblings beside it."""
    package = "autograder_questions_" + "".join(c if c.isalnum() else "_" for c in str(path.parent.resolve()))
    if package not in sys.modules:
        holder = ModuleType(package)
        holder.__path__ = [str(path.parent)]
        sys.modules[package] = holder
    for name, sibling in siblings.items():
        sys.modules[f"{package}.{name}"] = sibling
        setattr(sys.modules[package], name, sibling)
    spec = importlib.util.spec_from_file_location(f"{package}.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise AssignmentError(f"{path}: is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise AssignmentError(f"{path}: can't be loaded: {type(error).__name__}: {error}") from error
    return module
