"""Support code without the functions that would answer for a student's own.

Where a student's functions are judged, the code of the withheld functions is not in the sandbox, neither in a
file nor in memory. Their names are, so that imports work; each raises an error that says so.
"""

from __future__ import annotations

import ast
import fnmatch
import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from autograder.sandbox.policy import SUPPORT, Mount, Policy

# Functions can't be cut out of compiled code and its sources, so these files are left out.
_COMPILED = frozenset({".so", ".pyd", ".pyc", ".pyx", ".pxd", ".c", ".cpp", ".h"})


@functools.cache  # a batch opens a session for each submission
def without(policy: Policy, withheld: tuple[str, ...]) -> Policy:
    """Give a policy whose support code lacks the withheld functions, and all that is compiled.

    Each of `withheld` is a module and a pattern of names in it: ``"package.fast.solve_*"``.
    """
    if not withheld:
        return policy
    files: dict[str, bytes] = {}
    mounts: list[Mount] = []
    for folder in policy.support:
        for path in _kept(folder):
            target = f"{SUPPORT}/{folder.name}/{path.relative_to(folder).as_posix()}"
            if path.suffix == ".py":
                module = ".".join((folder.name, *path.relative_to(folder).with_suffix("").parts))
                files[target] = cut(path.read_text(encoding="utf-8"), _names(module, withheld)).encode()
            else:
                mounts.append(Mount(source=path.resolve(), target=target, copied=True))
    return replace(policy, support=(), extra_modules=(), files=tuple(files.items()), mounts=tuple(mounts))


def _kept(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _COMPILED:
            yield path


def _names(module: str, withheld: Iterable[str]) -> list[str]:
    """Give the patterns of names that are withheld in a module."""
    split = (pattern.rpartition(".") for pattern in withheld)
    return [names for of, _, names in split if of == module.removesuffix(".__init__")]


def cut(source: str, patterns: Sequence[str]) -> str:
    r"""Give a module's source with a refusal in place of each function whose name fits a pattern.

    >>> cut("def solve(a):\n    return a + 1", ["solve"]).splitlines()[1].strip()[:18]
    'raise RuntimeError'
    """
    return ast.unparse(_Cutter(patterns).visit(ast.parse(source))) if patterns else source


class _Cutter(ast.NodeTransformer):
    """Replaces the withheld functions, and assignments to their names."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = patterns

    def _is_withheld(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self._patterns)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if not self._is_withheld(node.name):
            return node
        return ast.parse(_refusal(node.name)).body[0]

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        names = [one.id for one in node.targets if isinstance(one, ast.Name) and self._is_withheld(one.id)]
        return [ast.parse(_refusal(name)).body[0] for name in names] or node


def _refusal(name: str) -> str:
    reason = f"`{name}` is not available where your own code is judged: it must compute this itself"
    return f"def {name}(*_, **__):\n    raise RuntimeError({reason!r})"
