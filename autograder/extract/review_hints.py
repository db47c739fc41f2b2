"""Find passages that a person may want to read. None is a verdict, and most are innocent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from autograder.extract.code import parse
from autograder.extract.effects import nodes
from autograder.model import Chunk, Notebook, Notice

# Numbers with fewer figures may agree by chance.
MIN_FIGURES = 4
# This many of the release's numbers are a table; one or two may be constants that everybody knows.
MIN_NUMBERS = 3
# A function with this many lines of one support file was copied from there.
MIN_LINES = 4
# A line of fewer characters (`return out`) may stand anywhere.
MIN_LINE = 16
# Modules that code about arrays has a use for.
_PLAIN = """
numpy math cmath itertools functools operator collections typing dataclasses enum abc copy time random numbers
warnings fractions decimal statistics string textwrap pprint __future__ matplotlib tqdm IPython
"""
_CALLERS = """
inspect traceback gc sys os builtins subprocess importlib ctypes pickle marshal types _getframe exec eval
compile getattr setattr globals locals vars
"""
_FILES = """
open environ getenv listdir glob pathlib Path load loadtxt genfromtxt fromfile memmap ctypeslib linecache
"""
_PLAIN_MODULES, _ABOUT_CALLERS, _ABOUT_FILES = (frozenset(w.split()) for w in (_PLAIN, _CALLERS, _FILES))
# Names that a class may define, or ask for, without looking behind anything.
_PLAIN_DUNDERS = re.compile(
    r"__(init|call|name|doc|repr|str|len|iter|next|[gs]etitem|eq|add|mul|class|version)__"
)


def review_hints(chunks: Sequence[Chunk], given: Notebook, support: Mapping[str, str]) -> tuple[Notice, ...]:
    """Look for numbers from the release's tests, fixed shapes, copies, and code about callers or files.

    `given` is the release's notebook, whose own code gives no hint; `support` the support code by file name.
    """
    trees = [(chunk, tree) for chunk in chunks if isinstance(tree := parse(chunk.source), ast.Module)]
    released = "\n".join(cell.source for cell in given.code_cells)
    own = [(chunk, tree) for chunk, tree in trees if chunk.cell and chunk.source not in released]
    known = _numbers_of(given)
    found = (hint for chunk, tree in own for hint in _oddities(chunk, tree, known))
    telling = {name: _telling(source) for name, source in support.items()}
    return (*found, *(hint for chunk, tree in own for hint in _copies(chunk, tree, telling)))


def _numbers_of(given: Notebook) -> frozenset[float]:
    trees = (parse(cell.source) for cell in given.code_cells)
    return frozenset(value for tree in trees if isinstance(tree, ast.Module) for value, _ in _numbers(tree))


def _oddities(chunk: Chunk, tree: ast.Module, known: frozenset[float]) -> Iterator[Notice]:
    familiar = {value: line for value, line in _numbers(tree) if value in known}
    if len(familiar) >= MIN_NUMBERS:
        what = f"{len(familiar)} numbers that also stand in the homework's own tests"
        yield _hint(what, chunk, min(familiar.values()))
    for line in _fixed_shapes(tree):
        yield _hint("a shape is compared with fixed numbers", chunk, line)
    for name, (what, line) in _unusual(tree).items():
        yield _hint(f"`{name}` {what}", chunk, line)


def _copies(chunk: Chunk, tree: ast.Module, support: Mapping[str, frozenset[str]]) -> Iterator[Notice]:
    """Name the files of the support code from which a function's lines were taken."""
    if any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body):
        lines = _telling(chunk.source)
        for name, theirs in support.items():
            common = len(lines & theirs)
            if common >= MIN_LINES:
                yield _hint(f"{common} of {len(lines)} lines also stand in `{name}`", chunk, line=1)


def _telling(source: str) -> frozenset[str]:
    """Give the lines that are long enough to show their source, without white space."""
    stripped = ("".join(line.split()) for line in source.splitlines())
    return frozenset(line for line in stripped if len(line) >= MIN_LINE and not line.startswith("#"))


def _hint(what: str, chunk: Chunk, line: int) -> Notice:
    return Notice(code="to-read", message=what, where=f"cell {chunk.cell}, line {chunk.line + line - 1}")


def _numbers(tree: ast.Module) -> Iterator[tuple[float, int]]:
    """Find numbers of several figures, without their signs, each with its line."""
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            figures = repr(node.value).partition("e")[0].replace(".", "").strip("0")
            if len(figures) >= MIN_FIGURES:
                yield node.value, node.lineno


def _fixed_shapes(tree: ast.Module) -> Iterator[int]:
    for node in nodes(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            has_shape = any(isinstance(side, ast.Attribute) and side.attr == "shape" for side in sides)
            if has_shape and any(map(_is_fixed, sides)):
                yield node.lineno


def _is_fixed(node: ast.expr) -> bool:
    return isinstance(node, ast.Tuple) and all(isinstance(part, ast.Constant) for part in node.elts)


def _unusual(tree: ast.Module) -> Mapping[str, tuple[str, int]]:
    """Find names that plain code about arrays has no use for, each with the reason and its first line."""
    found: dict[str, tuple[str, int]] = {}
    for node in nodes(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                named = [(name, _reason(name))]
            case ast.Import(names=aliases):
                named = [(alias.name, _reason_to_import(alias.name)) for alias in aliases]
            case ast.ImportFrom(module=module):
                named = [(module or ".", _reason_to_import(module or "."))]
            case _:
                continue
        for name, reason in named:
            if reason:
                found.setdefault(name, (reason, node.lineno))
    return found


def _reason(name: str) -> str:
    """Say why a name is worth a look; nothing for an ordinary one."""
    if name in _ABOUT_FILES:
        return "looks at files"
    hidden = name.startswith("__") and name.endswith("__") and not _PLAIN_DUNDERS.fullmatch(name)
    return "looks at the program around it" if hidden or name in _ABOUT_CALLERS else ""


def _reason_to_import(module: str) -> str:
    top = module.partition(".")[0]
    return _reason(top) or ("" if top in _PLAIN_MODULES else "is imported")
