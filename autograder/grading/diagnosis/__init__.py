"""Name the mistake in a submission, where its outputs or its exceptions leave one reading.

A homework describes its wrong variants as code. A release has fingerprints of their outputs instead. Both
become `KnownMistake`, and `decide` compares them with a submission's outputs. `exceptions` names mistakes of
Python. Nothing is guessed: unless exactly one explanation fits every case, there is no diagnosis.
"""

from autograder.course import MISTAKES, Course
from autograder.grading.diagnosis.decide import diagnose, diagnoser, explain
from autograder.grading.diagnosis.fingerprint import case_key
from autograder.grading.diagnosis.known_mistakes import (
    KnownMistake,
    Regime,
    load_known_mistakes,
    load_regimes,
)
from autograder.grading.diagnosis.stored import fingerprints, read_fingerprints


def known_mistakes_of(course: Course) -> tuple[KnownMistake, ...]:
    """Give a course's known mistakes: the reference's catalogue, or the release's fingerprints of it."""
    if course.reference is not None:
        return load_known_mistakes(course.reference)
    return read_fingerprints(course.definition.parent / MISTAKES)


def regimes_of(course: Course) -> tuple[Regime, ...]:
    """Give a course's regimes. A release has none: its cases are too few to tell them apart."""
    return load_regimes(course.reference) if course.reference is not None else ()


__all__ = [
    "KnownMistake",
    "Regime",
    "case_key",
    "diagnose",
    "diagnoser",
    "explain",
    "fingerprints",
    "known_mistakes_of",
    "load_known_mistakes",
    "load_regimes",
    "read_fingerprints",
    "regimes_of",
]
