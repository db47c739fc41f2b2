"""Asking a comparison: an expectation that compares nothing is the author's mistake, and is said."""

import contextlib

import numpy as np
import pytest
from in_process import InProcess

from autograder.authoring import Case, Comparison, Expected, Handles
from autograder.errors import AssignmentError
from autograder.grading.checks.asking import answers_to


class Context:
    """Asks one question of a function `f` that gives its argument back."""

    def __init__(self, question):
        self._question = question

    def question(self, name, kind):
        return self._question

    def generator(self, name):
        return np.random.default_rng(0)

    @contextlib.contextmanager
    def handles(self, limits, alone=False):
        student = InProcess({"f": lambda x: x})
        yield Handles(student, lambda: student)

    def once(self, key, make):
        return make()


def ask(expected, outputs=("out",)):
    case = Case(id="one", about="x", regime="r", inputs={"x": 1.0})
    question = Comparison(
        outputs=outputs,
        cases=lambda rng: [case],
        ask=lambda handles, case: {"out": handles.student.call("f", case.inputs["x"])},
        expect=lambda handles, case: expected,
    )
    return answers_to("q", "default", Context(question)).answers


def value(number=1.0):
    return Expected(value=np.asarray(number), allowed=1e-12)


def test_a_sound_expectation_is_asked():
    (answer,) = ask({"out": value()})
    assert answer.outputs == {"out": 1.0}


@pytest.mark.parametrize(
    ("expected", "outputs", "says"),
    [
        ({"out": value()}, ("out", "dx"), "`expect` gives `out`, its outputs are `out`, `dx`"),
        ({}, ("out",), "`expect` gives nothing, its outputs are `out`"),
        ({"out": value(np.zeros((0, 3)))}, ("out",), "the expected arrays are empty, so nothing is compared"),
    ],
)
def test_an_expectation_that_judges_nothing_is_refused(expected, outputs, says):
    with pytest.raises(AssignmentError) as error:
        ask(expected, outputs)
    assert "the question `q`, case `one`: " in str(error.value)
    assert says in str(error.value)
