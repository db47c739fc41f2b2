"""Find the code that a question depends on, so that changing one question does not change the others.

A name stands for all statements of its module that bind it. These use other names, and so on, through the
modules of the same folder. A statement that binds nothing may do anything, so it belongs to all.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder.errors import AssignmentError
from autograder.files import read_text
from autograder.model import Struct

# Stands for all names of a module, and for the entries that are not known one by one.
EVERYTHING = ""


class _Statement(Struct):
    """A top-level statement: the names that it binds and uses, and what it imports from its own folder.

    A use is a name, or a name with the attribute that is taken of it: ``visible.gradients``. `imports` maps a
    bound name to its module and its name there, which is `EVERYTHING` for a module as a whole.
    """

    text: str
    binds: frozenset[str]
    uses: frozenset[str]
    imports: Mapping[str, tuple[str, str]]


def code_of_entries(paths: Mapping[str, Path], module: str, table: str) -> dict[str, str]:
    """Give the code that each entry of a module's table depends on.

    An entry that is missing here depends on all of the module and its imports, which `EVERYTHING` names.

    Parameters
    ----------
    paths : mapping of str to Path
        The modules that may import one another as ``from . import name``.
    module, table : str
        The module, and the table in it.

    Raises
    ------
    AssignmentError
        A module can't be read, or is not Python.
    """
    read = {name: _read(path) for name, path in paths.items()}
    modules = {name: statements for name, (_, statements) in read.items()}
    entries = {key: (ast.unparse(value), _used(value)) for key, value in _entries(read[module][0], table)}
    return {
        key: "\n".join([own, *_followed(modules, [(module, use) for use in ("*", *uses)])])
        for key, (own, uses) in {**entries, EVERYTHING: ("", frozenset({EVERYTHING}))}.items()
    }


def _followed(modules: Mapping[str, Sequence[_Statement]], todo: list[tuple[str, str]]) -> list[str]:
    """Give the statements that names in modules depend on, in order."""
    seen: set[tuple[str, str]] = set()
    found: set[tuple[str, int]] = set()
    while todo:
        place = todo.pop()
        if place in seen or place[0] not in modules:
            continue
        seen.add(place)
        where, (name, _, attribute) = place[0], place[1].partition(".")
        for number, one in enumerate(modules[where]):
            if one.binds and name != EVERYTHING and name not in one.binds:
                continue
            if (where, number) not in found:
                found.add((where, number))
                todo += [(where, use) for use in one.uses]
            for bound, (holder, there) in one.imports.items():
                if bound in (name, "*"):
                    todo.append((holder, there or attribute or EVERYTHING))
    return [modules[where][number].text for where, number in sorted(found)]


def _read(path: Path) -> tuple[ast.Module, Sequence[_Statement]]:
    try:
        return _parsed(read_text(path))
    except SyntaxError as error:
        raise AssignmentError(f"{path}:{error.lineno}: {error.msg}") from error


@functools.lru_cache(maxsize=64)  # every table asks for the same modules
def _parsed(source: str) -> tuple[ast.Module, Sequence[_Statement]]:
    tree = ast.parse(source)
    return tree, tuple(_statements(tree))


def _statements(tree: ast.Module) -> Iterator[_Statement]:
    for node in tree.body:
        if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield _Statement(
                text=ast.unparse(node),
                binds=frozenset(_bound(node)),
                uses=_used(node),
                imports=dict(_siblings(node)),
            )


def _bound(node: ast.stmt) -> Iterator[str]:
    """Give the names that a statement binds in its module, if it does no more than that."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (one.asname or one.name.partition(".")[0] for one in node.names if one.name != "*")
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        parts = [one for target in targets for one in ast.walk(target)]
        if not any(isinstance(one, ast.Attribute | ast.Subscript) for one in parts):
            yield from (one.id for one in parts if isinstance(one, ast.Name))


def _siblings(node: ast.stmt) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give the names that a statement imports from modules beside its own."""
    if isinstance(node, ast.ImportFrom) and node.level == 1:
        for one in node.names:
            there = EVERYTHING if one.name == "*" else one.name
            yield one.asname or one.name, (node.module, there) if node.module else (one.name, EVERYTHING)


def _used(node: ast.AST) -> frozenset[str]:
    """Give the names that code uses, each with its attribute if one is taken at once."""
    taken = {
        id(one.value): one.attr
        for one in ast.walk(node)
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name)
    }
    names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
    return frozenset(f"{one.id}.{taken[id(one)]}" if id(one) in taken else one.id for one in names)


def _entries(tree: ast.Module, table: str) -> Iterator[tuple[str, ast.expr]]:
    """Give the entries of a table that is one plain dict, which nothing else mentions."""
    mentions = sum(isinstance(one, ast.Name) and one.id == table for one in ast.walk(tree))
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and table in _bound(node) and mentions == 1:
            keys = node.value.keys if isinstance(node.value, ast.Dict) else []
            values = node.value.values if isinstance(node.value, ast.Dict) else []
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
