"""The settings of a training are found by running its code with a `Solver` that does not train."""

import sys
import time

import msgspec
import numpy as np
import pytest
from corpus_grading import ROOT, course, given, notebook_with, sandboxes
from in_process import InProcess

from autograder.authoring.student import Limits
from autograder.grading.reading import definitions_of
from autograder.intake import read_notebook

KIND = course().authored.kinds["training"]
TRAINING = sys.modules[KIND.spec.__module__].training
PREAMBLE = [chunk for chunk in definitions_of(given(), course().assignment).chunks if not chunk.cell]
LIMITS = Limits(cpu_seconds=2, wall_seconds=20, memory_mb=1024)
TRAIN_CELL = next(cell for cell in given().cells if cell.grade_id == "train")
OWN = f"cell {len(given().cells) + 1}"
MODEL = "model = ThreeLayerConvNet(reg=1e-3)\n"
CALL = (
    "solver = Solver(model, data, update_rule='adam', optim_config={'learning_rate': 2e-3})\nsolver.train()\n"
)
FOUND = {"update_rule": "adam", "optim_config": {"learning_rate": 2e-3}}


@pytest.fixture(scope="module")
def session():
    with sandboxes()() as opened:
        yield opened


@pytest.fixture
def found_in(session):
    def run(definitions, ask):
        with session.student(definitions, LIMITS) as student:
            return ask(student)

    return lambda notebook: TRAINING.find_settings(TRAINING.find_code(notebook, given()), PREAMBLE, run)


def with_train_cell(source):
    """Give the release's notebook with other code in its `train` cell."""
    cells = [
        msgspec.structs.replace(cell, source=source) if cell.grade_id == "train" else cell
        for cell in given().cells
    ]
    return msgspec.structs.replace(given(), cells=tuple(cells))


def test_the_releases_settings_are_those_of_its_train_cell(found_in):
    found = found_in(given())
    assert (found.network, found.unread) == ({"reg": 0.1}, ())
    assert found.solver == {"update_rule": "sgd", "batch_size": 200, "optim_config": {"learning_rate": 1e-5}}


def test_the_solved_source_has_the_references_settings(found_in):
    found = found_in(read_notebook(ROOT / "source/hw5/HW5.ipynb"))
    assert (found.network, found.unread) == ({"reg": 1e-3}, ())
    assert found.solver["update_rule"] == "adam"


