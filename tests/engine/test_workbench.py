"""The checks' bench: how long a submission's code is waited for, what it printed, what it was trained on."""

from contextlib import contextmanager

import msgspec
import numpy as np
import pytest
from autograder.grading.context import CheckContext, Materials
from in_process import InProcess

from autograder.assignment import read_assignment
from autograder.authoring.questions import Comparison, Images
from autograder.authoring.student import FaultKind, StudentFault
from autograder.errors import AssignmentError
from autograder.model import Definitions, Notebook, OutputText, Submission

SMALL = """
id = "a"
title = "A"
version = "1"
notebook = "a.ipynb"
definitions = ["f"]
budget_seconds = {}
[files]
rules = [{{ suffix = ".ipynb" }}]
[limits.default]
cpu_seconds = 1
wall_seconds = 5
[[items]]
id = "i"
title = "I"
step = 1
points = 1
[[items.checks]]
kind = "files"
id = "c"
"""


@pytest.fixture
def assignment(tmp_path):
    def read(budget):
        path = tmp_path / "assignment.toml"
        path.write_text(SMALL.format(budget))
        return read_assignment(path)

    return read


class Slow:
    """A session whose functions let a clock of ours go on by a second each."""

    walls = ()

    def __init__(self):
        self.now = 0.0

    def f(self):
        self.now += 1.0
        return self.now

    @contextmanager
    def student(self, definitions, limits):
        yield Chatty({"f": self.f})


class Chatty(InProcess):
    """Has printed something."""

    def printed(self):
        return OutputText(text="0.5\n")


@pytest.fixture
def bench(assignment, monkeypatch):
    session = Slow()
    notebook = Notebook(path="n", cells=())
    materials = Materials(
        assignment=msgspec.structs.replace(assignment(5), budget_seconds=2.5),
        questions={"q": Comparison(cases=lambda _: (), ask=None, expect=None)},
        given=notebook,
        given_definitions=Definitions(),
        load_images=lambda count: Images(*[np.zeros(count)] * 4, name="a stand-in"),
        baselines={},
        salt=0,
    )
    monkeypatch.setattr(CheckContext, "clock", lambda self: session.now)
    submission = Submission(id="s001", learner="s001", origin="s001", notebook=notebook)
    return CheckContext(materials, submission, notebook, Definitions(), session)


def test_what_sleeps_in_every_call_is_not_waited_for_again(bench):
    assert bench.given_up == ""
    with bench.handles("default") as handles:
        assert [handles.student.call("f") for _ in range(3)] == [1, 2, 3]
    for open_handle in (lambda: bench.handles("default"), lambda: bench.tool(Definitions(), "default")):
        with open_handle() as opened, pytest.raises(StudentFault) as caught:
            getattr(opened, "student", opened).call("f")
        assert caught.value.kind is FaultKind.WALL
        assert caught.value.message == bench.given_up
    assert bench.given_up == (
        "Its code had taken the 2.5 s that there are for one submission before all was asked."
    )


def test_what_was_printed_is_shown_to_the_first_check_that_asks(bench):
    assert bench.printed("q") is None
    assert bench.answers("q", "default") == ()
    assert bench.printed("q") == OutputText(text="0.5\n")
    assert bench.printed("q") is None


def test_the_data_that_was_trained_on_is_known_by_name(bench):
    assert bench.data == ""
    bench.images(2)
    assert bench.data == "a stand-in"


def test_a_budget_below_a_limit_of_the_clock_is_refused(assignment):
    with pytest.raises(
        AssignmentError, match="budget_seconds = 4 must be at least the longest wall_seconds = 5"
    ):
        assignment(4)
