"""Find the names that a top-level statement binds, changes and needs, from its syntax and symbols."""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import re
import symtable
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence

from autograder.extract import effects
from autograder.extract.code import Statement
from autograder.extract.effects import FUNCTIONS
from autograder.model import Struct

BUILTINS = frozenset(dir(builtins))
_IMPORTS = (ast.Import, ast.ImportFrom)
# Values that may be a function: `f = g`, `f = Net.f`, `f = rules["f"]`, `f = jit(g)`, `f = g if fast else h`.
_GIVING = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Lambda, ast.IfExp)
_WORD = re.compile(r"\w+")
# A longer statement with more functions and comprehensions in it counts as needing every name in it.
MOST_CHARACTERS = 10_000
MOST_SCOPES = 500


class Bound(Struct):
    """A statement with the names that it binds.

    defines          the names of its functions and classes
    changes          names whose object it writes into: ``CACHE['x'] = 1``, ``Net.loss = loss``
    tells            names with a method called for its effect: ``RULES.append(f)``
    calls            the functions that it calls
    aliases          names that may become a function's, with the names in the value
                     (``f = jit(g)``; a lambda has the name "")
    is_conditional   whether it may define nothing
    """

    statement: Statement
    binds: frozenset[str] = frozenset()
    defines: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    tells: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    aliases: dict[str, frozenset[str]] = {}
    is_conditional: bool = False
    is_import: bool = False
    is_star: bool = False


class Code:
    """A notebook's statements in its order. Each is read when it is asked for: most are never needed."""

    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = statements
        # each statement is read once, however many names lead to it
        self.bound = functools.cache(lambda index: bind(statements[index]))
        self.needs = functools.cache(lambda index: needs(self.bound(index)))
        self._written = functools.cache(lambda index: effects.writes(self.bound(index).statement.node))
        self._gives_own = functools.cache(self._is_bound_here)

    @functools.cached_property
    def _by_word(self) -> dict[str, list[int]]:
        found = defaultdict(list)
        for index, one in enumerate(self._statements):
            # Python reads identifiers in NFKC: µ (a sign) and μ (a letter) are one name
            text = one.source if one.source.isascii() else unicodedata.normalize("NFKC", one.source)
            for word in set(_WORD.findall(text)):
                found[word].append(index)
        return found

    def all_bound(self) -> list[Bound]:
        """Read all statements."""
        return [self.bound(index) for index in range(len(self._statements))]

    def mentioning(self, name: str) -> list[int]:
        """Give the places of the statements with a name in their source."""
        return self._by_word.get(name, [])

    def star_imports(self) -> list[int]:
        """Give the places of the star imports."""
        return [index for index in self.mentioning("import") if self.bound(index).is_star]

    def binding(self, name: str) -> list[int]:
        """Give the places of the statements that bind or change a name."""
        bound = (index for index in self.mentioning(name) if name in self.bound(index).binds)
        return sorted({*bound, *self.changing(name)})

    def changing(self, name: str) -> set[int]:
        """Give the places of the statements that change a name's object: in place, or by a call."""
        mentioned = [(index, self.bound(index)) for index in self.mentioning(name)]
        # the call of a module's function (`np.random.seed(0)`) changes nothing of the notebook's own
        is_own = self._gives_own(name)
        in_place = {i for i, one in mentioned if name in one.changes or (is_own and name in one.tells)}
        changers = {other for i, one in mentioned if self._writes(i, name) for other in one.defines}
        return in_place.union(
            i for other in changers for i in self.mentioning(other) if other in self.bound(i).calls
        )

    def _writes(self, index: int, name: str) -> bool:
        """Say whether a statement defines a function that changes a name when it is called."""
        defines = self.bound(index).defines
        return bool(defines) and name not in defines and name in self._written(index)

    def _is_bound_here(self, name: str) -> bool:
        """Say whether the notebook binds a name by anything but an import."""
        found = (self.bound(index) for index in self.mentioning(name))
        return any(name in one.binds and not one.is_import for one in found)

    def is_alias(self, one: Bound, name: str) -> bool:
        """Say whether a statement assigns a function to a name: a lambda, or one of the notebook's own."""
        sources = one.aliases.get(name, frozenset())
        return "" in sources or any(map(self._gives_own, sources))


def bind(statement: Statement) -> Bound:
    """Read one statement; one that is nested too deep binds nothing."""
    node = statement.node
    try:
        level = list(effects.level(node))
    except RecursionError:
        return Bound(statement=statement)
    return Bound(
        statement=statement,
        binds=frozenset(name for n in level for name in _bound_names(n)),
        defines=frozenset(n.name for n in level if isinstance(n, FUNCTIONS)),
        changes=frozenset(name for n in level for name in effects.written(n)),
        tells=frozenset(name for n in level for name in effects.told(n)),
        calls=frozenset(name for n in level for name in effects.called(n)),
        aliases=dict(_aliases(node)),
        is_conditional=not isinstance(node, FUNCTIONS),
        is_import=isinstance(node, _IMPORTS),
        is_star=isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names),
    )


def _bound_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, FUNCTIONS):
        yield node.name
    elif isinstance(node, _IMPORTS):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name is not None:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest is not None:
        yield node.rest


def _aliases(node: ast.stmt) -> Iterator[tuple[str, frozenset[str]]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _given(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _given(target, value)


def _given(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, frozenset[str]]]:
    """Give the names in a target that may become a function's, each with the names in its value."""
    match target, value:
        case ast.Name(id=name), ast.Call(func=ast.Name(id=called)) if name == called:
            return  # its own result, not another function
        case ast.Name(id=name), value if isinstance(value, _GIVING):
            yield name, frozenset(_named(value))
        case ((ast.Tuple(elts=left) | ast.List(elts=left)), (ast.Tuple(elts=right) | ast.List(elts=right))):
            for part, each in zip(left, right, strict=False):
                yield from _given(part, each)
        case ((ast.Tuple(elts=left) | ast.List(elts=left)), ast.Call()):
            for part in left:
                yield from _given(part, value)


def _named(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Lambda):
            yield ""
        elif isinstance(node, ast.Name):
            yield node.id


def needs(one: Bound) -> set[str]:
    """Give the names that a statement reads from the module, without the local names of its functions."""
    source, node = one.statement.source, one.statement.node
    table = None
    if len(source) <= MOST_CHARACTERS or not _has_many_scopes(node):
        # code that parses may not compile: a top-level `await`, or a `return`, which fails when it is run
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            table = symtable.symtable(source, "<cell>", "exec")
    if table is None:
        return {n.id for n in effects.nodes(node) if isinstance(n, ast.Name)}
    top = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    return top | set(_globals_inside(table))


def _globals_inside(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (symbol.get_name() for symbol in child.get_symbols() if symbol.is_global())
        yield from _globals_inside(child)


def _has_many_scopes(node: ast.AST) -> bool:
    """Say whether Python's symbol table would be slow: its time is quadratic in the number of scopes."""
    scopes = sum(isinstance(inner, (*FUNCTIONS, *effects.SCOPES)) for inner in effects.nodes(node))
    return scopes > MOST_SCOPES