# ruff: noqa: E501 - students' code keeps its line breaks
SPELLINGS = {
    "literal": MODEL + CALL,
    "dict": MODEL
    + "s = {'update_rule': 'adam', 'optim_config': {'learning_rate': 2e-3}}\nSolver(model, data, **s)",
    "dict.update": MODEL
    + "s = {}\ns.update(update_rule='adam')\ns['optim_config'] = dict(learning_rate=2e-3)\nSolver(model, data, **s)",
    "function with defaults": "def go(rate=2e-3, rule='adam', **more):\n    net = ThreeLayerConvNet(reg=1e-3)\n"
    "    s = Solver(net, data, update_rule=rule, optim_config={'learning_rate': rate}, **more)\n    s.train()\n"
    "    return s\ngo()",
    "class": "class Run:\n    rate = 2e-3\n    def go(self):\n        net = ThreeLayerConvNet(reg=1e-3)\n"
    "        Solver(net, data, update_rule='adam', optim_config={'learning_rate': self.rate}).train()\nRun().go()",
    "subclass": "class Mine(Solver):\n    def __init__(self, model, data):\n        super().__init__(model, data, "
    "update_rule='adam', optim_config={'learning_rate': 2e-3})\nMine(ThreeLayerConvNet(reg=1e-3), data).train()",
    "alias": "from HW5_code.solver import Solver as S\n" + MODEL + CALL.replace("Solver(", "S("),
    "star import": "from HW5_code.solver import *\n" + MODEL + CALL,
    "comprehension": MODEL + "rates = [10 ** -k * 2 for k in range(1, 4)]\n"
    "Solver(model, data, update_rule='adam', optim_config={'learning_rate': round(rates[-1], 6)})",
    "max of a dict": MODEL + "tried = {2e-3: 0.5, 1e-4: 0.3}\nbest = max(tried, key=tried.get)\n"
    "Solver(model, data, update_rule='adam', optim_config={'learning_rate': best})",
    "magics": "!pip list\n%matplotlib inline\n" + MODEL + "%time\n" + CALL,
    "positional": "model = ThreeLayerConvNet((3, 32, 32), reg=1e-3)\n" + CALL,
    "the last of several": MODEL + "Solver(model, data, update_rule='sgd')\n" + CALL,
    "a subclass of the network": "class Net(ThreeLayerConvNet):\n    pass\nmodel = Net(reg=1e-3)\n" + CALL,
    "plots below": MODEL + CALL + "plt.plot(solver.loss_history, 'o')\nprint(solver.train_acc_history[-1])\n",
    "a loss before the training": MODEL
    + "print(model.loss(data['X_val'][:5], data['y_val'][:5])[0])\n"
    + CALL,
    "the solver's own settings": MODEL
    + CALL.replace("solver.train()", "print(solver.num_epochs, solver.lr_decay)")
    + "Solver(model, data, update_rule=solver.update_rule, optim_config=solver.optim_config)",
    "other epochs each time": MODEL
    + "Solver(model, data, update_rule='adam', optim_config={'learning_rate': 2e-3}, "
    "num_epochs=np.random.randint(1, 9))",
    "results returned": "def go():\n    s = Solver(ThreeLayerConvNet(reg=1e-3), data, update_rule='adam', "
    "optim_config={'learning_rate': 2e-3})\n    s.train()\n    return s.val_acc_history[-1]\nprint(go())",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_settings_have_the_values_that_python_gives_them(found_in, spelling):
    found = found_in(with_train_cell(SPELLINGS[spelling]))
    assert (found.solver, found.network, found.unread) == (FOUND, {"reg": 1e-3}, ())
    assert found.where == TRAIN_CELL.label


def test_a_statement_that_fails_ends_its_cell_as_in_a_notebook(found_in):
    found = found_in(with_train_cell(MODEL + CALL + "x = 1; 1 / 0\nSolver(model, data, update_rule='sgd')"))
    assert (found.solver, found.unread) == (FOUND, ())


def test_a_students_own_cell_counts_if_the_train_cell_is_unchanged(found_in):
    found = found_in(notebook_with(MODEL + CALL))
    assert (found.solver, found.where) == (FOUND, OWN)


def test_a_probe_below_the_train_cell_changes_nothing(found_in):
    worked = with_train_cell(
        "from HW5_code.solver import Solver as S\n" + MODEL + CALL.replace("Solver(", "S(")
    )
    probe = msgspec.structs.replace(
        TRAIN_CELL, id="probe", grade_id=None, index=len(worked.cells), source=MODEL + "Solver(model, data)"
    )
    found = found_in(msgspec.structs.replace(worked, cells=(*worked.cells, probe)))
    assert (found.solver, found.where) == (FOUND, TRAIN_CELL.label)


LOOP = """best = 0
for rate in (1e-2, 1e-3):
    solver = Solver(ThreeLayerConvNet(reg=1e-3), data, optim_config={'learning_rate': rate})
    solver.train()
    if solver.best_val_acc > best:
        best, chosen = solver.best_val_acc, rate
Solver(ThreeLayerConvNet(reg=1e-3), data, optim_config={'learning_rate': chosen}).train()
"""
UNCERTAIN = {
    "the best by results": (LOOP, "they depend on the results of a training: `best_val_acc` (cell"),
    "random": (
        MODEL + "Solver(model, data, optim_config={'learning_rate': np.random.rand()})",
        "they differ from run to run",
    ),
    "read before the last call": (
        MODEL
        + CALL
        + "rate = solver.loss_history[-1]\nSolver(model, data, optim_config={'learning_rate': rate})",
        "they depend on the results of a training: `loss_history` (cell",
    ),
    "endless": ("while True:\n    pass\n" + MODEL + CALL, "did not come to an end"),
    "doubled forty times": (
        "x = [0]\n"
        + "x += x\n" * 40
        + MODEL
        + "Solver(model, data, optim_config={'learning_rate': 1 / len(x)})",
        "does not come to a call of `Solver`: MemoryError (line",
    ),
    "an error first": (
        "rate = [][0]\n" + MODEL + "Solver(model, data, optim_config={'learning_rate': rate})",
        "does not come to a call of `Solver`: IndexError: list index out of range (line",
    ),
    "no call at all": ("solvers = []\n" + MODEL, "does not come to a call of `Solver`"),
    "an accuracy computed by hand": (
        MODEL
        + CALL
        + "right = np.mean(np.argmax(model.loss(data['X_val']), axis=1) == data['y_val'])\n"
        + "Solver(model, data, optim_config={'learning_rate': 1e-3 if right > 0.5 else 1e-4})",
        "they depend on the results of a training: `loss` (cell",
    ),
    "a result read inside a bare except": (
        MODEL
        + CALL
        + "try:\n    rate = 1e-3 if solver.val_acc_history[-1] > 0.5 else 1e-4\nexcept:\n    rate = 1e-4\n"
        + "Solver(model, data, optim_config={'learning_rate': rate})",
        "they depend on the results of a training: `val_acc_history` (cell",
    ),
    "the weights of the trained network": (
        MODEL
        + CALL
        + "big = any(np.max(w) > 0.5 for w in solver.model.params.values())\n"
        + "Solver(model, data, optim_config={'learning_rate': 1e-3 if big else 1e-4})",
        "they depend on the results of a training: `params` (cell",
    ),
    "one weight of the trained network": (
        MODEL + CALL + "Solver(model, data, optim_config={'learning_rate': float(model.params['W1'])})",
        "they depend on the results of a training: `params['W1']` (cell",
    ),
    "check_accuracy": (
        MODEL
        + CALL
        + "rate = 1e-3 if solver.check_accuracy(data['X_val'], data['y_val']) > 0.5 else 1e-4\n"
        + "Solver(model, data, optim_config={'learning_rate': rate})",
        "they depend on the results of a training: `check_accuracy` (cell",
    ),
    "the memory limit after a call": (
        MODEL + CALL + "x = [0]\n" + "x += x\n" * 40 + CALL,
        "its code met the limit of memory: MemoryError (line",
    ),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_uncertain_settings_are_left_to_a_person(found_in, name):
    source, why = UNCERTAIN[name]
    start = time.monotonic()
    (said,) = found_in(with_train_cell(source)).unread
    assert why in said
    assert time.monotonic() - start < 30


def test_training_in_a_cell_of_the_release_is_left_to_a_person(found_in):
    without = msgspec.structs.replace(
        given(), cells=tuple(c for c in given().cells if "Solver" not in c.source)
    )
    assert found_in(without).unread == ()
    code = without.code_cells[-1]
    hidden = msgspec.structs.replace(code, source=code.source + "\n# Solver(m, data)")
    changed = msgspec.structs.replace(
        without, cells=tuple(hidden if cell is code else cell for cell in without.cells)
    )
    found = found_in(changed)
    assert (found.where, found.unread) == ("", (f"the training in {code.label}",))


@pytest.mark.parametrize(
    "insane", ["-1e17", "True", "'16'", "[16]", "float('nan')", "1e400", "10**5000", "0x" + "f" * 5000]
)
def test_impossible_settings_are_left_out_with_a_notice(found_in, insane):
    code = f"""x = {insane}
model = ThreeLayerConvNet(num_filters=x, reg=x)
Solver(model, data, lr_decay=x, batch_size=x, update_rule=x, optim_config={{'learning_rate': x}})
"""
    found = found_in(with_train_cell(code))
    assert (found.network, found.solver) == ({}, {"optim_config": {}})
    assert found.unread == ()
    assert len(found.notes) == 5
    assert found.notes[0].startswith("`reg` can't be ")


def calls(**changes):
    call = {"solver": {"update_rule": "adam"}, "network": {"reg": 1e-3}, "place": "cell 1, line 1"}
    return {"calls": [call | changes], "reads": []}


class Claiming(InProcess):
    """A child that gives one answer to every question."""

    def __init__(self, answer):
        super().__init__({"__recorded__": lambda: answer})


def claimed(answer):
    """Give the settings that are read from an answer of the child."""
    code = TRAINING.TrainingCode(where="cell 1")
    return TRAINING.find_settings(code, (), lambda definitions, ask: ask(Claiming(answer)))


def test_an_answer_of_the_right_form_is_accepted():
    assert claimed(calls()).solver == {"update_rule": "adam"}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {"calls": 3},
        {"calls": [3]},
        {"calls": [{}]},
        calls(solver=[1]),
        calls(place=["here"]),
        calls(network="none"),
        {**calls(), "reads": [np.zeros(3)] * 2, "more": object()},
        {**calls(), "reads": {"a": 1}},
    ],
)
def test_an_answer_of_another_form_raises_nothing_and_gives_no_settings(answer):
    found = claimed(answer)
    assert (found.solver, len(found.unread)) in (({}, 1), ({"update_rule": "adam"}, 0))


@pytest.mark.parametrize(
    "forged",
    [np.zeros(3), np.zeros((0,)), [np.zeros(2)], {"a": np.ones(2)}, object(), 10**400, "x" * 10**6, b"x"],
)
def test_a_forged_setting_is_left_out(forged):
    settings = dict.fromkeys(("update_rule", "batch_size", "lr_decay", "optim_config"), forged)
    found = claimed(calls(solver=settings, network={"reg": forged}))
    assert (found.network, found.unread) == ({}, ())
    assert found.solver in ({}, {"optim_config": {}})
    assert all(len(note) < 120 for note in found.notes)
