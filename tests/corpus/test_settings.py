"""Which settings a notebook's training has: found in its text, and left to a person where they can't be."""

import msgspec
import pytest
from corpus_grading import ROOT, course, given, notebook_with

from autograder.intake import read_notebook

GIVEN = given()
OWN = f"cell {len(GIVEN.cells) + 1}"
END = "solver = Solver(model, data, update_rule='adam', optim_config={'learning_rate': 2e-3})\nsolver.train()"


def found_in(notebook):
    return course().authored.questions["training"].find(notebook, GIVEN)


def with_train_cell(source):
    """The release's notebook with the text of its `train` cell changed."""
    cells = [
        msgspec.structs.replace(cell, source=source(cell.source)) if cell.grade_id == "train" else cell
        for cell in GIVEN.cells
    ]
    return msgspec.structs.replace(GIVEN, cells=tuple(cells))


def test_the_releases_own_are_those_of_its_train_cell():
    found = found_in(GIVEN)
    assert (found.network, found.unread) == ({"reg": 0.1}, ())
    assert found.solver == {
        "update_rule": "sgd",
        "batch_size": 200,
        "optim_config": {"learning_rate": 1e-5},
    }


def test_numbers_changed_in_place_are_found():
    changed = with_train_cell(lambda text: text.replace("'sgd'", "'adam'").replace("1e-5", "3e-3"))
    found = found_in(changed)
    assert (found.solver["update_rule"], found.solver["optim_config"]) == ("adam", {"learning_rate": 3e-3})
    assert found.unread == ()


def test_a_harmless_look_at_the_settings_changes_nothing():
    changed = with_train_cell(
        lambda text: text.replace(
            "model = ", "for name, value in settings.items():\n    print(name, settings.get(name))\nmodel = "
        )
    )
    assert found_in(changed) == found_in(GIVEN)


@pytest.mark.parametrize(
    "made",
    [
        "model = ThreeLayerConvNet(num_filters=16, reg=1e-3)\nother = ThreeLayerConvNet(num_filters=8)\n"
        + END,
        END.replace("model,", "ThreeLayerConvNet(num_filters=16, reg=1e-3),", 1),
        "def build(n): return ThreeLayerConvNet(num_filters=n, reg=1e-3)\nmodel = build(16)\n" + END,
        "models = {16: ThreeLayerConvNet(num_filters=16, reg=1e-3)}\n"
        + END.replace("model,", "models[16],", 1),
        "model = ThreeLayerConvNet((3, 32, 32), 16, reg=1e-3)\n" + END,
    ],
)
def test_the_network_is_the_one_that_the_training_is_given(made):
    found = found_in(notebook_with(made))
    assert found.network == {"num_filters": 16, "reg": 1e-3}
    assert found.solver == {"update_rule": "adam", "optim_config": {"learning_rate": 2e-3}}
    assert (found.where, found.unread) == (OWN, ())


def test_a_wrapper_with_defaults_is_followed():
    code = """def run(rate=1e-2, rule='sgd', **more):
    net = ThreeLayerConvNet(weight_scale=1e-3)
    trainer = Solver(net, data, update_rule=rule, optim_config={'learning_rate': rate}, **more)
    trainer.train()
    return trainer
"""
    found = found_in(notebook_with(code, "run(1e-3, rule='rmsprop', batch_size=50)"))
    assert found.network == {"weight_scale": 1e-3}
    assert found.solver == {
        "update_rule": "rmsprop",
        "optim_config": {"learning_rate": 1e-3},
        "batch_size": 50,
    }
    assert found.unread == ()


def test_a_sweep_leaves_it_to_a_person_which_settings_count():
    code = "for r in (1e-3, 1e-4):\n    Solver(ThreeLayerConvNet(), data, optim_config={'learning_rate': r})"
    found = found_in(notebook_with(code))
    assert found.unread == (f"which of the 2 settings that {OWN} trains with is the one that counts",)
    after = found_in(notebook_with(code, "model = ThreeLayerConvNet()\n" + END))
    assert after.unread == ()


@pytest.mark.parametrize(
    ("code", "unread"),
    [
        (
            "model = ThreeLayerConvNet(reg=best_reg)\n" + END,
            "`reg` of `ThreeLayerConvNet` (cell {}, line 1)",
        ),
        (
            "model = ThreeLayerConvNet()\nSolver(model, data, optim_config=tuned())",
            "`optim_config` of `Solver` (cell {}, line 2)",
        ),
        ("model = ThreeLayerConvNet()\nSolver(model, data, **tuned())", "`**` of `Solver` (cell {}, line 2)"),
        ("model = nets.pop()\n" + END, "the network that `Solver` is given (cell {}, line 2)"),
        (
            "class Net(ThreeLayerConvNet): pass\nmodel = Net()\n" + END,
            "the network that `Solver` is given (cell {}, line 3)",
        ),
    ],
)
def test_what_can_not_be_read_is_named_with_its_place(code, unread):
    assert unread.format(len(GIVEN.cells) + 1) in found_in(notebook_with(code)).unread


def test_a_training_out_of_sight_is_left_to_a_person():
    without = msgspec.structs.replace(GIVEN, cells=tuple(c for c in GIVEN.cells if "Solver(" not in c.source))
    code = next(cell for cell in GIVEN.cells if "def conv_forward_naive" in cell.source)
    hidden = msgspec.structs.replace(
        code, id="own", index=90, source="class T:\n    def go(self): Solver(m, data)\nT().go()"
    )
    found = found_in(msgspec.structs.replace(without, cells=(*without.cells, hidden)))
    assert (found.where, found.unread) == ("", ("the training in cell 91",))
    assert found_in(without).unread == ()


def test_a_notebook_that_takes_too_long_to_follow_is_left_to_a_person():
    endless = "def f(n):\n    for i in range(1000):\n        f(i)\nf(0)"
    found = found_in(notebook_with(endless, "model = ThreeLayerConvNet()\n" + END))
    assert found.solver == found_in(GIVEN).solver
    assert found.unread == ("what comes late in the notebook, as following it takes too many steps",)


def test_the_solved_source_can_be_followed_to_its_end():
    found = found_in(read_notebook(ROOT / "source/hw5/HW5.ipynb"))
    assert (found.network, found.unread) == ({"reg": 1e-3}, ())
    assert found.solver["update_rule"] == "adam"


@pytest.mark.parametrize("insane", ["-1e17", "True", "'16'", "[16]"])
def test_settings_that_no_training_can_have_are_left_out_and_said(insane):
    code = f"""x = {insane}
model = ThreeLayerConvNet(num_filters=x, reg=x)
Solver(model, data, lr_decay=x, batch_size=x, update_rule=x, optim_config={{'learning_rate': x}})
"""
    found = found_in(notebook_with(code))
    assert (found.network, found.solver, found.unread) == ({}, {"optim_config": {}}, ())
    assert len(found.notes) == 5
    assert found.notes[0].startswith("`reg` can't be ")


@pytest.mark.parametrize("huge", ["float('nan')", "1e400", "-1e30"])
def test_numbers_beyond_every_use_are_not_taken(huge):
    found = found_in(notebook_with(f"Solver(ThreeLayerConvNet(num_filters={huge}), data, batch_size={huge})"))
    assert (found.network, found.solver) == ({}, {})
