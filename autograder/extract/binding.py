"""Find the names that a top-level statement binds, changes and needs, from its syntax and symbols."""

from __future__ import annotations

import ast
import bisect
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

_IMPORTS = (ast.Import, ast.ImportFrom)
_SIMPLE = (*FUNCTIONS, *_IMPORTS, ast.Assign, ast.AnnAssign, ast.AugAssign)
_CONSTANT = (ast.Constant, ast.Tuple, ast.UnaryOp, ast.unaryop, ast.Load)
_COMPREHENSIONS = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})
# Values that may be a function: `f = g`, `f = Net.f`, `f = rules["f"]`, `f = jit(g)`, `f = g if fast else h`.
_GIVING = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Lambda, ast.IfExp)
_WORD = re.compile(r"\w+")
# A longer statement with more functions and comprehensions in it counts as needing every name in it.
MOST_CHARACTERS = 10_000
MOST_SCOPES = 500


class Bound(Struct):
    """A statement with the names that it binds.

    defines          the names of its functions and classes
    imports          the names that it imports
    plain            names that get a constant, which nothing can change: ``EPS = 1e-8``
    changes          names whose object it writes into: ``CACHE['x'] = 1``, ``Net.loss = loss``
    tells            names with a method called for its effect: ``RULES.append(f)``
    passes           names that a call for its effect gets: ``shuffle(order)``
    calls            the functions that it calls
    shares           names that may get an object which another name has: ``a = b``
    aliases          names that may become a function's, with the names in the value
                     (``f = jit(g)``; a lambda has the name "")
    is_sure          whether nothing can keep it from binding its names
    is_simple        whether only an exception can
    is_conditional   whether it may define nothing
    """

    statement: Statement
    binds: frozenset[str] = frozenset()
    defines: frozenset[str] = frozenset()
    imports: frozenset[str] = frozenset()
    plain: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    tells: frozenset[str] = frozenset()
    passes: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    shares: frozenset[str] = frozenset()
    aliases: dict[str, frozenset[str]] = {}
    is_sure: bool = False
    is_simple: bool = False
    is_conditional: bool = False
    is_import: bool = False
    is_star: bool = False
    is_future: bool = False


class Needs(Struct):
    """The module's names that a statement reads: `now`, when it runs, and `later`, when it is called."""

    now: frozenset[str]
    later: frozenset[str]


class Code:
    """A notebook's statements in its order. Each is read when it is asked for: most are never needed.

    `given` are the sources of the release's statements.
    """

    def __init__(self, statements: Sequence[Statement], given: frozenset[str] = frozenset()) -> None:
        self._statements = statements
        self.given = given
        self._groups: dict[str, frozenset[str]] = {}
        self._changing: dict[frozenset[str], list[int]] = {}
        # each statement is read once, however many names lead to it
        self.bound = functools.cache(lambda index: bind(statements[index]))
        self.needs = functools.cache(lambda index: needs(self.bound(index)))
        self.binders = functools.cache(self._binders)
        self._written = functools.cache(lambda index: effects.writes(self.bound(index).statement.node))
        self.changing_alone = functools.cache(self._changing_alone)
        self._gives_own = functools.cache(self._is_bound_here)
        self._gives_data = functools.cache(self._is_data_here)

    def __len__(self) -> int:
        return len(self._statements)

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

    def after(self, cell: int) -> int:
        """Give the place after the last statement of a cell."""
        return bisect.bisect_right(self._statements, cell, key=lambda one: one.cell.index)

    def is_given(self, index: int) -> bool:
        """Say whether a statement is the release's own."""
        return self._statements[index].source in self.given

    def always(self) -> list[int]:
        """Give the places of the imports that count whatever is needed: star imports and those of flags."""
        imports = ((index, self.bound(index)) for index in self.mentioning("import"))
        return [index for index, one in imports if one.is_star or one.is_future]

    def _binders(self, name: str) -> list[int]:
        return [index for index in self.mentioning(name) if name in self.bound(index).binds]

    def binding(self, name: str) -> list[int]:
        """Give the places of the statements that bind or change a name."""
        return sorted({*self.binders(name), *self.changing(name)})

    def changing(self, name: str) -> list[int]:
        """Give the places of the statements that change a name's object: in place, or by a call."""
        group = self._group(name)
        if group not in self._changing:
            self._changing[group] = sorted({index for each in group for index in self.changing_alone(each)})
        return self._changing[group]

    def _changing_alone(self, name: str) -> set[int]:
        """Give the places of the statements that change a name's object under this name."""
        mentioned = [(index, self.bound(index)) for index in self.mentioning(name)]
        # the call of a module's function (`np.random.seed(0)`) changes nothing of the notebook's own
        is_own, is_data = self._gives_own(name), self._gives_data(name)
        in_place = {
            index
            for index, one in mentioned
            if name in one.changes or (is_own and name in one.tells) or (is_data and name in one.passes)
        }
        changers = {other for i, one in mentioned if self._writes(i, name) for other in one.defines}
        return in_place.union(
            i for other in changers for i in self.mentioning(other) if other in self.bound(i).calls
        )

    def _writes(self, index: int, name: str) -> bool:
        """Say whether a statement defines a function that changes a name when it is called."""
        defines = self.bound(index).defines
        if not defines or name in defines:
            return False
        changed, told = self._written(index)
        return name in changed or (name in told and self._gives_data(name))

    def _group(self, name: str) -> frozenset[str]:
        """Give the names that may share an object with a name; it is among them."""
        if name not in self._groups:
            found, left = {name}, [name]
            while left:
                each = left.pop()
                sharing = (self.bound(index).shares for index in self.mentioning(each))
                fresh = {
                    other
                    for names in sharing
                    if each in names
                    for other in names - found
                    if self._gives_data(other) and self._gives_data(each)
                }
                found |= fresh
                left += fresh
            self._groups.update(dict.fromkeys(found, frozenset(found)))
        return self._groups[name]

    def _is_bound_here(self, name: str) -> bool:
        """Say whether the notebook binds a name by anything but an import."""
        return any(name not in self.bound(index).imports for index in self.binders(name))

    def _is_data_here(self, name: str) -> bool:
        """Say whether the notebook gives a name an object that may change, and no function's or module's."""
        found = (self.bound(index) for index in self.binders(name))
        return any(name not in one.imports | one.defines | one.plain for one in found)

    def is_alias(self, one: Bound, name: str) -> bool:
        """Say whether a statement assigns a function to a name: a lambda, or one of the notebook's own."""
        sources = one.aliases.get(name, frozenset())
        return "" in sources or any(map(self._gives_own, sources))


