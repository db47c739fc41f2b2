"""What a top-level statement binds, changes and needs, read from its syntax and its symbols."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator

from autograder.extract.code import Statement, parse
from autograder.model import Struct

_BUILTINS = frozenset(dir(builtins))
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


class Bound(Struct):
    """A statement with the names that it binds and those that it needs.

    `defines` are the names of functions and classes; `changes` those whose object it writes into
    (``CACHE['x'] = 1``, ``Net.loss = loss``); `aliases` are names that it sets to what the given names
    are (``f = g``; a lambda has the name ""). `is_conditional` says that it may define nothing.
    """

    statement: Statement
    binds: frozenset[str] = frozenset()
    defines: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    aliases: dict[str, frozenset[str]] = {}
    is_conditional: bool = False
    is_import: bool = False
    is_star: bool = False
    inner: tuple[tuple[str, str], ...] = ()


def bind(statement: Statement) -> Bound:
    """Read one statement; one that is nested too deep to be read binds nothing."""
    tree = parse(statement.source)
    if isinstance(tree, str) or not tree.body:
        return Bound(statement=statement)
    try:
        return _bind(statement, tree.body[0])
    except RecursionError:
        return Bound(statement=statement)


def _bind(statement: Statement, node: ast.stmt) -> Bound:
    return Bound(
        statement=statement,
        binds=frozenset(_bound_names(node)),
        defines=frozenset(n.name for n in _level(node) if isinstance(n, _FUNCTIONS)),
        changes=frozenset(name for n in _level(node) for name in _changed_names(n)),
        needs=frozenset(_global_names(statement.source)),
        aliases=_aliases(node),
        is_conditional=not isinstance(node, _FUNCTIONS),
        is_import=isinstance(node, _IMPORTS),
        is_star=isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names),
        inner=tuple(_inner(node)),
    )


def _level(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is in it, without what is inside a function, a class or a comprehension."""
    yield node
    if not isinstance(node, (*_FUNCTIONS, *_SCOPES)):
        for child in ast.iter_child_nodes(node):
            yield from _level(child)


def _bound_names(node: ast.stmt) -> Iterator[str]:
    for inner in _level(node):
        if isinstance(inner, _FUNCTIONS):
            yield inner.name
        elif isinstance(inner, _IMPORTS):
            yield from (
                (alias.asname or alias.name.split(".")[0]) for alias in inner.names if alias.name != "*"
            )
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id


def _changed_names(node: ast.AST) -> Iterator[str]:
    """``CACHE['x'] = 1`` and ``f.calls = 0`` change a name that they do not bind."""
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        return
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        owner: ast.expr = target
        while isinstance(owner, ast.Subscript | ast.Attribute):
            owner = owner.value
        if isinstance(owner, ast.Name) and owner is not target:
            yield owner.id


def _aliases(node: ast.stmt) -> dict[str, frozenset[str]]:
    if not isinstance(node, ast.Assign):
        return {}
    value = node.value
    sources = frozenset({""}) if isinstance(value, ast.Lambda) else frozenset(_named(value))
    return {target.id: sources for target in node.targets if isinstance(target, ast.Name)}


def _named(value: ast.expr) -> Iterator[str]:
    """The name itself, or those that a call is given: ``jit(f)``, ``partial(f, 1)``."""
    for part in [value] if not isinstance(value, ast.Call) else value.args:
        if isinstance(part, ast.Name):
            yield part.id


def _inner(node: ast.stmt) -> Iterator[tuple[str, str]]:
    """Functions defined inside another function or a class: (name, the outer one's name)."""
    if isinstance(node, _FUNCTIONS):
        for inner in ast.walk(node):
            if isinstance(inner, _FUNCTIONS) and inner is not node:
                yield inner.name, node.name


def _global_names(source: str) -> set[str]:
    """The names that a statement reads from the module: what is local in its functions is not among them."""
    try:
        table = symtable.symtable(source, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return set()  # it parses but can't be compiled (`return` outside a function): it will say so
    top = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return (top | set(_globals_inside(table))) - _BUILTINS


def _globals_inside(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (symbol.get_name() for symbol in child.get_symbols() if symbol.is_global())
        yield from _globals_inside(child)
