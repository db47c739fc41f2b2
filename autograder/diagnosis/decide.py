"""Deciding on a diagnosis: pure, from what was answered and what suspects would have answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from autograder.compare import compare
from autograder.diagnosis.suspects import Suspect
from autograder.diagnosis.traces import has_trace
from autograder.questions import Answer, Case
from autograder.student import Array


def diagnose(output: str, answers: Iterable[Answer], suspects: Sequence[Suspect]) -> Suspect | None:
    """The one suspect whose outputs are the submission's, on every case where it gave one.

    Parameters
    ----------
    output : str
        The output in question.
    answers : iterable of Answer
        All answers to a question, right ones, too: a variant must also be right where they are.
    suspects : sequence of Suspect
        The known variants.
    """
    evidence: list[tuple[Case, Array]] = []
    wrong = False
    for answer in answers:
        expected, actual = answer.expected.get(output), answer.outputs.get(output)
        if expected is None or expected.along is not None or not isinstance(actual, np.ndarray | float):
            continue
        values = np.asarray(actual)
        if values.dtype.kind in "fiu":
            evidence.append((answer.case, values))
            wrong = wrong or compare(output, actual, expected) is not None
    if not wrong:
        return None
    fitting = [one for one in suspects if one.output == output and _fits(one, evidence)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(suspect: Suspect, evidence: Sequence[tuple[Case, Array]]) -> bool:
    return all(
        (trace := suspect.trace(case)) is not None and has_trace(actual, trace) for case, actual in evidence
    )
