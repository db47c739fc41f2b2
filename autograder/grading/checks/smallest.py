"""Search small cases, the simplest first, for one that fails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.authoring.questions import Answer, Case, Comparison, Explanation, Handles
from autograder.authoring.student import StudentFault, Value
from autograder.grading.compare import Mismatch, compare
from autograder.model import Smallest, Struct

# The most small cases that are asked; each call takes about a millisecond.
BUDGET = 250


class Shrunk(Struct):
    """The smallest failing case, and a drawing of its first wrong element (SVG, or nothing)."""

    smallest: Smallest
    drawing: bytes = b""


def search_smallest(
    question: Comparison, handles: Handles, output: str, wanted: Callable[[Answer], bool] = lambda _: True
) -> Shrunk | None:
    """Ask the question's small cases, the simplest first, until the named output fails.

    `handles` are fresh handles on the student's code. `wanted` says whether a wrong answer shows the mistake
    that is looked for. Gives None if no case fails so, or if the code meets a limit.
    """
    for case in question.small()[:BUDGET] if question.small is not None else ():
        expected = question.expect(handles, case)
        try:
            answer = Answer(case=case, outputs=question.ask(handles, case), expected=expected)
        except StudentFault as fault:
            if fault.is_limit:
                return None
            answer = Answer(case=case, outputs={}, expected=expected, fault=fault)
        mismatch = None if answer.fault else compare(output, answer.outputs.get(output), expected[output])
        if (answer.fault or mismatch) and wanted(answer):
            return _shrunk(question, handles, answer, output, mismatch)
    return None


def _shrunk(
    question: Comparison, handles: Handles, answer: Answer, output: str, mismatch: Mismatch | None
) -> Shrunk:
    case, expected = answer.case, answer.expected[output]
    if mismatch is None:
        message = answer.fault.message if answer.fault else ""
        return Shrunk(smallest=Smallest(case=case.about, inputs=_texts(case), message=message))
    actual, explanation = answer.outputs.get(output), Explanation(terms="")
    if mismatch.place and question.explain is not None:
        explanation = question.explain(handles, answer, output, mismatch.place)
    smallest = Smallest(
        case=case.about,
        inputs=_texts(case),
        message=mismatch.message,
        expected=_text(expected.value),
        actual=_text(actual) if isinstance(actual, np.ndarray) else "",
        terms=explanation.terms,
    )
    return Shrunk(smallest=smallest, drawing=explanation.drawing.encode())


def _texts(case: Case) -> dict[str, str]:
    """Write the arrays of a case as text; its description has its numbers."""
    return {name: _text(value) for name, value in case.inputs.items() if isinstance(value, np.ndarray)}


def _text(value: Value) -> str:
    """Write an array as matrices, without leading axes of length 1."""
    if not isinstance(value, np.ndarray):
        return str(value)
    while value.ndim > 2 and value.shape[0] == 1:
        value = value[0]
    return np.array2string(value, precision=4, suppress_small=True, threshold=200, max_line_width=100)
