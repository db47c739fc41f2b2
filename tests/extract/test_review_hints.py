"""Passages that a person may want to read: ways to other code, numbers of the tests, copied lines."""

import pytest
from extract_samples import EMULATE, notebook

from autograder.extract import extract, review_hints

LENT = """    fields = unfold(images, width)
    filters = weights.reshape(F, -1)
    out = np.matmul(filters, fields)
    out += biases[:, None, None]
"""
SUPPORT = {"kit/layers.py": f"def other(images, weights, biases):\n{LENT}    return out\n"}
TESTS = notebook("def f(x):\n    pass", "right = [-0.08759, 0.21027, 3.1415]\nassert f(1) == 0.5")


# Ways to code that is not one's own, each with the name by which it is found.
WAYS = {
    "runpy": "import runpy\nk = runpy.run_module('kit')['f']",
    "exec": "exec('import kit')",
    "eval": "k = eval('kit.f')",
    "compile": "k = compile('1', 'x', 'exec')",
    "__import__": "k = __import__('kit').f",
    "importlib": "import importlib as il\nk = il.import_module('kit')",
    "kit.layers": "from kit.layers import f as k",
    "__loader__": "k = np.__loader__.load_module('kit')",
    "__spec__": "k = np.__spec__",
    "getattr": "k = getattr(np, 'o' + 's')",
    "__dict__": "k = np.__dict__['os']",
    "sys": "k = np.lib.format.sys.modules['kit']",
    "gc": "import gc\nk = gc.get_objects()",
    "open": "k = open('kit.py').read()",
    "load": "k = np.load('kit.npy')",
    "ctypeslib": "k = np.ctypeslib.load_library('kit', '.')",
    "memmap": "k = np.memmap('kit')",
    "pickle": "import pickle\nk = pickle.loads(b'')",
    "__globals__": "k = np.pad.__globals__",
    "__code__": "k = np.pad.__code__",
    "__subclasses__": "k = object.__subclasses__()",
    "linecache": "import linecache\nk = linecache.getlines('kit.py')",
    "zipimport": "import zipimport\nk = zipimport.zipimporter('kit.zip')",
    "builtins": "import builtins\nk = builtins.open",
}


@pytest.mark.parametrize("name", WAYS)
def test_every_way_to_other_code_is_named(name):
    lines = "".join(f"    {line}\n" for line in WAYS[name].split("\n"))
    found = read_oddities(f"import numpy as np\ndef f(x):\n{lines}    return x")
    assert f"`{name}`" in {what.partition(" ")[0] for what, _ in found}


def test_plain_code_about_arrays_has_nothing_to_read():
    source = """
import math, itertools
import numpy as np
from functools import partial
class Net:
    def __init__(self): self.k = np.zeros(3)
    def __call__(self, x): return self.k + x
def f(x):
    assert type(x).__name__ == "ndarray"
    return np.lib.stride_tricks.sliding_window_view(x, 3) + math.pi + Net()(x) + x.__len__()
"""
    assert read_oddities(source) == []


def read_oddities(source):
    definitions = extract(notebook(source), ["f"], EMULATE)
    return [(one.message, one.where) for one in review_hints(definitions.chunks, TESTS, SUPPORT)]


@pytest.mark.parametrize(
    ("source", "what", "where"),
    [
        (
            "def f(x):\n    x = 1\n    return [-0.08759, 0.21027, 3.1415]",
            "3 numbers that also stand in the homework's own tests",
            "cell 1, line 3",
        ),
        (
            "def f(x):\n    if x.shape == (2, 3, 4, 4):\n        return 1",
            "a shape is compared with fixed numbers",
            "cell 1, line 2",
        ),
        (
            "import inspect\ndef f(x):\n    return inspect.stack()",
            "`inspect` looks at the program around it",
            "cell 1, line 1",
        ),
        (
            "def f(x):\n    from sys import modules\n    return modules",
            "`sys` looks at the program around it",
            "cell 1, line 2",
        ),
        (
            "def f(x):\n    return open('check/questions.py').read()",
            "`open` looks at files",
            "cell 1, line 2",
        ),
        (
            "x = 1\ndef f(images, weights, biases):\n" + LENT + "    return out",
            "4 of 5 lines also stand in `kit/layers.py`",
            "cell 1, line 2",
        ),
    ],
)
def test_passages_to_read_are_named(source, what, where):
    assert (what, where) in read_oddities(source)


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n    return x * 0.5",
        "def f(x):\n    return 3.1415 * x.shape[0]",
        "def f(x):\n    assert x.shape == (N, C)\n    return 1.2345 + 5.4321 + 9.8765",
        "def f(x):\n    pass",
        "def f(images, weights):\n    filters = weights.reshape(F, -1)\n    return filters",
    ],
)
def test_ordinary_code_has_no_passages_to_read(source):
    assert read_oddities(source) == []
