"""Code that runs here and not where it is graded."""

import pytest

from autograder.extract import not_there, too_new
from autograder.model import Chunk


def chunk(source):
    return Chunk(source=source, names=(), cell=4, line=2)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import torch.nn as nn, numpy", ["torch"]),
        ("def f():\n    from einops import rearrange\n    from . import x", ["einops"]),
        ("try:\n    import torch\nexcept ImportError:\n    torch = None", []),
        ("import torch, jax", ["jax", "torch"]),
        ("this is no Python", []),
    ],
)
def test_each_package_that_is_not_there_is_named_with_its_place(source, names):
    found = list(not_there([chunk(source)], {"numpy"}, ["kit", "numpy"]))
    assert [notice.message for notice in found] == [
        f"`{name}` is not there when this is graded, only the standard library, kit, numpy. Do without it."
        for name in names
    ]
    assert {notice.where for notice in found} <= {"cell 4, line 2"}


@pytest.mark.parametrize(
    ("source", "oldest", "says"),
    [
        ("match x:\n    case 1: pass", (3, 9), "Pattern matching is only supported in Python 3.10"),
        ("match x:\n    case 1: pass", (3, 11), ""),
        ("def f(a, /): pass", (3, 7), "Positional-only parameters are only supported in Python 3.8"),
        ("'\\d'", (3, 7), ""),
        ("def f(:", (3, 7), ""),
    ],
)
def test_syntax_that_an_older_python_lacks_is_named(source, oldest, says):
    found = [notice.message for notice in too_new([chunk(source)], oldest)]
    assert len(found) == bool(says)
    for message in found:
        assert message.startswith(says)
        version = f"Python {oldest[0]}.{oldest[1]}"
        assert message.endswith(f". This may be graded by {version}: write it in an older way.")
