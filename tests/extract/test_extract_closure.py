"""The statements that give a name its value: redefinitions, aliases, later changes, conditions."""

import sys

import msgspec
import pytest
from extract_samples import EMULATE, codes, names, notebook, run

from autograder.extract import extract
from autograder.extract.code import VERSION
from autograder.guest.definitions import Namespace


def found(*sources, wanted=("f",)):
    return extract(notebook(*sources), wanted, EMULATE)


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("def f(x): pass\ndef g(x): return 3\nf = g", 3),
        ("def f(x): return x\ndef twice(h): return lambda x: 2 * h(x)\nf = twice(f)", 4),
        ("def f(x): return x\nf = lambda x: 5", 5),
        ("f = lambda x: 5\ndef f(x): return 6", 6),
        ("from functools import partial\ndef g(a, x): return a + x\nf = partial(g, 10)", 12),
        ("def f(x): return 1\nif True:\n    def f(x): return 2", 2),
        ("def f(x): return 1\nif False:\n    def f(x): return 2", 1),
        ("def f(x): return f.step + x\nf.step = 3", 5),
        ("class Net: pass\ndef loss(self): return 3\nNet.loss = loss\ndef f(x): return Net().loss()", 3),
        ("n = 0; n += 1\ndef f(x): return n", 1),
        ("n = (1,\n 2); m = n\ndef f(x): return len(m)", 2),
        ("import math as m, os.path\ndef f(x): return m.floor(x) + len(os.path.basename('ab'))", 4),
        ("def f(x): return h(x)\ndef g(x): return f(x)\ndef h(x): return x + 1", 3),
        ("with open(__import__('os').devnull) as nothing:\n    one = 1\ndef f(x): return one", 1),
        ("for one in (1, 2): pass\ndef f(x): return one", 2),
        ("(one, [two, *rest]) = 0, [1, 2]\ndef f(x): return two + len(rest)", 2),
        ("if (one := 1): pass\ndef f(x): return one", 1),
        ("squares = [i * i for i in range(3)]\ndef f(x): return squares[x]", 4),
        ("one = 1\ndel one\none = 2\ndef f(x): return one", 2),
        ("def f(x): pass\nclass Net:\n    @staticmethod\n    def f(x): return 3\nf = Net.f", 3),
        ("def f(x): pass\nclass Net:\n    def run(self, x): return 3\nnet = Net()\nf = net.run", 3),
        ("def f(x): pass\ndef make(): return lambda x: 3\nf = make()", 3),
        ("def f(x): pass\ndef make(): return (lambda x: 3), 1\nf, other = make()", 3),
        ("def f(x): pass\ndef g(x): return 3\ndef h(x): return 4\nf, k = g, h", 3),
        ("def f(x): pass\ndef g(x): return 3\nrules = {'g': g}\nf = rules['g']", 3),
        ("def f(x): pass\ndef g(x): return 3\nf: object = g", 3),
        ("def f(x): pass\ndef g(x): return 3\nf = g if True else None", 3),
        ("def f(x): return 3\nf = f(1)", 3),
        ("def f(x): return 3\nf = 7", 3),
        ("def f(x): return len(seen)\nseen = []\nseen.append(1)\nseen += [2]\nseen.extend('ab')", 4),
        ("seen = {}\nseen.update(a=3)\ndef f(x): return seen['a']", 3),
        ("class Settings: pass\nsetattr(Settings, 'a', 3)\ndef f(x): return Settings.a", 3),
        (
            "rules = {}\ndef register(g):\n    rules[g.__name__] = g\n    return g\n"
            "@register\ndef g(x): return 3\ndef f(x): return rules['g'](x)",
            3,
        ),
        (
            "class Rules(dict):\n    def add(self, g): self[g.__name__] = g\nrules = Rules()\n"
            "@rules.add\ndef g(x): return 3\ndef f(x): return rules['g'](x)",
            3,
        ),
        ("def set_up():\n    global n\n    n = 3\nset_up()\ndef f(x): return n", 3),
        ("import types as m\nm.three = 3\ndef f(x): return m.three", 3),
        ("import random\nrandom.seed(0)\ndef f(x): return 3", 3),
        ("one = 3\nfrom math import pi as one\none = 2\nfrom math import tau\ndef f(x): return one", 2),
        ("signal = [1]\nimport signal\ndef f(x): return signal.__name__", "signal"),
    ],
)
def test_a_name_has_its_final_value(code, value):
    assert run(found(code))["f"](2) == value


