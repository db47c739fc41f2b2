"""A notebook's statements, run one by one: a failure costs only its own names, and `await` is allowed."""

import pytest

from autograder.guest.definitions import Missing, Namespace


def namespace(*sources):
    made = Namespace()
    chunks = [{"source": source, "cell": 3, "line": 2, "names": ["x"]} for source in sources]
    made.run(chunks)
    return made


@pytest.mark.parametrize(
    "source",
    [
        "def x(a: Tensor) -> Tensor: return 7",
        "def x(a: np.Array = 3): return 7",
        "def x(a: 'ndarray' | None = None, *b: Tensor, **c: Tensor): return 7",
        "async def g(a: Tensor): pass\nx = lambda a: 7",
        "class A:\n    b: Tensor = 7\n    def c(self, d: Tensor): pass\nx = lambda a: A.b",
        "b: Tensor = 7\nx = lambda a: b",
    ],
)
def test_an_annotation_that_fails_costs_nothing(source, capsys):
    assert namespace("import numpy as np", source).find("x")(1) == 7
    assert "An annotation (line " in capsys.readouterr().out


@pytest.mark.parametrize(
    "source",
    ["def x(a: int = missing): return 7", "@missing\ndef x(a: int): return 7", "x: int = 1 / 0", "def x(a:"],
)
def test_a_failure_elsewhere_is_not_blamed_on_an_annotation(source, capsys):
    with pytest.raises(
        Missing, match=r"NameError|ZeroDivisionError|SyntaxError in Python 3\.\d+: .*line 1 of"
    ):
        namespace(source).find("x")
    assert capsys.readouterr().out == ""


def test_flags_of_a_notebook_hold_from_their_cell_on():
    made = namespace(
        "class A: pass\ndef f(a: A): pass",
        "from __future__ import annotations",
        "def g(a: A): pass\nx = f.__annotations__['a'] is A, g.__annotations__['a']",
    )
    assert made.find("x") == (True, "A")


def test_a_statement_may_await_at_the_top_level():
    awaited = namespace("import asyncio\nx = await asyncio.sleep(0, 7)")
    assert awaited.find("x") == 7


def test_an_async_function_is_no_statement_that_awaits():
    assert callable(namespace("async def x():\n    return 7").find("x"))


def test_code_that_needs_an_event_loop_fails_with_its_place():
    with pytest.raises(
        Missing,
        match=r"failed: RuntimeError: no running event loop.*\(line 3 of the cell with `import asyncio`: ",
    ):
        namespace("import asyncio\nx = await asyncio.sleep(1, 7)").find("x")


def test_an_awaited_error_is_the_statement_s():
    source = "async def f():\n    return 1 / 0\nx = await f()"
    with pytest.raises(Missing, match=r"Error: division by zero \(line 2 of `f`: `return 1 / 0`\)"):
        namespace(source).find("x")
