"""What a cell defines is what it defines in IPython: its own transformer is the oracle."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.extract.magics import python_of

inputtransformer2 = pytest.importorskip("IPython.core.inputtransformer2")

FUNCTION = "def f(x):\n    return x"
# Statements in front of a function. `%time` has a test of its own: its statement is read, too.
LINES = [
    "x = !echo 0", "x =!ls", "x = ! ls", "x = %pwd", "x = !ls \\\n -l", "a, b = !ls", "a.b = !ls",
    "a[0] = %pwd", "x: list = !ls", "(x) = !ls",
    "x = %sql select 1", "?np", "np?", "np.sum??", "x = np.sum?",
    "np.*load*?", "%timeit?", "x = a?", "!ls {x}", "!!ls", "!ls # comment", "!ls \\\n -l",
    "/f 1 2", ",f a b", ";f a b", "%matplotlib inline; y = 2", "x = 3; y = 2", "%cd ..", "%env A=1",
    "%timeit y = 3", "if True:\n    !ls", "if True:\n    x = !ls", "for i in [1]:\n    !ls",
    "try:\n    %cd ..\nexcept E:\n    pass", "x = '''\n%cd ..\n!ls\n'''", "x = 5 % 3", "x = (5\n % 3)",
    "x = 5 \\\n % 3", "x = 1 # what?", "# %cd ?",
    "x = 'a?'", "x = 'a = !b'", "f('a = %d' % 3)", "x = f'{1!r}'", "x = y != 3", "x = {\n'a': '!'}",
    "def g():\n    return 1\n    # ?", "class A:\n    !ls\n    x = 1", "await g()", "...", "x = 1;",
    "x = [\n1,\n\n2]",
]  # fmt: skip


def defined(source):
    """The names that a source binds, or that it is no Python."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return "not Python"
    functions = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return functions | stored


def transformed(source):
    return inputtransformer2.TransformerManager().transform_cell(source)


def prompted(source, first, more):
    return "\n".join((more if nth else first) + line for nth, line in enumerate(source.split("\n")))


@pytest.mark.parametrize("line", LINES)
def test_a_line_defines_what_it_defines_in_ipython(line):
    source = f"{line}\n{FUNCTION}"
    assert "f" in defined(python_of(source))
    assert defined(python_of(source)) == defined(transformed(source))


@given(st.lists(st.sampled_from(LINES), max_size=5), st.sampled_from(["", "    ", ">>> ", "In [7]: "]))
def test_a_cell_defines_what_it_defines_in_ipython(lines, form):
    source = "\n".join([*lines, FUNCTION])
    if form == "    ":
        source = prompted(source, form, form)
    elif form:
        source = prompted(source, form, {">>> ": "... ", "In [7]: ": "   ...: "}[form])
    assert defined(python_of(source)) == defined(transformed(source))


@pytest.mark.parametrize("line", ["%time x = 1", "%prun -l 4 x = 1", "%time -x x = 1", "%time x = (1,\n 2)"])
def test_a_statement_that_a_magic_runs_is_read(line):
    assert defined(python_of(f"{line}\n{FUNCTION}")) == {"x", "f"}
