"""The context of a check: questions, memory, the time budget, and whose faults are whose."""

from contextlib import contextmanager

import numpy as np
import pytest
from in_process import InProcess

from autograder.assignment import read_assignment
from autograder.authoring.context import AssignmentContext, CheckContext, Reading
from autograder.authoring.questions import Comparison, DataSet, Probe
from autograder.authoring.student import FaultKind, Limits, StudentFault
from autograder.errors import AssignmentError, GraderFault
from autograder.grading.budget import TimeBudget
from autograder.model import Definitions, Notebook, Submission

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
NOTEBOOK = Notebook(path="n", cells=())


class Slow:
    """A session whose functions let a clock of ours go on by a second each; `broken` raises."""

    walls = ()

    def __init__(self):
        self.now = 0.0

    def f(self):
        self.now += 1.0
        return self.now

    def broken(self):
        raise ValueError("no")

    @contextmanager
    def student(self, definitions, limits):
        yield InProcess({"f": self.f, "broken": self.broken})


@pytest.fixture
def session():
    return Slow()


@pytest.fixture
def budget(session):
    return TimeBudget(2.5, clock=lambda: session.now)


@pytest.fixture
def context(session, budget):
    shared = AssignmentContext(
        given=NOTEBOOK,
        given_definitions=Definitions(),
        file_rules=(),
        questions={"q": Comparison(outputs=(), cases=lambda _: (), ask=None, expect=None)},
        limits={"default": Limits()},
        withheld=(),
        load_data=lambda count: DataSet(*[np.zeros(count)] * 4, name="a stand-in"),
        prepared={},
        diagnose=lambda output, answers, code: {},
        seed=0,
    )
    submission = Submission(id="s001", learner="s001", origin="s001", notebook=NOTEBOOK)
    return CheckContext(shared, Reading(submission=submission), session, budget)


def test_code_that_sleeps_in_every_call_is_not_waited_for_again(context, budget):
    assert budget.exhausted == ""
    with context.handles("default") as handles:
        assert [handles.student.call("f") for _ in range(3)] == [1, 2, 3]
    for open_handle in (lambda: context.handles("default"), lambda: context.run(Definitions(), "default")):
        with open_handle() as opened, pytest.raises(StudentFault) as caught:
            getattr(opened, "student", opened).call("f")
        assert caught.value.kind is FaultKind.WALL
        assert caught.value.message == budget.exhausted
    assert budget.exhausted == (
        "Its code used up the 2.5 s that one submission may take, so some checks were not made."
    )


def test_a_function_that_met_a_limit_is_not_called_again(session):
    calls = []

    def ask(request):
        calls.append(request.function)
        raise StudentFault(FaultKind.CPU, "too long")

    budget = TimeBudget(100, clock=lambda: session.now)
    student = InProcess({}).through(lambda request, _: budget(request, ask))
    for name in ("f", "f", "g"):
        with pytest.raises(StudentFault, match="too long"):
            student.call(name)
    assert calls == ["f", "g"]


def test_the_releases_own_code_fails_at_the_graders_cost(context):
    with (
        context.handles("default") as handles,
        pytest.raises(GraderFault, match="own code failed: ValueError: no"),
    ):
        handles.given.call("broken")


def test_a_question_is_of_the_kind_that_is_wanted(context):
    assert isinstance(context.question("q", Comparison), Comparison)
    with pytest.raises(AssignmentError, match="no question `z`; there are: q"):
        context.question("z", Comparison)
    with pytest.raises(AssignmentError, match="the question `q` is a Comparison, expected a Probe"):
        context.question("q", Probe)


def test_a_thing_is_made_once_for_a_submission(context):
    made = []
    for _ in range(2):
        assert context.once(("key", "q"), lambda: made.append(1) or "made") == "made"
    assert made == [1]


def test_a_generator_is_the_same_for_the_same_name_only(context):
    one, again, other = (context.generator(name).random() for name in ("a", "a", "b"))
    assert one == again != other


@pytest.fixture
def assignment(tmp_path):
    def read(budget):
        path = tmp_path / "assignment.toml"
        path.write_text(SMALL.format(budget))
        return read_assignment(path)

    return read


def test_a_budget_below_a_limit_of_the_clock_is_refused(assignment):
    with pytest.raises(
        AssignmentError, match="budget_seconds = 4 must be at least the longest wall_seconds = 5"
    ):
        assignment(4)
