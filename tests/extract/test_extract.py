"""Definitions are found by their content; the rest is left out, and notices say why."""

import sys
import textwrap

import msgspec
import pytest
from extract_samples import EMULATE, GIVEN, OFF, codes, names, notebook, run
from hypothesis import given
from hypothesis import strategies as st

from autograder.extract import comment_facts, extract, match_cells, outside, untouched
from autograder.extract.code import VERSION
from autograder.guest.definitions import Namespace
from autograder.model import Cell, CellKind, FileRecord, Notebook

# --- definitions ----------------------------------------------------------------------------------


def test_a_function_is_found_with_everything_it_needs_from_other_cells():
    found = extract(
        notebook(
            "import numpy as np\nimport matplotlib.pyplot as plt",
            "EPS = 1e-8\nunused = expensive()",
            "def helper(x): return np.sum(x) + EPS",
            "data = load()\nplt.plot(data)",
            "def f(x):\n    data = x\n    return helper(data)",
        ),
        ["f"],
        EMULATE,
    )
    assert names(found) == ["np", "EPS", "helper", "f"]
    assert run(found)["f"]([1, 2]) == 3 + 1e-8


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("f = lambda x: x + one\none = 1", 3),
        ("one: int = 1\ndef f(x): return x + one", 3),
        ("a, one = 0, 1\ndef f(x): return x + one", 3),
        ("one = 0\none += 1\ndef f(x): return x + one", 3),
        (
            "try:\n    import nowhere as one\nexcept ImportError:\n    one = 1\ndef f(x): return x + one",
            3,
        ),
        ("if True:\n    def g(x): return x + 1\ndef f(x): return g(x)", 3),
        ("CACHE = {}\nCACHE['one'] = 1\ndef f(x): return x + CACHE['one']", 3),
        ("def double(g):\n    return lambda x: 2 * g(x)\n@double\ndef f(x): return x", 4),
        ("class Base:\n    one = 1\nclass A(Base): pass\ndef f(x): return x + A.one", 3),
        ("one = 1\ndef f(x, step=one): return x + step", 3),
        ("from math import *\ndef f(x): return floor(x) + 1", 3),
        ("from __future__ import print_function\ndef f(x): return x + 1", 3),
        ("def f(x):\n    def g(y): return y + k\n    k = 1\n    return g(x)", 3),
        ("n = 0\ndef f(x):\n    global n\n    n += 1\n    return x + n", 3),
        ("one = 1; two = 2\ndef f(x): return x + one", 3),
        ("async def g(): pass\ndef f(x): return x + 1", 3),
    ],
)
def test_every_way_to_define_a_name(code, value):
    assert run(extract(notebook(code), ["f"], EMULATE))["f"](2) == value


def test_a_later_definition_wins_with_a_notice():
    found = extract(notebook("def f(x): return 1", "def f(x): return 2"), ["f"], EMULATE)
    assert run(found)["f"](0) == 2
    assert codes(found) == ["duplicate-definition"]
    assert found.notices[0].message == "`f` is defined 2 times (cell 1, cell 2); the last one counts."


def test_a_later_star_import_does_not_replace_a_function():
    found = extract(notebook("def floor(x): return 'mine'", "from math import *"), ["floor"], EMULATE)
    assert run(found)["floor"](1.5) == "mine"


def test_chunks_have_their_cell_and_line():
    found = extract(notebook("x = 1", "\n# a comment\n\ndef f():\n    return 1"), ["f"], EMULATE)
    assert [(c.cell, c.line) for c in found.chunks] == [(2, 3)]


# --- code that is not Python ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "%matplotlib inline\n!pip install x\ndef f(): return 1",
        "%%time\ndef f(): return 1",
        "files = !ls\ndef f(): return 1",
        "def f():\n    %time x = 1\n    return 1",
        "np.sum?\ndef f(): return 1",
        "?f\ndef f(): return 1",
        "def f():\n    text = '''\n%d percent\n!'''\n    return len(text.split())  - 2",
    ],
)
def test_magics_are_dropped_and_their_cells_kept(code):
    assert run(extract(notebook(code), ["f"], EMULATE))["f"]() == 1


