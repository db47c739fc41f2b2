"""The smallest case that fails: searched among small ones, from the simplest on."""

from __future__ import annotations

import numpy as np

from autograder.authoring.questions import Case, Comparison, Expected, Explanation, Handles
from autograder.authoring.student import StudentFault, Value
from autograder.grading.compare import compare
from autograder.model import Smallest, Struct

# So many small cases are asked at most; a call takes about a millisecond.
BUDGET = 250


class Shrunk(Struct):
    """The smallest failing case, and a drawing of its first wrong element (SVG, or nothing)."""

    smallest: Smallest
    drawing: bytes = b""


def search_smallest(question: Comparison, handles: Handles, output: str) -> Shrunk | None:
    """Ask small cases until one fails; None where none does, or a limit was met.

    Parameters
    ----------
    question : Comparison
        With `small` cases, the simplest first.
    handles : Handles
        With a fresh handle on the student's code.
    output : str
        The output in question.
    """
    if question.small is None:
        return None
    for case in question.small()[:BUDGET]:
        try:
            outputs = question.ask(handles, case)
        except StudentFault as fault:
            return None if fault.is_limit else Shrunk(smallest=_of_fault(case, fault))
        expected = question.expect(handles, case)[output]
        actual = outputs.get(output)
        mismatch = compare(output, actual, expected)
        if mismatch is not None:
            explanation = _explain(question, case, output, _first_wrong(actual, expected))
            smallest = Smallest(
                case=case.about,
                inputs=_texts(case),
                message=mismatch.message,
                expected=_text(expected.value),
                actual=_text(actual) if isinstance(actual, np.ndarray) else "",
                terms=explanation.terms,
            )
            return Shrunk(smallest=smallest, drawing=explanation.drawing.encode())
    return None


def _of_fault(case: Case, fault: StudentFault) -> Smallest:
    return Smallest(case=case.about, inputs=_texts(case), message=fault.message)


def _explain(question: Comparison, case: Case, output: str, place: tuple[int, ...] | None) -> Explanation:
    if place is None or question.explain is None:
        return Explanation(terms="")
    return question.explain(case, output, place)


def _first_wrong(actual: Value, expected: Expected) -> tuple[int, ...] | None:
    if not isinstance(actual, np.ndarray) or actual.shape != expected.shape or not actual.size:
        return None
    with np.errstate(invalid="ignore"):
        wrong = ~(np.abs(actual.astype(np.float64) - expected.value) <= expected.allowed)
    return tuple(int(i) for i in np.argwhere(wrong)[0]) if wrong.any() else None


def _texts(case: Case) -> dict[str, str]:
    """The arrays of a case as text; its numbers are in its description."""
    return {name: _text(value) for name, value in case.inputs.items() if isinstance(value, np.ndarray)}


def _text(value: Value) -> str:
    """An array as matrices; axes of length one in front of them are left out."""
    if not isinstance(value, np.ndarray):
        return str(value)
    while value.ndim > 2 and value.shape[0] == 1:
        value = value[0]
    return np.array2string(value, precision=4, suppress_small=True, threshold=200, max_line_width=100)
