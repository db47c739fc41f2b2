"""Decide on a diagnosis: compare the answers with those that each known mistake would give."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from autograder.authoring.questions import Answer, Case
from autograder.authoring.specs import HintLevel
from autograder.authoring.student import Array
from autograder.grading.compare import compare
from autograder.grading.diagnosis.fingerprint import has_fingerprint
from autograder.grading.diagnosis.known_mistakes import KnownMistake
from autograder.model import Diagnosis


def diagnose(
    output: str, answers: Iterable[Answer], known_mistakes: Sequence[KnownMistake]
) -> KnownMistake | None:
    """Find the one known mistake that gives the submission's outputs on every case that was answered.

    Parameters
    ----------
    output : str
        The name of the output that went wrong.
    answers : iterable of Answer
        All answers to a question. The right ones count, too: a variant must be right on the same cases.
    known_mistakes : sequence of KnownMistake
        The candidates.
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
    fitting = [one for one in known_mistakes if one.output == output and _fits(one, evidence)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(mistake: KnownMistake, evidence: Sequence[tuple[Case, Array]]) -> bool:
    return all(
        (fingerprint := mistake.fingerprint(case)) is not None and has_fingerprint(actual, fingerprint)
        for case, actual in evidence
    )


def diagnoser(
    known_mistakes: Sequence[KnownMistake], hint_level: HintLevel
) -> Callable[[str, Sequence[Answer]], Diagnosis | None]:
    """Make a function that names a known mistake and says as much about it as the assignment allows."""

    def decide(output: str, answers: Sequence[Answer]) -> Diagnosis | None:
        found = None if hint_level == "none" else diagnose(output, answers, known_mistakes)
        if found is None:
            return None
        return Diagnosis(id=found.id, message=found.explain if hint_level == "explain" else found.nudge)

    return decide
