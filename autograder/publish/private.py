"""Collect the private parts of an assignment: passages of text, and arrays.

They are the regions of the source notebook that nbgrader cuts out (solutions, hidden tests, marking schemes),
the code and the arrays in ``reference/<id>/``, and the inputs of hidden cases that are the same for every
submission.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograder
from autograder.authoring.questions import Comparison
from autograder.course import Course
from autograder.files import read_text
from autograder.model import Struct

# A line, and three lines in a row, with fewer characters than this may be anybody's. Blanks don't count.
LINE, PASSAGE = 20, 60
# A value with no more digits than this may be anybody's.
TRIVIAL_DIGITS = 5
_CODE = (".py", ".pyx", ".pxd", ".pxi", ".h", ".c")
_IMPORT = re.compile(r"\s*(import|from)\s")
_REGIONS = {
    "BEGIN SOLUTION": ("END SOLUTION", "the solution"),
    "BEGIN HIDDEN TESTS": ("END HIDDEN TESTS", "a hidden test"),
    "BEGIN MARK SCHEME": ("END MARK SCHEME", "the marking scheme"),
}

Floats = NDArray[np.float64]


class PrivatePassage(Struct):
    """A private piece of text, one or several lines; `where` names its source."""

    where: str
    text: str


class Private(Struct):
    """The private parts: passages by their text without blanks, and float64 arrays.

    The arrays are flattened to (K,), and values with few digits in them are NaN.
    """

    passages: dict[bytes, PrivatePassage]
    arrays: dict[str, Floats]


def squeeze(text: str | bytes) -> bytes:
    """Remove blanks and line ends from a text, so that another layout hides nothing."""
    return b"".join((text.encode() if isinstance(text, str) else text).split())


def gather(course: Course) -> Private:
    """Collect the private parts of an assignment."""
    blocks, given = _notebook(course.definition.parent / course.assignment.notebook)
    reference = course.reference
    paths = sorted(reference.rglob("*")) if reference else []
    blocks += [(f"reference/{p.name}", read_text(p).splitlines()) for p in paths if p.suffix == ".py"]
    engine = squeeze("\n".join(map(read_text, _code_in(Path(autograder.__file__).parent))))
    public = squeeze("\n".join([*given, *map(read_text, _given_code(course))])) + engine
    arrays = {name: _telling(array) for name, array in [*_stored(paths), *_fixed_inputs(course)]}
    return Private(
        passages={
            squeeze(p.text): p for where, lines in blocks for p in _passages(where, lines, public, engine)
        },
        arrays={name: array for name, array in arrays.items() if not np.isnan(array).all()},
    )


# --- text ----------------------------------------------------------------------------------------


def _notebook(path: Path) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Split a notebook into its private regions, each with a description, and the lines of given code."""
    blocks: list[tuple[str, list[str]]] = []
    given: list[str] = []
    for number, cell in enumerate(json.loads(read_text(path))["cells"], 1):
        end = ""
        for line in "".join(cell["source"]).splitlines():
            opened = next((name for name in _REGIONS if name in line), "")
            if end and end in line:
                end = ""
            elif opened and not end:
                end, what = _REGIONS[opened]
                blocks.append((f"{what} in {path.name}, cell {number}", []))
            elif end:
                blocks[-1][1].append(line)
            elif cell["cell_type"] == "code":
                given.append(line)
    return blocks, given


def _given_code(course: Course) -> Iterator[Path]:
    """List the files of code, other than the engine's, that students have anyway."""
    root = course.definition.parents[2]
    for folder in (*course.support, root / "ext"):
        yield from _code_in(folder)
    if course.assignment.questions:
        yield course.definition.parent / course.assignment.questions


def _code_in(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.suffix in _CODE)


def _passages(where: str, lines: Sequence[str], public: bytes, engine: bytes) -> Iterator[PrivatePassage]:
    """Give the lines that are private by themselves, and all private passages of three lines.

    A line that is also in the given code is not private. A passage of three such lines is, so that a solution
    pasted into the given code is found, too. Imports and passages of the engine's code, which is public, are
    never private.
    """
    full = [line.strip() for line in lines if line.strip() and not _IMPORT.match(line)]
    for line in full:
        if len(squeeze(line)) >= LINE and squeeze(line) not in public:
            yield PrivatePassage(where=where, text=line)
    for start in range(len(full) - 2):
        text = "\n".join(full[start : start + 3])
        if len(squeeze(text)) >= PASSAGE and squeeze(text) not in engine:
            yield PrivatePassage(where=where, text=text)


# --- numbers -------------------------------------------------------------------------------------


def _stored(paths: Sequence[Path]) -> Iterator[tuple[str, NDArray[Any]]]:
    for path in paths:
        if path.suffix == ".npz":
            with np.load(path) as archive:
                yield from ((f"{path.name}/{name}", archive[name]) for name in archive.files)
        elif path.suffix == ".npy":
            yield path.name, np.load(path)


def _fixed_inputs(course: Course) -> Iterator[tuple[str, NDArray[Any]]]:
    """Give the inputs of hidden cases that do not depend on the random generator."""
    hidden = course.reference / "questions.py" if course.reference else None
    if hidden is None or not hidden.exists():
        return
    for name, question in course.authored.questions.items():
        if name not in course.authored.visible:
            yield from _fixed_of(name, question)


def _fixed_of(name: str, question: Struct) -> Iterator[tuple[str, NDArray[Any]]]:
    if not isinstance(question, Comparison):
        return
    draw: Callable[[int], dict[str, dict[str, Any]]] = lambda seed: {  # noqa: E731 - used twice, here
        case.id: case.inputs for case in question.cases(np.random.default_rng(seed))
    }
    first, second = draw(1), draw(2)
    for case in first.keys() & second.keys():
        for key, value in first[case].items():
            if isinstance(value, np.ndarray) and np.array_equal(value, second[case][key]):
                yield f"{name}/{case}/{key}", value


def _telling(array: NDArray[Any]) -> Floats:
    """Flatten an array to float64, with NaN for values with few digits."""
    if array.dtype.kind != "f":
        return np.full(1, np.nan)
    values = array.astype(np.float64).ravel()
    few = [value == float(f"{value:.{TRIVIAL_DIGITS}g}") for value in values.tolist()]
    return np.where(few, np.nan, values)
