"""Find names that only older versions of NumPy and Python had: using one is no mistake."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

import numpy as np

from autograder.assignment import CompatSpec
from autograder.extract.code import parse
from autograder.extract.effects import nodes
from autograder.model import Chunk, Notice

_FORMER = """
    int float bool object complex str long unicode float_ complex_ Inf Infinity infty NaN NAN
    product cumproduct alltrue sometrue row_stack in1d trapz asscalar
"""
# without the names that NumPy has again (`np.bool` came back)
_NUMPY = frozenset(_FORMER.split()).difference(vars(np))
_PYTHON2 = frozenset({"xrange", "raw_input", "unicode", "long", "basestring", "unichr", "reduce"})
# Parsing is slow, and few submissions have any of these words.
_SUSPECT = re.compile(rf"\b(?:{'|'.join(sorted(_NUMPY | _PYTHON2))}|newshape|lib\s*\.\s*pad)\b")


def old_names(chunks: Sequence[Chunk], compat: CompatSpec) -> dict[str, Notice]:
    """Find the emulated old names in the chunks' code, sorted, with a notice for each."""
    suspect = [chunk for chunk in chunks if _SUSPECT.search(chunk.source) or "numpy" in chunk.source]
    trees = [(chunk, tree) for chunk in suspect if isinstance(tree := parse(chunk.source), ast.Module)]
    modules = {"np", "numpy"}.union(*(_numpy_names(tree) for _, tree in trees))
    own = {name for chunk in chunks for name in chunk.names}
    places: dict[str, str] = {}
    for chunk, tree in trees:
        for name, line in _found(tree, modules):
            emulated = compat.numpy_aliases if name.startswith("np.") else compat.python2
            if emulated == "emulate" and name not in own:
                places.setdefault(name, f"cell {chunk.cell}, line {chunk.line + line - 1}")
    return {name: _notice(name, places[name]) for name in sorted(places)}


def _numpy_names(tree: ast.Module) -> set[str]:
    """Give the names by which the code calls NumPy."""
    imports = (alias for node in nodes(tree) if isinstance(node, ast.Import) for alias in node.names)
    return {alias.asname or alias.name for alias in imports if alias.name == "numpy"}


def _found(tree: ast.Module, modules: set[str]) -> Iterator[tuple[str, int]]:
    """Find the old names in one statement, with their lines in it."""
    stored = {n.id for n in nodes(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    stored |= {n.arg for n in nodes(tree) if isinstance(n, ast.arg)}
    for node in nodes(tree):
        match node:
            case ast.Name(id=name) if name in _PYTHON2 and name not in stored:
                yield name, node.lineno
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in modules and name in _NUMPY:
                yield f"np.{name}", node.lineno
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=module), attr="lib"), attr="pad"):
                if module in modules:
                    yield "np.lib.pad", node.lineno
            case ast.Call(func=ast.Attribute(attr="reshape"), keywords=keywords):
                if any(keyword.arg == "newshape" for keyword in keywords):
                    yield "np.reshape.newshape", node.lineno


def _notice(name: str, where: str) -> Notice:
    home = "NumPy" if name.startswith("np.") else "Python"
    message = f"`{name}` ({where}) is gone from today's {home}; it was put back for grading. Replace it."
    return Notice(code="old-habit", message=message, where=where)