def test_a_cell_of_another_language_is_left_out():
    found = extract(notebook("%%writefile f.py\ndef f(): return 1", "%%bash\nls"), ["f"], EMULATE)
    assert found.chunks == ()
    assert codes(found) == ["missing-definition"]


def file(path):
    return FileRecord(path=path, bytes=1, sha256="0")


@pytest.mark.parametrize(
    ("code", "files", "says"),
    [
        (
            "%%writefile f.py\ndef f(): return 1",
            (),
            "cell 1 begins with `%%writefile`: its definitions are not part of the notebook's code.",
        ),
        (
            "x = 1\n%run layers\x1b.py",
            (),
            "cell 1 runs `layers?.py`, which is not read: put its definitions into the notebook.",
        ),
        (
            "from layers import *\ndef f(): return g()",
            (file("HW5.ipynb"), file("code/layers.py")),
            "`code/layers.py` was handed in but is not read: put its definitions into the notebook.",
        ),
    ],
)
def test_code_outside_the_notebook_is_named(code, files, says):
    given = notebook(code)
    (found,) = outside(given, extract(given, ["f"], EMULATE).chunks, files)
    assert (found.code, found.message) == ("not-read", says)


@pytest.mark.parametrize(
    "code",
    ["%%bash\nls", "%%time\ndef f(): return 1", "%%html\n<b>def</b>", "%matplotlib inline\nimport numpy"],
)
def test_code_that_defines_nothing_gets_no_notice(code):
    given = notebook(code)
    assert outside(given, extract(given, ["f"], EMULATE).chunks, (file("layers.py"),)) == ()


def test_a_broken_cell_costs_only_its_broken_statements():
    found = extract(
        notebook("def g(): return 1\n\ndef f(x:\n    return 2\n\ndef h(): return g()"), ["f", "h"], EMULATE
    )
    assert run(found)["h"]() == 1
    assert codes(found) == ["syntax-error", "missing-definition"]
    assert f"cell 1: `f` is not valid Python {VERSION}: line 3" in found.notices[0].message


def test_a_broken_definition_is_run_so_that_its_error_is_shown():
    found = extract(notebook("g = 1", "# mine\n\ndef f(x:\n    return 2"), ["f"], EMULATE)
    (broken,) = [chunk for chunk in found.chunks if "f" in chunk.names]
    assert (broken.cell, broken.line, broken.source) == (2, 3, "def f(x:\n    return 2")
    whole = extract(notebook("def f(x:\n    return 2", "def f(x):\n    return 2"), ["f"], EMULATE)
    assert run(whole)["f"](1) == 2
    assert len(whole.chunks) == 1


def test_a_missing_definition_gets_a_notice():
    found = extract(notebook("class A:\n    def f(self): pass"), ["f"], EMULATE)
    assert found.notices[0].message == (
        "`f` is not defined at the left edge of any cell. It is inside `A` in cell 1: move it out."
    )


@pytest.mark.parametrize("code", ["(" * 5000, "x = " + "-" * 100_000 + "1", "\0", "x" * 500_000])
def test_code_that_cannot_be_parsed_gets_a_notice(code):
    found = extract(notebook(code, "def f(): return 1"), ["f"], EMULATE)
    assert run(found)["f"]() == 1
    assert found.notices


@given(st.text(max_size=200))
def test_no_text_raises(text):
    cells = notebook("x = 1")
    broken = Notebook(path="n", cells=(*cells.cells, Cell(index=1, id="b", kind=CellKind.CODE, source=text)))
    extract(broken, ["f", "x"], EMULATE)
    comment_facts(broken, cells, ["f"])


