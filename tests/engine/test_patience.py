"""How long a submission's code is waited for in all."""

from contextlib import contextmanager

import msgspec
import pytest

from autograder.assignment import read_assignment
from autograder.errors import AssignmentError
from autograder.model import Definitions, Notebook, Submission
from autograder.student import FaultKind, InProcess, StudentFault
from autograder.workbench import Materials, Workbench

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
        yield InProcess({"f": self.f})


@pytest.fixture
def bench(assignment, monkeypatch):
    session = Slow()
    notebook = Notebook(path="n", cells=())
    materials = Materials(
        assignment=msgspec.structs.replace(assignment(5), budget_seconds=2.5),
        questions={},
        given=notebook,
        given_definitions=Definitions(),
        load_images=lambda _: None,
        baselines={},
        salt=0,
    )
    monkeypatch.setattr(Workbench, "clock", lambda self: session.now)
    submission = Submission(id="s001", learner="s001", origin="s001", notebook=notebook)
    return Workbench(materials, submission, notebook, Definitions(), session)


def test_what_sleeps_in_every_call_is_not_waited_for_again(bench):
    with bench.desk("default") as desk:
        assert [desk.student.call("f") for _ in range(3)] == [1, 2, 3]
    for open_handle in (lambda: bench.desk("default"), lambda: bench.tool(Definitions(), "default")):
        with open_handle() as opened, pytest.raises(StudentFault) as caught:
            getattr(opened, "student", opened).call("f")
        assert caught.value.kind is FaultKind.WALL
        assert caught.value.message == (
            "Not run: this submission's code has taken 2.5 s in the checks before, "
            "which is all the time that there is."
        )


def test_a_budget_below_a_limit_of_the_clock_is_refused(assignment):
    with pytest.raises(
        AssignmentError, match="budget_seconds = 4 must be at least the longest wall_seconds = 5"
    ):
        assignment(4)
