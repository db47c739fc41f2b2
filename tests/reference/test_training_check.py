"""HW5's own kind of check: a short training, and the points that its accuracy earns."""

import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.authoring import DataSet, FaultKind, Status, StudentFault
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
    """The context's readings are the settings themselves, so that no code is run to find them."""
    monkeypatch.setattr(MODULE, "settings_of", lambda found, _: found)


class FakeContext:
    """Holds what a test puts in it."""

    untouched = False

    def __init__(self, **parts):
        self.__dict__.update(parts)

    def question(self, name, kind):
        return self.asked

    def data(self, count):
        zeros, labels = np.zeros((count, 1, 2, 2), np.float32), np.zeros(count, int)
        return DataSet(x_train=zeros, y_train=labels, x_test=zeros, y_test=labels, name="zeros")

    assignment = SimpleNamespace(given_definitions=None)
    definitions = None

    def generator(self, name):
        return np.random.default_rng(0)

    @contextmanager
    def run(self, definitions, limits):
        yield None


SPEC = Training(kind="training", id="t", question="q", full=0.4, none=0.15)


@pytest.mark.parametrize("reached", [0.1, 0.39, 0.9])
def test_nothing_is_judged_if_the_budget_is_too_small(reached):
    def train(*_):
        raise AssertionError("nothing needs training")

    context = training_context(reached, train=train)
    context.prepared["t"] = 0.39
    finding = check_training(SPEC, context)
    assert (finding.status, finding.fraction, finding.switched_off) == (Status.SKIPPED, 0, True)
    assert "reach 39.0%, not the 40% that earn all" in finding.message


@pytest.mark.parametrize(("none", "full"), [(0.4, 0.4), (0.5, 0.4), (-0.1, 0.4), (0.1, 1.1)])
def test_accuracies_that_earn_all_and_nothing_are_in_order(none, full):
    with pytest.raises(ValueError, match="`none` must be an accuracy below `full`"):
        Training(kind="training", id="t", question="q", full=full, none=none)


def training_context(accuracy, settings=None, train=None):
    found = Settings(solver={"update_rule": "adam"}, where="cell 9") if settings is None else settings
    run = TrainingRun(
        train=train or (lambda *_: Trained(parameters={}, losses=(2.3, 1.0))),
        accuracy=lambda parameters, x, y: accuracy,
        baseline=found,
        images=10,
    )
    return FakeContext(asked=run, readings={"t": found}, prepared={"t": 0.5})


@pytest.mark.parametrize(
    ("accuracy", "fraction"),
    [(0.5, 1.0), (0.4, 1.0), (0.1, 0.0), (0.0, 0.0), (0.15, 0.0), (0.275, 0.5), (0.35, 0.8), (0.9, 1.0)],
)
def test_credit_grows_with_the_accuracy(accuracy, fraction):
    finding = check_training(SPEC, training_context(accuracy))
    assert finding.fraction == pytest.approx(fraction)
    assert "40% earn all, and the reference's reach 50.0%" in finding.message
    assert finding.metrics["last_loss"] == 1.0


def test_no_settings_found():
    context = training_context(0.5, Settings(notes=("no call of `Solver`",)))
    finding = check_training(SPEC, context)
    assert finding.message == "No training settings were found: no call of `Solver`."


UNREAD = Settings(where="cell 9", unread=("`reg` of `Net` (cell 9, line 2)", "the network"))


def test_settings_that_could_not_be_read_are_left_to_a_person():
    finding = check_training(SPEC, training_context(0.275, UNREAD))
    assert (finding.status, finding.fraction) == (Status.MANUAL, pytest.approx(0.5))
    assert finding.message.endswith(
        "A person decides about the settings: `reg` of `Net` (cell 9, line 2); the network."
    )
    assert check_training(SPEC, training_context(0.5, UNREAD)).status is Status.MANUAL
    hidden = Settings(notes=("none was found",), unread=("the training in cell 9",))
    assert check_training(SPEC, training_context(0.5, hidden)).status is Status.MANUAL


def test_a_training_with_some_unread_settings_that_fails_is_left_to_a_person():
    def train(*_):
        raise StudentFault(FaultKind.CPU, "too long")

    finding = check_training(SPEC, training_context(0.5, UNREAD, train))
    assert (finding.status, finding.fraction) == (Status.MANUAL, 0)


@pytest.mark.parametrize("error", [ValueError("shapes"), StudentFault(FaultKind.CPU, "too long")])
def test_a_training_that_fails(error):
    def train(*_):
        raise error

    finding = check_training(SPEC, training_context(0.5, train=train))
    assert finding.fraction == 0
    assert str(error) in finding.message


def test_nothing_is_proposed_for_another_network_than_the_one_that_was_trained():
    doubted = Trained(parameters={}, losses=(2.3, 1.0), doubt="Its gradients are others.")
    finding = check_training(SPEC, training_context(0.5, train=lambda *_: doubted))
    assert (finding.status, finding.fraction) == (Status.MANUAL, 0)
    assert finding.message.startswith("Its gradients are others. A person decides.")


@given(accuracies=st.lists(st.floats(0, 1), min_size=2))
def test_more_accuracy_never_earns_less(accuracies):
    earned = [MODULE.credit(reached, SPEC.none, SPEC.full) for reached in sorted(accuracies)]
    assert earned == sorted(earned)
    assert all(0 <= one <= 1 for one in earned)