def test_a_syntax_error_alone_explains_a_missing_definition():
    found = extract(
        notebook("def conv_forward(x):\n    return (x", "def conv_forwards(x): return x"),
        ["conv_forward"],
        OFF,
    )
    assert codes(found) == ["syntax-error", "missing-definition"]
    assert found.notices[1].message == "`conv_forward` is not defined at the left edge of any cell."


def test_a_syntax_error_around_a_definition_explains_it_too():
    found = extract(
        notebook("if True\n    def conv_forward(x): return x", "def conv_forwards(x): return x"),
        ["conv_forward"],
        OFF,
    )
    assert found.notices[1].message == "`conv_forward` is not defined at the left edge of any cell."


def test_the_output_of_a_command_is_missed_by_name():
    found = extract(
        notebook("shell = !echo 0\nZERO = float(shell[0])\ndef g(): return 1\ndef f(): return ZERO"),
        ["f", "g"],
        OFF,
    )
    main, namespace = sys.modules["__main__"], Namespace()
    namespace.run([msgspec.to_builtins(chunk) for chunk in found.chunks])
    sys.modules["__main__"] = main
    assert namespace.find("g")() == 1
    with pytest.raises(NameError, match="ZERO") as met:
        namespace.find("f")()
    reason = namespace.reason(met.value)
    assert reason.startswith(
        ", since its definition failed: NameError: name 'shell' is not defined (line 2 of"
    )
    assert "`!echo 0` is not run here: write the value that it gives into the code (line 1 of" in reason


def test_a_wanted_name_is_not_mistaken_for_another():
    found = extract(notebook("def conv_backward(x): return x"), ["conv_backwards", "conv_backward"], OFF)
    (notice,) = found.notices
    assert "Did you mean" not in notice.message


# --- input as IPython reads it --------------------------------------------------------------------


FUNCTION = "def f(x):\n    if x:\n\n        return 2 * x\n    return 0"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(textwrap.indent(FUNCTION, "    "), id="an indent"),
        pytest.param(textwrap.indent(FUNCTION, "\t"), id="a tab"),
        pytest.param(
            "\n".join((">>> " if line.startswith("def") else "... ") + line for line in FUNCTION.split("\n")),
            id="prompts of Python",
        ),
        pytest.param(
            "In [12]: " + FUNCTION.replace("\n", "\n    ...: "),
            id="prompts of IPython",
        ),
        pytest.param("%%time\n" + FUNCTION, id="a known cell magic"),
        pytest.param("%%anything --at all\n" + FUNCTION, id="an unknown cell magic"),
        pytest.param("%%heat\n" + textwrap.indent(FUNCTION, "  "), id="an indent below a cell magic"),
        pytest.param(FUNCTION + "\n%timeit f(3)\n!ls\nf?", id="lines that are not Python"),
    ],
)
def test_input_is_read_as_ipython_reads_it(source):
    (cell,) = notebook("x = 1").cells
    found = extract(Notebook(path="n", cells=(msgspec.structs.replace(cell, source=source),)), ["f"], OFF)
    assert run(found)["f"](4) == 8


@pytest.mark.parametrize("line", ["%time TWO = make()", "%time -x TWO = make()", "%prun TWO = make()"])
def test_a_line_magic_that_runs_a_statement_is_read_as_the_statement(line):
    found = extract(notebook(f"def make(): return 2\n{line}\ndef f(x): return TWO * x"), ["f"], OFF)
    assert run(found)["f"](4) == 8


@pytest.mark.parametrize(
    "magic", ["%%bash", "%%writefile a.py", "%%python3", "%%script python", "%%html", "%%!"]
)
def test_a_cell_in_another_language_or_process_is_not_code(magic):
    assert run(extract(notebook(f"{magic}\n{FUNCTION}"), ["f"], OFF)).get("f") is None


def test_a_top_level_await_gets_the_names_that_it_needs():
    found = extract(
        notebook("import asyncio", "Z = await asyncio.sleep(0, 2)", "def f(): return Z"), ["f"], OFF
    )
    assert [name for chunk in found.chunks for name in chunk.names] == ["asyncio", "Z", "f"]


