"""Name the mistake in a submission whose outputs are exactly those of a known wrong variant.

A homework describes its wrong variants as code. A release has fingerprints of their outputs instead. Both
become `KnownMistake`, and `decide` compares them with a submission's outputs. Nothing is guessed: unless
exactly one variant fits every case, there is no diagnosis.
"""

from autograder.course import MISTAKES, Course
from autograder.grading.diagnosis.decide import diagnose, diagnoser
from autograder.grading.diagnosis.known_mistakes import KnownMistake, load_known_mistakes
from autograder.grading.diagnosis.stored import case_key, fingerprints, read_fingerprints


def known_mistakes_of(course: Course) -> tuple[KnownMistake, ...]:
    """Give a course's known mistakes: the reference's catalogue, or the release's fingerprints of it."""
    if course.reference is not None:
        return load_known_mistakes(course.reference)
    return read_fingerprints(course.definition.parent / MISTAKES)


__all__ = [
    "KnownMistake",
    "case_key",
    "diagnose",
    "diagnoser",
    "fingerprints",
    "known_mistakes_of",
    "load_known_mistakes",
    "read_fingerprints",
]
