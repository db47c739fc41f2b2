"""Settings read from calls without running them."""

import copy

import pytest
from extract_samples import notebook
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autograder.extract import find_calls

NAMES = {"Solver": ("model", "data", "lr"), "Net": ()}


def call(*sources, name="Solver"):
    return [found for found in find_calls(notebook(*sources), NAMES).sites if found.name == name][-1]


def calls(*sources):
    return [found.arguments for found in find_calls(notebook(*sources), NAMES).sites]


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
        "s = {'lr': 2}\ns.get('lr'), s.items(), s.copy(), print(s), sorted(s)\nSolver(**s)",
        "s = {'lr': 2}\nimport json\njson.dumps(s)\nSolver(**s)",
        "s = {'lr': 1}\nt = s\nt['lr'] = 2\nSolver(**s)",
        "s = {'lr': 1, 'model': make()}\ns['lr'] = 2\nSolver(lr=s['lr'])",
        "s = {}\ns.setdefault('lr', 2)\nSolver(**s)",
        "s = {'lr': 2, 'a': 1}\ns.pop('a')\nSolver(lr=s.pop('lr'))",
        "s = {'lr': 1} | {'lr': 2}\nSolver(**s)",
        "s = {'lr': 1}\ns |= {'lr': 2}\nSolver(**s)",
        "s = {'lr': 1}\nif True:\n    s['lr'] = 2\nSolver(**s)",
        "s = {'lr': 2}\nif better:\n    s['reg'] = 1\nSolver(lr=s['lr'])",
        "s = {'lr': 2}\ntry:\n    s['reg'] = 1\nexcept KeyError:\n    pass\nSolver(lr=s['lr'])",
        "lr = 2 if 1 < 3 and not None else 1\nSolver(lr=lr)",
        "rule = 'adam'\nlr = 2 if rule in ('adam', 'sgd') else 1\nSolver(lr=lr)",
        "import numpy as np\nSolver(lr=int(np.float64(2)))",
        "a, (lr, *b) = 1, (2, 3)\nSolver(lr=lr)",
        "for lr in (1, 3, 2):\n    pass\nSolver(lr=lr)",
        "for i, lr in enumerate([1, 2]):\n    if i == 5:\n        break\nSolver(lr=lr)",
        "for x in range(1, 5):\n    if x == 3: break\n    if x == 1: continue\n    lr = x\nSolver(lr=lr)",
        "lr = [a * b for a in (1, 2) for b in [1]][1]\nSolver(lr=lr)",
        "s = {name: 2 for name in ['lr']}\nSolver(**s)",
        "a = [1]\na += [2]\na.append(read())\nSolver(lr=a[1])",
        "def go(lr=2): Solver(lr=lr)\ngo()",
        "def go(rate, *, other=1): Solver(lr=rate)\ngo(rate=2)",
        "def go(*rates, **more): Solver(lr=rates[0] * more['by'])\ngo(1, by=2)",
        "def go(s): s['lr'] = 2\ns = {'lr': 1}\ngo(s)\nSolver(**s)",
        "def go():\n    global lr\n    lr = 2\nlr = 1\ngo()\nSolver(lr=lr)",
        "lr = 2\ndef go(): lr = 1\ngo()\nSolver(lr=lr)",
        "def rate(n):\n    if n == 0:\n        return 2\n    return rate(n - 1)\nSolver(lr=rate(3))",
        "def settings(): return dict(lr=2)\nSolver(**settings())",
        "def go(lr):\n    if lr is None:\n        return None\n    return Solver(lr=lr)\ngo(None)\ngo(2)",
        "class Config:\n    lr = 2\nSolver(lr=Config.lr)",
        "class Config:\n    lr: int = 1\nc = Config()\nc.lr = 2\nSolver(lr=c.lr)",
        "from types import SimpleNamespace\nc = SimpleNamespace(lr=2)\nSolver(lr=c.lr)",
        "lr = 3\nif (lr := 2): pass\nSolver(lr=lr)",
        "while True:\n    x = 1\n    break\nlr = 2\nSolver(lr=lr)",
        "with np.errstate(all='ignore'):\n    lr = 2\n    Solver(lr=lr)",
        "Solver(None, None, 2)",
        "Solver(*[None, None, 2])",
        "s = Solver(lr=1)\ns.lr = 2",
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
        "s = {'lr': 1}\nchange = lambda t: t.clear()\nchange(s)\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\nt = [s]\nclass A:\n    def f(self, x): x[0]['lr'] = 2\nA().f(t)\nSolver(lr=s['lr'])",
        "lr = 1\n@timed\ndef go():\n    global lr\n    lr = 2\ngo()\nSolver(lr=lr)",
        "s = {'lr': 1}\ndef go():\n    def inner(): s['lr'] = 2\n    inner()\ngo()\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\ndef go(x): x['lr'] = 2\nlist(map(go, [s]))\nSolver(lr=s['lr'])",
        "lr = 1\ndef go(x):\n    global lr\n    lr = 2\nlist(map(go, [1]))\nSolver(lr=lr)",
        "rates = [1, 2]\nrandom.shuffle(rates)\nSolver(lr=rates[0])",
        "s = {'lr': 1}\nwhile go():\n    s['lr'] *= 2\nSolver(lr=s['lr'])",
        "lr = 1\nfor x in unknown:\n    lr = 2\nSolver(lr=lr)",
        "for lr in [1, 2]:\n    if good(lr): break\nSolver(lr=lr)",
        "def go(s):\n    if maybe(): return\n    s['lr'] = 2\ns = {'lr': 1}\ngo(s)\nSolver(lr=s['lr'])",
        "def best():\n    for lr in [1, 2]:\n        if good(lr): return lr\nSolver(lr=best())",
        "best = 0\nfor lr in [1, 2]:\n    if good(lr): best = lr\nSolver(lr=best)",
        "try:\n    lr = int(read())\nexcept ValueError:\n    lr = 2\nSolver(lr=lr)",
        "lr = 10 ** np.random.uniform(-4, -2)\nSolver(lr=lr)",
        "lr = max([1, 2], key=score)\nSolver(lr=lr)",
        "match x:\n    case 1:\n        lr = 2\nSolver(lr=lr)",
        "with open('x') as lr: pass\nSolver(lr=lr)",
        "import lr\nSolver(lr=lr)",
        "s = {'lr': 1}\ndel s['lr']\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\nif better:\n    s['lr'] = 2\nSolver(lr=s['lr'])",
        "s = {'lr': 1}\nt = s\nif better:\n    t['lr'] = 2\nSolver(lr=s['lr'])",
        "lr = 1\nif better:\n    lr = 2\nSolver(lr=lr)",
        "lr = 1\nlr += choose()\nSolver(lr=lr)",
        "lr = 1\ndef lr(): pass\nSolver(lr=lr)",
        "lr = 1\ndel lr\nSolver(lr=lr)",
        "lr, b = 1, 2, 3\nSolver(lr=lr)",
        "lr = 1\ndef go():\n    lr = choose()\n    Solver(lr=lr)\ngo()",
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
def test_what_can_not_be_read_is_named(code):
    assert call(code).unresolved == ("lr",)
    assert "lr" not in call(code).arguments


