"""The check kind of HW5's own: a short training, and how much of its gain earns what."""

import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring import DataSet, FaultKind, Handles, Status, StudentFault
from autograder.course import find_course

KIND = find_course(Path(__file__).parents[2], "hw5").authored.kinds["training"]
MODULE = sys.modules[KIND.spec.__module__]
Training, TrainingRun, Settings, Trained = (
    MODULE.Training,
    MODULE.TrainingRun,
    MODULE.Settings,
    MODULE.Trained,
)
check_training = KIND.run


@pytest.fixture(autouse=True)
def settings_as_they_are(monkeypatch):
    """The context's readings are the settings themselves: nothing is run to find them."""
    monkeypatch.setattr(MODULE, "settings_of", lambda found, _: found)


class FakeContext:
    """Holds what a test puts in it."""

    untouched = False

    def __init__(self, **parts):
        self.__dict__.update(parts)

    def question(self, name, kind):
        return self.asked

    def data(self, count):
        zeros = np.zeros((count, 1, 2, 2), np.float32)
        return DataSet(
            x_train=zeros, y_train=np.zeros(count), x_test=zeros, y_test=np.zeros(count), name="zeros"
        )

    @contextmanager
    def handles(self, limits):
        yield Handles(None, lambda: None)


def test_who_reaches_the_reference_has_full_credit_however_small_the_budget():
    context = training_context(0.09)
    context.prepared["t"] = 0.09
    assert check_training(Training(kind="training", id="t", question="q"), context).fraction == 1
    context.prepared["t"] = 0.11
    finding = check_training(Training(kind="training", id="t", question="q"), context)
    assert finding.status is Status.SKIPPED
    assert "learn too little to tell" in finding.message


def training_context(accuracy, settings=None, train=None):
    found = Settings(solver={"update_rule": "adam"}, where="cell 9") if settings is None else settings
    run = TrainingRun(
        train=train or (lambda student, settings, images: Trained(parameters={}, losses=(2.3, 1.0))),
        accuracy=lambda parameters, x, y: accuracy,
        baseline=found,
        images=10,
        chance=0.1,
    )
    return FakeContext(asked=run, readings={"t": found}, prepared={"t": 0.5})


@pytest.mark.parametrize(
    ("accuracy", "fraction"), [(0.5, 1.0), (0.46, 1.0), (0.1, 0.0), (0.18, 0.0), (0.32, 0.5), (0.9, 1.0)]
)
def test_credit_grows_with_the_gain_over_chance(accuracy, fraction):
    finding = check_training(Training(kind="training", id="t", question="q"), training_context(accuracy))
    assert finding.fraction == pytest.approx(fraction)
    assert "the reference's reach 50.0%" in finding.message
    assert finding.metrics["last_loss"] == 1.0


def test_no_settings_found():
    context = training_context(0.5, Settings(notes=("no call of `Solver`",)))
    finding = check_training(Training(kind="training", id="t", question="q"), context)
    assert finding.message == "No training settings were found: no call of `Solver`."


UNREAD = Settings(where="cell 9", unread=("`reg` of `Net` (cell 9, line 2)", "the network"))


def test_settings_that_could_not_be_read_are_left_to_a_person():
    finding = check_training(Training(kind="training", id="t", question="q"), training_context(0.32, UNREAD))
    assert (finding.status, finding.fraction) == (Status.MANUAL, pytest.approx(0.5))
    assert finding.message.endswith(
        "A person decides about the settings: `reg` of `Net` (cell 9, line 2); the network."
    )
    assert (
        check_training(Training(kind="training", id="t", question="q"), training_context(0.5, UNREAD)).status
        is Status.PASSED
    )
    hidden = Settings(notes=("none was found",), unread=("the training in cell 9",))
    assert (
        check_training(Training(kind="training", id="t", question="q"), training_context(0.5, hidden)).status
        is Status.MANUAL
    )


def test_a_training_with_some_unread_settings_that_fails_is_left_to_a_person():
    def train(*_):
        raise StudentFault(FaultKind.CPU, "too long")

    finding = check_training(
        Training(kind="training", id="t", question="q"), training_context(0.5, UNREAD, train)
    )
    assert (finding.status, finding.fraction) == (Status.MANUAL, 0)


@pytest.mark.parametrize("error", [ValueError("shapes"), StudentFault(FaultKind.CPU, "too long")])
def test_a_training_that_fails(error):
    def train(*_):
        raise error

    finding = check_training(
        Training(kind="training", id="t", question="q"), training_context(0.5, train=train)
    )
    assert finding.fraction == 0
    assert str(error) in finding.message