def test_a_helper_stays_if_its_name_is_later_used_for_data():
    code = ["def loss(x): return x + 1", "def f(x): return loss(x)", "loss, grads = model.loss(X, y)"]
    assert run(found(*code))["f"](1) == 2


def test_the_definition_before_a_failing_reassignment_stands(monkeypatch):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    code = "def f(x): return 3\ndef g(x): return missing\nf = g(1)"
    namespace = Namespace()
    namespace.run([msgspec.to_builtins(chunk) for chunk in found(code).chunks])
    assert namespace.find("f")(0) == 3


@pytest.mark.parametrize(
    "late", ["for f in (1, 2): pass", "f = 7", "f = f(1)", "from math import sin as f", "f = math.sin"]
)
def test_a_reassignment_that_is_not_followed_gets_a_notice(late):
    result = found("import math\ndef f(x): return 3", f"x = 1\n{late}")
    (notice,) = result.notices
    assert run(result)["f"](0) == 3
    assert notice.code == "set-anew"
    assert notice.message == (
        "`f` is reassigned in cell 2, line 2, which is not followed: its definition in cell 1 counts."
    )


def test_calls_of_a_modules_functions_are_not_run():
    code = "import random\nrandom.seed(0)\nrandom.setstate(1)\ndef f(x): return random.random()"
    assert [chunk.names for chunk in found(code).chunks] == [("random",), ("f",)]


def test_a_long_notebook_is_read_quickly():
    cells = [f"a{i} = {i}\ndef g{i}(x): return a{i} + g{i - 1}(x)" for i in range(1, 3000)]
    result = found("def g0(x): return 0", *cells, "def f(x): return len([g2999])")
    assert run(result)["f"](0) == 1


def test_a_whole_file_pasted_at_the_end_wins():
    old = ["import math", "def g(x): return 0\ndef f(x): return g(x)", "assert f(1) == 0"]
    assert run(found(*old, "import math\ndef g(x): return 7\ndef f(x): return math.floor(g(x))"))["f"](1) == 7


def test_training_and_plotting_are_left_out():
    cells = [
        "import numpy as np",
        "def f(x): return np.sum(x)",
        "model = Net()\nfor i in range(9): model.train()",
    ]
    assert names(found(*cells)) == ["np", "f"]


def test_code_nested_too_deep_does_no_harm():
    deep = "a = " + "+".join(["1"] * 900)
    hidden = "b = " + "x" + ".y" * 900 + " = 1"
    assert run(found(deep, hidden, "def f(x): return 1"))["f"](0) == 1


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("class A:\n    def conv(self): pass", "It is inside `A` in cell 1: move it out."),
        ("def outer():\n    def conv(): pass", "It is inside `outer` in cell 1: move it out."),
        ("def convv(): pass", "Did you mean `convv` in cell 1? Rename it."),
        ("x = 1", ""),
    ],
)
def test_a_missing_name_gets_a_notice_with_a_guess(code, hint):
    (notice,) = found(code, wanted=["conv"]).notices
    assert notice.code == "missing-definition"
    assert notice.message == f"`conv` is not defined at the left edge of any cell. {hint}".rstrip()


# --- magics --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "%matplotlib inline\ndef f():\n    s = ('%d'\n         % 1)\n    return int(s)",
        "%load_ext x\ndef f():\n    return int('%d' \\\n        % 1)",
        "!pip install a \\\n    b \\\n    c\ndef f(): return 1",
        "a, b = !ls\ndef f(): return 1",
        "out = %time 1\ndef f(): return 1",
        "np.sum??  # what is it\ndef f(): return 1",
        "x = 'a\\'%s' + \"b # %\"\n%time x\ndef f(): return 1",
        "%%time\n\ndef f():\n    !ls\n    return 1",
        "  \n%%capture out\ndef f(): return 1",
        "x = [1,\n# a ) in a comment\n2]\n!ls\ndef f(): return len(x) - 1",
        "if True:\n    !ls\n    !cd\ndef f(): return 1",
        "x != 1 if False else 1\n%time\ndef f(): return 1",
        "print((1\n!ls\ndef f(): return 1",
    ],
)
def test_magics_are_distinguished_from_continued_lines(code):
    assert run(found(code))["f"]() == 1


def test_lines_keep_their_numbers():
    code = "%time\n!ls \\\n  a\n\ndef f():\n    return 1"
    assert [(c.cell, c.line) for c in found("x = 1", code).chunks] == [(2, 5)]
    broken = "%time\ndef g(:\n    pass\n\n@property\ndef f():\n    return 1"
    assert [(c.cell, c.line) for c in found(broken).chunks] == [(1, 5)]