def test_arguments_that_can_not_be_unpacked_are_named():
    assert call("Solver(**settings)").unresolved == ("**",)
    assert call("Solver(**7)").unresolved == ("**",)
    assert call("Solver(*given)").unresolved == ("*",)


def test_a_loop_makes_its_calls_one_by_one():
    found = calls("for r in [1e-2, 1e-3]:\n    for g in (0, 1):\n        Solver(lr=r, reg={'l2': g})")
    assert found == [{"lr": r, "reg": {"l2": g}} for r in (1e-2, 1e-3) for g in (0, 1)]
    assert calls("[Solver(lr=r) for r in range(2)]") == [{"lr": 0}, {"lr": 1}]
    assert calls("import itertools\nfor a, b in itertools.product([1, 2], [3]):\n    Solver(lr=a * b)") == [
        {"lr": 3},
        {"lr": 6},
    ]


def test_calls_in_branches_that_may_not_run_are_there():
    code = "lr = 1\nif better():\n    lr = 2\n    Solver(lr=lr)\nelse:\n    Solver(lr=lr)\nSolver(lr=3)"
    assert sorted(found["lr"] for found in calls(code)) == [1, 2, 3]
    assert calls("while more():\n    Solver(lr=1)") == [{"lr": 1}]
    assert calls("def go(): Solver(lr=1)") == []


def test_settings_are_those_of_the_moment_of_the_call():
    assert calls("s = {'lr': [1]}\nSolver(**s)\ns['lr'].append(2)\nSolver(**s)") == [
        {"lr": [1]},
        {"lr": [1, 2]},
    ]


def test_what_a_call_is_given_is_followed_to_where_it_was_made():
    code = ["Net(reg=9)", "net = Net(reg=1)", "def go(n): return Solver(n, lr=2)", "Net(reg=8)", "go(net)"]
    found = call(*code)
    assert (found.given["model"].arguments, found.arguments) == ({"reg": 1}, {"lr": 2})
    assert (found.cell, found.ran, found.given["model"].ran) == (3, 5, 2)
    assert call("Solver(Net(reg=1), data)").given["model"].arguments == {"reg": 1}
    assert call("Solver(nets[0], data)").given == {}


def test_arguments_by_position_have_names_where_the_notebook_has_the_definition():
    made = "class Net(object):\n    def __init__(self, dim=1, filters=2, *, reg=0): pass"
    found = call(made, "Net((3, 32), 16, reg=0.1)", name="Net")
    assert found.arguments == {"dim": (3, 32), "filters": 16, "reg": 0.1}
    assert call(made, "Net(size, 16)", name="Net").unresolved == ("dim",)
    assert call("def Solver(a, b): pass", "Solver(1, b=2)").arguments == {"a": 1, "b": 2}


def test_calls_say_where_they_stand():
    found = find_calls(notebook("x = 1", "y = 2\nSolver(a=1)\nlib.Solver(a=0.5 * 2e-3)"), NAMES).sites
    assert [(c.cell, c.line, c.arguments) for c in found] == [(2, 2, {"a": 1}), (2, 3, {"a": 1e-3})]