def bind(statement: Statement) -> Bound:
    """Read one statement; one that is nested too deep binds nothing."""
    node = statement.node
    try:
        level = list(effects.level(node))
        # comprehensions run at once, too
        nested = any(isinstance(n, effects.SCOPES) for n in level)
        inner = list(effects.level(node, (*FUNCTIONS, ast.Lambda))) if nested else level
    except RecursionError:
        return Bound(statement=statement)
    imports = frozenset(name for n in level if isinstance(n, _IMPORTS) for name in _bound_names(n))
    acting = [n for n in inner if isinstance(n, effects.ACTING)]
    changes = [name for n in acting for name in effects.written(n)]
    tells = frozenset(name for n in acting for name in effects.told(n))
    return Bound(
        statement=statement,
        binds=frozenset(name for n in level for name in _bound_names(n)),
        defines=frozenset(n.name for n in level if isinstance(n, FUNCTIONS)),
        imports=imports,
        plain=frozenset(_plain(node)),
        changes=frozenset((*changes, *_changed_by_loops(inner, {*changes, *tells}))),
        tells=tells,
        passes=frozenset(name for n in acting for name in effects.passed(n)),
        calls=frozenset(name for n in acting for name in effects.called(n)),
        shares=frozenset(name for n in level for name in _shared(n)),
        aliases=dict(_aliases(node)),
        is_sure=_is_sure(node),
        is_simple=isinstance(node, _SIMPLE),
        is_conditional=not isinstance(node, FUNCTIONS),
        is_import=isinstance(node, _IMPORTS),
        is_star=isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names),
        is_future=isinstance(node, ast.ImportFrom) and node.module == "__future__",
    )


def _changed_by_loops(inner: Sequence[ast.AST], changes: set[str]) -> Iterator[str]:
    """Give the names whose items a loop changes: ``for row in rows: row.append(0)``."""
    for node in inner:
        if isinstance(node, ast.For | ast.comprehension):
            targets = effects.shared(node.target)
            if not changes.isdisjoint(targets):
                yield from effects.shared(node.iter)


def _is_sure(node: ast.stmt) -> bool:
    """Say whether a statement can't fail. If one fails, its names keep the values that they had."""
    match node:
        case ast.FunctionDef(args=args, decorator_list=decorators):
            return not decorators and all(
                map(_is_constant, (*args.defaults, *filter(None, args.kw_defaults)))
            )
        case ast.Assign(targets=[ast.Name()], value=value):
            return isinstance(value, ast.Lambda) or _is_constant(value)
    return isinstance(node, _IMPORTS)


def _plain(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets, value=value) if _is_constant(value):
            yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


def _is_constant(value: ast.expr) -> bool:
    return all(isinstance(inner, _CONSTANT) for inner in effects.nodes(value))


def _shared(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from (name for each in (*targets, value) for name in effects.shared(each))
        case (
            ast.AnnAssign(target=target, value=ast.expr() as value)
            | ast.NamedExpr(target=target, value=value)
        ):
            yield from (*effects.shared(target), *effects.shared(value))


def _bound_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, FUNCTIONS):
        yield node.name
    elif isinstance(node, _IMPORTS):
        yield from (alias.asname or alias.name.split(".")[0] for alias in node.names if alias.name != "*")
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
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


def needs(one: Bound) -> Needs:
    """Give the names that a statement reads from the module, without the local names of its functions."""
    source, node = one.statement.source, one.statement.node
    table = None
    if len(source) <= MOST_CHARACTERS or not _has_many_scopes(node):
        # code that parses may not compile: a top-level `await`, or a `return`, which fails when it is run
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            table = symtable.symtable(source, "<cell>", "exec")
    if table is None:
        everything = frozenset(n.id for n in effects.nodes(node) if isinstance(n, ast.Name))
        return Needs(now=everything, later=everything)
    now = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    now |= {name for name in one.changes if name in one.binds}
    later: set[str] = set()
    for child in table.get_children():
        _read_scope(child, now, later)
    return Needs(now=frozenset(now), later=frozenset(later))


def _read_scope(table: symtable.SymbolTable, now: set[str], later: set[str]) -> None:
    """Add the names that a scope reads from the module: a class's body and a comprehension run at once."""
    own = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
    runs_at_once = table.get_type() == "class" or table.get_name() in _COMPREHENSIONS
    (now if runs_at_once else later).update(own)
    for child in table.get_children():
        _read_scope(child, now if runs_at_once else later, later)


def _has_many_scopes(node: ast.AST) -> bool:
    """Say whether Python's symbol table would be slow: its time is quadratic in the number of scopes."""
    scopes = sum(isinstance(inner, (*FUNCTIONS, *effects.SCOPES)) for inner in effects.nodes(node))
    return scopes > MOST_SCOPES