# --- names as Python resolves them ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "body", "answer"),
    [
        ("\u00b5 = 3", "return \u03bc", 3),  # the micro sign, and the letter that it is an identifier for
        ("\u03f5 = 3", "return \u03b5", 3),
        ("def \u2113(x): return x + 1", "return \u2113(2)", 3),
        ("sum = max", "return sum(1, 3)", 3),
        ("from operator import add as sum", "return sum(1, 2)", 3),
        ("def filter(x): return x + 1", "return filter(2)", 3),
        ("class max:\n    @staticmethod\n    def of(x): return x", "return max.of(3)", 3),
        ("match {'a': 3}:\n    case {'a': ONE}: pass", "return ONE", 3),
        ("match [1, 2, 3]:\n    case [_, *REST]: pass", "return REST[1]", 3),
        ("match {'a': 1, 'b': 3}:\n    case {'a': _, **MORE}: pass", "return MORE['b']", 3),
        ("match 3:\n    case int() as WHOLE: pass", "return WHOLE", 3),
    ],
)
def test_names_are_resolved_as_python_does(above, body, answer):
    found = extract(notebook(above, f"def f():\n    {body}"), ["f"], OFF)
    assert run(found)["f"]() == answer


def test_an_experiment_below_does_not_replace_a_built_in():
    cells = notebook("def f(x):\n    return sum(x)", "sum = 0\nfor i in range(3):\n    sum += i")
    assert run(extract(cells, ["f"], OFF))["f"]([1, 2]) == 3


# --- old habits -----------------------------------------------------------------------------------


def test_old_names_get_notices():
    code = "def f(x):\n    for i in xrange(3): pass\n    return np.int(x) + np.int64(1) + np.lib.pad(x)"
    found = extract(notebook(code), ["f"], EMULATE)
    assert found.compat == ("np.int", "np.lib.pad", "xrange", "python2")
    assert [n.message.split(" is gone from ")[0] for n in found.notices] == [
        "`np.int` (cell 1, line 3)",
        "`np.lib.pad` (cell 1, line 3)",
        "`xrange` (cell 1, line 2)",
        "The notebook is written for Python 2 (`xrange` in cell 1, line 1), and was run with that meaning.",
    ]
    assert extract(notebook(code), ["f"], OFF).compat == ()


def test_python2_is_read():
    code = """
        def f(x):
            print "x is", x
            print
            try:
                return x / 0
            except ZeroDivisionError, e:
                return 1
    """
    found = extract(notebook(code), ["f"], EMULATE)
    assert run(found)["f"](1) == 1
    assert codes(found) == ["python2", "old-habit"]
    assert codes(extract(notebook(code), ["f"], OFF)) == ["syntax-error", "missing-definition"]


# --- matching -------------------------------------------------------------------------------------


def test_cells_match_by_id():
    mine = notebook("import numpy as np", "def f(): return 1", "print(f())")
    assert {k: c.index for k, c in match_cells(mine, GIVEN).items()} == {"c0": 0, "c1": 1, "c2": 2}


def test_cells_match_by_likeness_if_ids_are_lost():
    sources = ["x = 0", "import numpy as np", "def f():\n    y = 3\n    # write here\n    return None"]
    cells = tuple(Cell(index=i, id=f"other-{i}", kind=CellKind.CODE, source=s) for i, s in enumerate(sources))
    matched = match_cells(Notebook(path="n", cells=cells), GIVEN)
    assert {k: c.index for k, c in matched.items()} == {"c0": 1, "c1": 2}


def test_untouched_means_the_same_code_and_never_run():
    assert untouched(GIVEN, GIVEN)
    assert not untouched(notebook("import numpy as np", "def f(): return 1", "print(f())"), GIVEN)
    sources = [cell.source for cell in GIVEN.cells]
    assert not untouched(notebook(*sources, execution_count=1), GIVEN)