def test_calls_in_old_and_broken_cells_are_found():
    assert call("print 'x'\nSolver(lr=1)").arguments == {"lr": 1}
    broken = call("def g(:\n    pass\n\nSolver(\n    lr=1)")
    assert (broken.arguments, broken.line) == ({"lr": 1}, 4)


def test_calls_nested_too_deep_are_survived():
    deep = "x = " + "-" * 500 + "1\nSolver(lr=" + "-" * 500 + "1)"
    assert call(deep, "Solver(lr=1)").arguments == {"lr": 1}


@pytest.mark.parametrize(
    "endless",
    [
        "def f(n):\n    return f(n + 1)\nf(0)",
        "def f(n):\n    for i in range(1000):\n        f(i)\nf(0)",
        "a = [1]\nfor i in range(900):\n    a = a + a\n    a.extend(a)",
        "\n".join(f"if x:\n    y{i} = {i}" for i in range(3000)),
        "x = 9\nfor i in range(900):\n    x = x ** 9 + x * x",
    ],
)
def test_what_would_take_for_ever_is_ended(endless):
    found, is_whole = find_calls(notebook("Solver(lr=1)", endless, "Solver(lr=1)"), NAMES)
    assert len(found) == 1 + is_whole


code = st.text(alphabet="lr s={}[]()*'1,:.\n+-/%", max_size=60)


@given(code)
def test_no_code_breaks_the_reading(text):
    find_calls(notebook(f"s = {{'lr': 1}}\n{text}\nSolver(lr=s)", f"Solver({text})", f"lr = {text}"), NAMES)


# --- never a wrong value -----------------------------------------------------------------------------

ATOMS = st.sampled_from(
    [
        "1",
        "a",
        "b",
        "s['x']",
        "t['x']",
        "s.get('y', 5)",
        "len(r)",
        "r[0]",
        "f(a)",
        "g(s)",
        "-b",
        "a + b",
        "h()",
    ]
)
SIMPLE = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(["a", "b", "s['x']", "t['y']", "r[-1]"]), ATOMS),
    st.builds("{} += {}".format, st.sampled_from(["a", "s['x']"]), ATOMS),
    st.sampled_from(["t = s", "s = t", "s = dict(t)", "t = {**s}", "r.append(a)", "s.update(x=b)", "g(t)"]),
    st.sampled_from(["s.pop('y', None)", "r = [a, b]", "a, b = b, a", "u = [s, t]", "u[0]['x'] = 7", "k()"]),
)
TESTS = st.sampled_from(["a < b", "hidden()", "s['x'] == 1", "not a", "len(r) > 2"])


def indented(lines):
    return "\n".join("    " + line for text in lines for line in text.split("\n"))


BLOCKS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(
            lambda test, body, other: f"if {test}:\n{indented(body)}\nelse:\n{indented(other)}",
            TESTS,
            st.lists(inner, min_size=1, max_size=3),
            st.lists(inner, min_size=1, max_size=2),
        ),
        st.builds(
            lambda items, test, body, jump: (
                f"for a in {items}:\n{indented(body)}\n    if {test}: {jump}\n    b = a"
            ),
            st.sampled_from(["[1, 2, 3]", "range(2)", "secret()", "list(s.values())"]),
            TESTS,
            st.lists(inner, min_size=1, max_size=3),
            st.sampled_from(["break", "continue", "pass"]),
        ),
        st.builds(
            lambda body: f"n = 0\nwhile n < hidden() + 1:\n    n += 1\n{indented(body)}",
            st.lists(inner, min_size=1, max_size=2),
        ),
        st.builds(
            lambda body: f"try:\n{indented(body)}\n    fail()\nexcept ValueError:\n    b = 4",
            st.lists(inner, min_size=1, max_size=2),
        ),
    ),
    max_leaves=6,
)
BEGIN = """a, b, r = 1, 2, [1, 2]
s = {'x': 1, 'y': 2}
t = {'x': 3}
u = [s]
def f(x):
    if x > 3: return 0
    if hidden(): return 5
    return x + 1
def g(d):
    if hidden(): return 1
    d['x'] = 6
    return d['x']
def h():
    global b
    b = 8
    return b
@plain
def k():
    global a
    a = 9
    t['x'] = 10
"""


@given(st.lists(BLOCKS, min_size=1, max_size=6), st.booleans())
@settings(max_examples=300)
def test_what_is_read_is_what_the_code_has(blocks, hidden):
    source = BEGIN + "\n".join(blocks) + "\nSolver(a=a, b=b, s=s, t=t, r=r)"
    seen = []

    def fail():
        if hidden:
            raise ValueError

    names = {
        "Solver": lambda **given: seen.append(copy.deepcopy(given)),
        "hidden": lambda: hidden,
        "secret": lambda: [4, 5] if hidden else [],
        "plain": lambda function: function,
        "fail": fail,
    }
    try:
        exec(source, names)
    except Exception:
        assume(False)
    read = call(source)
    assert read.arguments == {name: seen[-1][name] for name in read.arguments}