# --- broken cells --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        "def g(:\n    pass",
        "x = (1,",
        "return",
        "for i in range(3) print(i)",
        "def g():\n    '''never ends",
        "else:\n    pass",
        "x = = 1",
        "class A\n    pass",
    ],
)
def test_a_broken_block_costs_the_others_nothing(broken):
    before = 'def h(x):\n    """Text\nat the left edge (\n    """\n    return x\n'
    result = found(f"{before}\ndef f(x): return h(x)\n\n{broken}\n")
    assert run(result)["f"](2) == 2
    assert set(codes(result)) <= {"syntax-error"}


def test_a_syntax_error_names_cell_line_text_and_pythons_reason():
    (notice, missing) = found("x = 1", "y = 2\n\ndef f(x)\n    return 1").notices
    assert notice.message == f"cell 2: `f` is not valid Python {VERSION}: line 3: expected ':': `def f(x)`."
    assert notice.where == "cell 2, line 3"
    assert missing.code == "missing-definition"


def test_zero_bytes_and_endless_cells_get_notices():
    result = found("def f(x): return 1\n\0", "#" * 500_000)
    assert codes(result) == ["zero-bytes", "cell-too-long"]
    assert result.notices[0].message.startswith("cell 1 holds zero bytes")
    assert "cells of more than 400,000 are not read" in result.notices[1].message
    assert run(result)["f"](0) == 1


# --- names at the place where they are looked up -------------------------------------------------

RELEASE = [
    "import math",
    "def f(x): pass",
    "print(f(1))",
    "def timed(layer): return layer()",
    "timed(f); k = 9",
]


def handed_in(own, *below):
    """The release's notebook with code in the cell of its function, and cells below all others."""
    return notebook(RELEASE[0], own, *RELEASE[2:], *below)


@pytest.mark.parametrize(
    ("own", "below", "value"),
    [
        ("def timed(g):\n    return lambda x: 2 * g(x)\n@timed\ndef f(x): return x", "", 6),
        ("def timed(g):\n    return 2 * g\ndef f(x): return timed(x)", "", 6),
        ("k = 2\ndef f(x): return k * x", "", 6),
        ("def h(x): return 2 * x\ndef f(x): return h(x)", "def h(x): return 'an experiment'", 6),
        ("K = 2\ndef f(x): return K * x", "K = 5", 6),
        ("K = [2]\ndef f(x): return K[0] * x", "K[0] = 5", 6),
        ("K = 2\ndef f(x, k=K): return k * x\nK = 5", "", 6),
        ("K = 2\nclass A:\n    k = K\nK = 5\ndef f(x): return A.k * x", "", 6),
        ("class A: k = 2\nclass B(A): pass\nclass A: k = 5\ndef f(x): return B.k * x", "", 6),
        ("def f(x): return h(x)", "def h(x): return 2 * x", 6),
        ("def f(x): return 2 * math.floor(x)", "import cmath as math", 6),
        ("def f(x): return 5", "def h(x): return 2 * x\ndef f(x): return h(x)", 6),
    ],
)
def test_a_name_is_what_it_is_where_it_is_looked_up(own, below, value):
    given, mine = notebook(*RELEASE), handed_in(own, below)
    assert run(extract(mine, ["f"], EMULATE, given))["f"](3) == value


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        (["import numpy as np", "def f(a): np.add.at(a, 0, 1)", "a = [1]\nf(a)"], ["np", "f"]),
        (["import numpy as np", "def g(): np.random.seed(0)\ng()", "def f(): return np"], ["np", "f"]),
        (["import os", "def g(): os.environ.update(a='b')\ng()", "def f(): return os"], ["os", "f"]),
        (["try:\n    import a as m\nexcept E:\n    import math as m", "m.go()\ndef f(): m"], ["m", "f"]),
        (["K = 3", "print(K)\ntrain(K)", "def f(): return K"], ["K", "f"]),
        (["def h(): pass", "timed(h)", "def f(): return h()"], ["h", "f"]),
        (["K = 3", "K = 4", "def f(): return K"], ["K", "f"]),
        (
            ["for name, x in data.items(): print(x)", "x = [1]", "x.append(2)\ndef f(name): return name"],
            ["f"],
        ),
    ],
)
def test_no_more_is_run_than_is_needed(code, chosen):
    assert names(found(*code)) == chosen
