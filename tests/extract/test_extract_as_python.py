"""A call after the chosen statements gives what it gives after the whole notebook."""

import contextlib
import io
import sys

import msgspec
from extract_samples import EMULATE, notebook
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.extract import extract
from autograder.guest.definitions import Missing, Namespace

NAMES = ["a", "b", "c", "g", "h"]
name = st.sampled_from(NAMES)
number = st.integers(0, 9)

# Each name has a value to begin with: one that is bound below alone is taken from there.
FIRST = ["import math, heapq", "a = 4", "b = [1, 2]", "c = {'k': [3]}"]
FIRST += ["def g(x=0): return x", "def h(x): return x"]
# Values of several kinds, some of which raise where a name has another kind of value.
value = st.one_of(
    number.map(str),
    number.map("[{}, 1]".format),
    number.map("{{'k': [{}]}}".format),
    name,
    name.map("len({})".format),
    name.map("{}(1)".format),
    name.map("list({})".format),
    name.map("{}[0]".format),
    name.map("({}, 1)".format),
    name.map("[x for x in {}]".format),
    name.map("(lambda: {})".format),
    name.map("math.floor({})".format),
    st.tuples(name, name).map(lambda pair: "{} if {} else 0".format(*pair)),
)
body = st.one_of(
    value.map("return {}".format),
    name.map("return {}(2)".format),
    st.tuples(name, number).map(lambda pair: "{}.append({}); return 1".format(*pair)),
    st.tuples(name, number).map(lambda pair: "{}[0] = {}; return 1".format(*pair)),
    st.tuples(name, number).map(lambda pair: "global {0}; {0} = {1}; return 1".format(*pair)),
    name.map("heapq.heappush({}, 1); return 2".format),
    name.map("x.append({}); return 3".format),
)
statement = st.one_of(
    st.tuples(name, value).map(lambda pair: "{} = {}".format(*pair)),
    st.tuples(name, name, value, value).map(lambda four: "{}, {} = {}, {}".format(*four)),
    st.tuples(name, body).map(lambda pair: "def {}(x=0): {}".format(*pair)),
    st.tuples(name, value, body).map(lambda three: "def {}(x={}): {}".format(*three)),
    st.tuples(name, name, body).map(lambda three: "@{1}\ndef {0}(x=0): {2}".format(*three)),
    st.tuples(name, name).map(lambda pair: "def {}(x=0):\n    return lambda y=0: ({}, x, y)".format(*pair)),
    st.tuples(name, value, body).map(
        lambda three: (
            "class {}:\n    k = {}\n    def __init__(self, x=0): self.v = x\n".format(*three)
            + f"    def m(self, x=0): {three[2]}"
        )
    ),
    st.tuples(name, name).map(lambda pair: "class {}({}): pass".format(*pair)),
    st.tuples(name, value).map(lambda pair: "if {1}:\n    {0} = {1}".format(*pair)),
    st.tuples(name, value).map(lambda pair: "for {} in {}: pass".format(*pair)),
    st.tuples(name, value).map(
        lambda pair: "try:\n    {0} = {1}\nexcept Exception:\n    {0} = 5".format(*pair)
    ),
    st.tuples(name, number).map(lambda pair: "{}.append({})".format(*pair)),
    st.tuples(name, value).map(lambda pair: "{}[0] = {}".format(*pair)),
    st.tuples(name, value).map(lambda pair: "{} += {}".format(*pair)),
    st.tuples(name, number).map(lambda pair: "{}.k = {}".format(*pair)),
    st.tuples(name, name).map(lambda pair: "{} = {}.pop()".format(*pair)),
    st.tuples(name, name).map(lambda pair: "for {0} in [{1}, 1]:\n    {0}.append(6)".format(*pair)),
    st.tuples(name, name).map(lambda pair: "{} = [x.pop() for x in [{}]]".format(*pair)),
    name.map("heapq.heapify({})".format),
    name.map("{}()".format),
    name.map("{}(3)".format),
    name.map("del {}".format),
    name.map("import math as {}".format),
    name.map("from operator import neg as {}".format),
)
wanted = st.one_of(
    name.map("def f():\n    return {}".format),
    name.map("def f():\n    return {}(1)".format),
    st.tuples(name, name).map(lambda pair: "def f(x={}):\n    return x, {}".format(*pair)),
    st.tuples(name, name).map(lambda pair: "@{}\ndef f(x=0):\n    return {}".format(*pair)),
    st.tuples(name, name).map(lambda pair: "def f():\n    class B({}): k = {}\n    return B.k".format(*pair)),
)


def shown(found, depth=3):
    """What a value is, as far as a test can compare it."""
    if callable(found) and not isinstance(found, type):
        return shown(outcome(found), depth - 1) if depth else "called"
    if isinstance(found, type):
        return found.__name__, shown(vars(found).get("k"), depth - 1) if depth else ""
    if isinstance(found, list | tuple):
        return [type(found).__name__, *(shown(part, depth - 1) if depth else "" for part in found)]
    if isinstance(found, dict):
        return {key: shown(part, depth - 1) if depth else "" for key, part in found.items()}
    if isinstance(found, int | float | str):
        return found
    return type(found).__name__, shown(vars(found), depth - 1) if depth and hasattr(found, "__dict__") else ""


def outcome(function):
    try:
        return function()
    except Exception as error:
        return type(error).__name__


def run_whole(sources):
    """Run the statements as a person does who goes on after an error; give the value of a call."""
    names = {"__name__": "__main__"}
    for source in sources:
        with contextlib.suppress(Exception):
            exec(source, names)
    return shown(outcome(names["f"])) if "f" in names else "missing"


def run_chunks(found):
    main, namespace = sys.modules["__main__"], Namespace()
    try:
        namespace.run([msgspec.to_builtins(chunk) for chunk in found.chunks])
        return shown(outcome(namespace.find("f")))
    except Missing:
        return "missing"
    finally:
        sys.modules["__main__"] = main


def both(before, function, between):
    statements = [*FIRST, *before, function, *between, "test = f"]
    with contextlib.redirect_stdout(io.StringIO()):
        return run_whole(statements), run_chunks(extract(notebook(*statements), ["f"], EMULATE))


@settings(max_examples=200, deadline=None)
@given(st.lists(statement, max_size=7), wanted, st.lists(statement, max_size=5))
def test_a_call_gives_what_it_gives_after_the_whole_notebook(before, function, between):
    whole, chunks = both(before, function, between)
    assert chunks == whole
