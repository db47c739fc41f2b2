"""A context that holds what a test puts in it, for checks on a student in this process."""

import contextlib

import numpy as np
from in_process import InProcess

from autograder.authoring import DataSet, Handles
from autograder.authoring.questions import Answers
from autograder.grading.checks import KINDS
from autograder.model import OutputText


class Now:
    """A clock that only work moves, so that a busy machine changes nothing."""

    seconds = 0.0


def run_check(spec, context):
    return KINDS[spec.kind].run(spec, context)


class FakeContext:
    """Holds what a test puts in it."""

    def __init__(self, namespace=None, **parts):
        self.student = InProcess(namespace or {})
        self.untouched = False
        self.cells, self.readings, self.prepared = {}, {}, {}
        self.__dict__.update(parts)

    @contextlib.contextmanager
    def handles(self, limits, alone=False):
        yield Handles(self.student, lambda: self.student)

    @contextlib.contextmanager
    def run(self, definitions, limits):
        namespace = {}
        for chunk in definitions.chunks:
            exec(chunk.source, namespace)
        yield InProcess(namespace)

    def once(self, key, make):
        if key[0] == "answers":
            return Answers(answers=tuple(self.known[key[1]]), printed=OutputText(text=f"for {key[1]}"))
        return make() if key[0] == "found" else None

    def question(self, name, kind):
        assert isinstance(self.asked, kind)
        return self.asked

    def mistakes(self, question, output, answers):
        return {}

    def generator(self, name):
        return np.random.default_rng(0)

    def data(self, count):
        zeros = np.zeros((count, 1, 2, 2), np.float32)
        return DataSet(
            x_train=zeros, y_train=np.zeros(count), x_test=zeros, y_test=np.zeros(count), name="zeros"
        )

    def clock(self):
        return Now.seconds
