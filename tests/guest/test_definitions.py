"""A notebook's statements, run one by one: one that fails costs its own names, and may await."""

import pytest

from autograder.guest.definitions import Missing, Namespace


def namespace(*sources):
    made = Namespace()
    chunks = [{"source": source, "cell": 3, "line": 2, "names": ["x"]} for source in sources]
    made.run(chunks)
    return made


def test_a_statement_may_await_at_the_top_level():
    awaited = namespace("import asyncio\nx = await asyncio.sleep(0, 7)")
    assert awaited.find("x") == 7


def test_an_async_function_is_no_statement_that_awaits():
    assert callable(namespace("async def x():\n    return 7").find("x"))


def test_what_needs_a_loop_of_events_fails_with_its_place():
    with pytest.raises(
        Missing,
        match=r"failed: RuntimeError: no running event loop.*\(line 3 of the cell with `import asyncio`: ",
    ):
        namespace("import asyncio\nx = await asyncio.sleep(1, 7)").find("x")


def test_an_awaited_error_is_the_statement_s():
    source = "async def f():\n    return 1 / 0\nx = await f()"
    with pytest.raises(Missing, match=r"Error: division by zero \(line 2 of `f`: `return 1 / 0`\)"):
        namespace(source).find("x")
