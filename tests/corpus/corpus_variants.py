"""The catalogue of known mistakes, asked as if each were a submission."""

import functools
from collections import Counter
from pathlib import Path

import numpy as np

from autograder.authoring.loading import load_module
from autograder.authoring.questions import Answer
from autograder.authoring.student import FaultKind, StudentFault
from autograder.course import find_course
from autograder.grading.compare import compare
from autograder.grading.diagnosis import diagnose, known_mistakes_of

COURSE = find_course(Path(__file__).parents[2], "hw5")
SUSPECTS = {suspect.id: suspect for suspect in known_mistakes_of(COURSE)}
QUESTION = {"out": "forward", "dx": "backward", "dw": "backward", "db": "backward"}


def variants():
    """The functions behind the known mistakes, by id."""
    return _module().VARIANTS


def forms(name):
    """All functions behind a known mistake."""
    return (variants()[name], *_module().ALSO.get(name, ()))


@functools.cache
def _module():
    return load_module(COURSE.reference / "mistakes.py")


@functools.cache
def hidden_cases(seed=0):
    """The cases of a submission."""
    return COURSE.authored.questions["forward"].cases(np.random.default_rng(seed))


@functools.cache
def expected(case_id, question, seed=0):
    """What is expected on one of them."""
    (case,) = (case for case in hidden_cases(seed) if case.id == case_id)
    return COURSE.authored.questions[question].expect(None, case)


def right(output, seed=0):
    """A function that gives the right output of a case."""
    return lambda case: expected(case.id, QUESTION[output], seed)[output].value


def answers(output, give, seed=0):
    """What a student's function answers whose output is that of `give`."""
    found = []
    for case in hidden_cases(seed):
        try:
            with np.errstate(all="ignore"):
                outputs = {output: give(case)}
            wanted = expected(case.id, QUESTION[output], seed)
            found.append(Answer(case=case, outputs=outputs, expected=wanted))
        except Exception as error:
            fault = StudentFault(FaultKind.RAISED, type(error).__name__)
            found.append(Answer(case=case, outputs={}, expected={}, fault=fault))
    return found


def name_of(output, found):
    """The name that answers get."""
    suspect = diagnose(output, found, tuple(SUSPECTS.values()))
    return suspect and suspect.id


def verdicts(seed):
    """How many variants were detected and named, by a submission's cases; and which were not."""
    said, odd = Counter(), []
    for name, suspect in SUSPECTS.items():
        found = answers(suspect.output, variants()[name], seed)
        output = suspect.output
        wrong = any(
            a.fault is not None or compare(output, a.outputs[output], a.expected[output]) for a in found
        )
        verdict = {name: "named", None: "not named"}.get(name_of(suspect.output, found), "named wrongly")
        said["detected" if wrong else "missed"] += 1
        said[verdict] += 1
        if not wrong or verdict != "named":
            odd.append((seed, name, "detected" if wrong else "missed", verdict))
    return said, odd
