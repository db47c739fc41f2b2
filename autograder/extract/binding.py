"""What a top-level statement binds, changes and needs, read from its syntax and its symbols."""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterator, Sequence

from autograder.extract.code import Statement
from autograder.model import Struct

_BUILTINS = frozenset(dir(builtins))
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_IMPORTS = (ast.Import, ast.ImportFrom)


class Bound(Struct):
    """A statement with the names that it binds.

    `defines` are the names of functions and classes; `changes` those whose object it writes into
    (``CACHE['x'] = 1``, ``Net.loss = loss``); `aliases` are names that it sets to what the given names
    are (``f = g``; a lambda has the name ""). `is_conditional` says that it may define nothing.
    """

    statement: Statement
    binds: frozenset[str] = frozenset()
    defines: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    aliases: dict[str, frozenset[str]] = {}
    is_conditional: bool = False
    is_import: bool = False
    is_star: bool = False


class Code:
    """A notebook's statements, read as far as they are asked for: most are never needed.

    Parameters
    ----------
    statements : sequence of Statement
        In the notebook's order.
    """

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        self._bound: dict[int, Bound] = {}

    def bound(self, index: int) -> Bound:
        """What one statement binds."""
        if index not in self._bound:
            self._bound[index] = bind(self._statements[index])
        return self._bound[index]

    def all_bound(self) -> list[Bound]:
        """What each statement binds."""
        return [self.bound(index) for index in range(len(self._statements))]

    def mentioning(self, text: str) -> list[int]:
        """The places of the statements that have a text in their source."""
        return [index for index, one in enumerate(self._statements) if text in one.source]

    def binding(self, name: str) -> list[int]:
        """The places of the statements that bind or change a name."""
        found = ((index, self.bound(index)) for index in self.mentioning(name))
        return [index for index, one in found if name in one.binds or name in one.changes]

    def is_alias(self, one: Bound, name: str) -> bool:
        """Whether a statement sets a name to a function: a lambda, one defined here, or what wraps it."""
        sources = one.aliases.get(name, frozenset())
        return "" in sources or any(
            source in self.bound(i).defines for source in sources for i in self.binding(source)
        )


def bind(statement: Statement) -> Bound:
    """Read one statement; one that is nested too deep to be read binds nothing."""
    try:
        return _bind(statement, statement.node)
    except RecursionError:
        return Bound(statement=statement)


def _bind(statement: Statement, node: ast.stmt) -> Bound:
    if isinstance(node, _FUNCTIONS):
        return Bound(statement=statement, binds=frozenset({node.name}), defines=frozenset({node.name}))
    level = list(_level(node))
    return Bound(
        statement=statement,
        binds=frozenset(name for n in level for name in _bound_names(n)),
        defines=frozenset(n.name for n in level if isinstance(n, _FUNCTIONS)),
        changes=frozenset(name for n in level for name in _changed_names(n)),
        aliases=_aliases(node),
        is_conditional=True,
        is_import=isinstance(node, _IMPORTS),
        is_star=isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names),
    )


def _level(node: ast.AST) -> Iterator[ast.AST]:
    """A node and what is in it, without what is inside a function, a class or a comprehension."""
    yield node
    if not isinstance(node, (*_FUNCTIONS, *_SCOPES)):
        for child in ast.iter_child_nodes(node):
            yield from _level(child)


def _bound_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _FUNCTIONS):
        yield node.name
    elif isinstance(node, _IMPORTS):
        yield from ((alias.asname or alias.name.split(".")[0]) for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


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


def inner_functions(one: Bound) -> Iterator[tuple[str, str]]:
    """Functions defined inside another function or a class: (name, the outer one's name)."""
    outer = one.statement.node
    if isinstance(outer, _FUNCTIONS):
        for inner in ast.walk(outer):
            if isinstance(inner, _FUNCTIONS) and inner is not outer:
                yield inner.name, outer.name


def needs(one: Bound) -> set[str]:
    """The names that a statement reads from the module: what is local in its functions is not among them."""
    try:
        table = symtable.symtable(one.statement.source, "<cell>", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return set()  # it parses but can't be compiled (`return` outside a function): it will say so
    top = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return (top | set(_globals_inside(table))) - _BUILTINS


def _globals_inside(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (symbol.get_name() for symbol in child.get_symbols() if symbol.is_global())
        yield from _globals_inside(child)
