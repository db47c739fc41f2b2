"""Settings read from calls without running them."""

import pytest
from extract_samples import notebook
from hypothesis import given
from hypothesis import strategies as st

from autograder.extract import find_calls


def call(*sources, name="Solver"):
    (found,) = find_calls(notebook(*sources), name)
    return found


@pytest.mark.parametrize(
    "code",
    [
        "s = {'lr': 1}\ns.update({'lr': 2})\nSolver(**s)",
        "s = {'lr': 1}\ns.update(lr=2)\nSolver(**s)",
        "s = {'a': 1}\nt = {**s, 'lr': 2}\nSolver(lr=t['lr'])",
        "s = dict({'lr': 1}, lr=2)\nSolver(**s)",
        "s = dict(a=1)\nt = dict(s, lr=2)\nSolver(lr=t['lr'])",
        "lr = 1\nlr *= 2\nSolver(lr=lr)",
        "lr: int = 2\nSolver(lr=lr)",
        "lr = rate = 2\nSolver(lr=rate)",
        "Solver(lr=int('2'))",
        "Solver(lr=2 ** 3 // 4)",
        "Solver(lr=12 % 5)",
        "rates = [1, 2]\nSolver(lr=rates[-1])",
        "%time lr = 1\nlr = 2\nSolver(lr=lr)",
        "lr = 2\nprint(lr, 'is used')\nSolver(lr=lr)",
    ],
)
def test_what_can_be_read(code):
    assert call(code).arguments["lr"] == 2
    assert call(code).unresolved == ()


@pytest.mark.parametrize(
    "code",
    [
        "s = {'lr': 1}\ns[key] = 2\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\ns[[1]] = 2\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\ns.update(other)\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\ns.clear()\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\ndel s['lr']\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\nif better:\n    s['lr'] = 2\nSolver(lr=s['lr'])",
        "lr = 1\nif better:\n    lr = 2\nSolver(lr=lr)",
        "lr = 1\nlr += choose()\nSolver(lr=lr)",
        "lr = 1\ndef lr(): pass\nSolver(lr=lr)",
        "lr = 1\ndel lr\nSolver(lr=lr)",
        "lr, b = 1, 2, 3\nSolver(lr=lr)",
        "lr = 1\ndef go():\n    lr = choose()\n    Solver(lr=lr)",
        "lr = 1\n[Solver(lr=lr) for lr in rates]",
        "Solver(lr={[1]: 2})",
        "Solver(lr=9 ** 60)",
        "Solver(lr=1 / 0)",
        "Solver(lr=-True)",
        "Solver(lr='a' * 3)",
        "Solver(lr=float('x'))",
        "Solver(lr=int(1e400))",
        "Solver(lr=dict(1))",
        "Solver(lr=not x)",
    ],
)
def test_what_can_not_be_read_is_named_with_its_text(code):
    found = call(code)
    assert found.unresolved == ("lr",)
    assert set(found.sources) == {"lr"}
    assert "lr" not in found.arguments


def test_keywords_that_can_not_be_unpacked_are_named():
    assert call("Solver(**settings)").unresolved == ("**",)
    assert call("Solver(**7)").sources == {"**": "7"}


def test_a_loop_over_literals_gives_the_values_that_it_takes():
    found = call("rates = [1e-2, 1e-3]\nfor r in rates:\n    Solver(lr=r, optim={'lr': r})")
    assert found.values == {"lr": (1e-2, 1e-3)}
    assert found.sources == {"lr": "r", "optim": "{'lr': r}"}


def test_arguments_by_position_have_names_where_the_notebook_has_the_definition():
    made = "class Net(object):\n    def __init__(self, dim=1, filters=2, *, reg=0): pass"
    found = call(made, "Net((3, 32), 16, reg=0.1)", name="Net")
    assert found.arguments == {"dim": (3, 32), "filters": 16, "reg": 0.1}
    assert call(made, "Net(size, 16)", name="Net").sources == {"dim": "size"}
    assert call("def go(a, b): pass\ngo(1, b=2)", name="go").arguments == {"a": 1, "b": 2}
    found = call("Solver(model, 7, lr=1)")
    assert (found.positional, found.arguments, found.unresolved) == ((None, 7), {"lr": 1}, ())


def test_calls_in_old_and_broken_cells_are_found():
    assert call("print 'x'\nSolver(lr=1)").arguments == {"lr": 1}
    broken = call("def g(:\n    pass\n\nSolver(\n    lr=1)")
    assert (broken.arguments, broken.line) == ({"lr": 1}, 4)


def test_calls_nested_too_deep_are_survived():
    deep = "x = " + "-" * 500 + "1\nSolver(lr=" + "-" * 500 + "1)"
    assert len(find_calls(notebook(deep, "Solver(lr=1)"), "Solver")) >= 1


code = st.text(alphabet="lr s={}[]()*'1,:.\n+-/%", max_size=60)


@given(code)
def test_no_code_breaks_the_reading(text):
    find_calls(
        notebook(f"s = {{'lr': 1}}\n{text}\nSolver(lr=s)", f"Solver({text})", f"lr = {text}"), "Solver"
    )
