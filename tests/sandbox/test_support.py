"""Support code without its withheld functions: these are cut, and all else stays."""

import ast
from pathlib import Path

import pytest

from autograder.sandbox.policy import Policy, importable_names
from autograder.sandbox.support import cut, without

SOURCE = '''
"""A module."""
import numpy as np

K = 3

def solve_fast(a, b=K):
    return secret(a)

def secret(a):
    return a + 1

solve_slow = secret

try:
    from other import solve_best
except ImportError:
    def solve_best(a):
        return a + 2

class Kit:
    def solve_here(self, a):
        return a + 3
'''


def names_of(source):
    names = {}
    exec(source, names)
    return names


@pytest.mark.parametrize("name", ["solve_fast", "solve_slow", "solve_best"])
def test_a_withheld_function_refuses_and_its_code_is_gone(name):
    found = names_of(cut(SOURCE, ["solve_*"]))[name]
    with pytest.raises(RuntimeError, match=f"`{name}` is not available where your own code is judged"):
        found(1, any=2)


def test_methods_are_cut_too_and_all_else_stays():
    text = cut(SOURCE, ["solve_*"])
    assert all(part not in text for part in ("a + 2", "a + 3", "secret(a)\n    return secret"))
    assert names_of(text)["secret"](1) == 2
    assert names_of(text)["K"] == 3
    assert ast.get_docstring(ast.parse(text)) == "A module."
    assert cut(SOURCE, []) == SOURCE


def kit(folder):
    (folder / "kit/sub").mkdir(parents=True)
    for name, content in {
        "kit/__init__.py": "def solve_me(): return 1",
        "kit/fast.py": SOURCE,
        "kit/sub/deep.py": "def solve_deep(): return 2\ndef other(): return 3",
        "kit/data.txt": "x",
        "kit/fast.cpython-311-x86_64-linux-gnu.so": "compiled",
        "kit/fast.pyx": "def solve_fast(): pass",
    }.items():
        (folder / name).write_text(content)
    return Policy(
        support=(folder / "kit",), extra_modules=(folder / "kit/fast.cpython-311-x86_64-linux-gnu.so",)
    )


def test_a_policy_that_withholds_has_no_compiled_file_and_no_source_of_one(tmp_path):
    policy = without(kit(tmp_path), ("kit.fast.solve_*", "kit.sub.deep.solve_deep", "kit.solve_me"))
    files = {Path(path).name: data.decode() for path, data in policy.files}
    assert sorted(files) == ["__init__.py", "deep.py", "fast.py"]
    assert [mount.target for mount in policy.mounts] == ["/opt/support/kit/data.txt"]
    assert "return 1" not in files["__init__.py"]
    assert "return 2" not in files["deep.py"]
    assert "return 3" in files["deep.py"]
    assert (policy.support, policy.extra_modules) == ((), ())
    assert importable_names(policy) == ["kit", "numpy"]


def test_a_policy_from_which_nothing_is_withheld_is_the_same(tmp_path):
    policy = kit(tmp_path)
    assert without(policy, ()) is policy
