"""The definitions that checks need, found by what the code says and not by the cells' metadata.

From the names that are wanted, the closure over what their code refers to: functions, classes,
constants and the imports behind them. Imports are run first, so that a star import in a later cell
can't take a student's own function away; everything else keeps the notebook's order, in which a later
definition wins.
"""

from __future__ import annotations

import ast
import builtins
import symtable
from collections.abc import Iterable, Iterator, Sequence

from autograder.assignment import LegacySpec
from autograder.extract.code import Statement, parse, parse_cell
from autograder.extract.legacy import habits
from autograder.model import Chunk, Definitions, Notebook, Notice, Struct

_BUILTINS = frozenset(dir(builtins))


class Bound(Struct):
    """A statement with the names that it binds and those that it needs."""

    statement: Statement
    binds: frozenset[str]
    needs: frozenset[str]
    is_import: bool
    is_star: bool


def extract(notebook: Notebook, wanted: Sequence[str], legacy: LegacySpec) -> Definitions:
    """Find the definitions of the wanted names, and what they need.

    Parameters
    ----------
    notebook : Notebook
        A submission's.
    wanted : sequence of str
        Names of functions and classes.
    legacy : LegacySpec
        Which old habits are emulated.

    Returns
    -------
    Definitions
        With notices for what is missing, broken, twice there, or old.
    """
    cells = [parse_cell(cell, legacy.python2 == "emulate") for cell in notebook.code_cells]
    notices = [notice for cell in cells for notice in cell.notices]
    bound = [_bind(statement) for cell in cells for statement in cell.statements]
    chosen = _closure(bound, wanted)
    chunks = tuple(_chunk(one) for one in sorted(chosen, key=lambda one: not one.is_import))
    found = habits("\n".join(chunk.source for chunk in chunks), legacy)
    notices += [*_missing(wanted, bound), *_twice(wanted, bound), *found.notices]
    return Definitions(chunks=chunks, legacy=found.names, notices=tuple(notices))


def _bind(statement: Statement) -> Bound:
    tree = parse(statement.source)
    assert isinstance(tree, ast.Module)  # it was cut out of a tree
    node = tree.body[0] if tree.body else ast.Pass()
    imports = isinstance(node, ast.Import | ast.ImportFrom)
    star = isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names)
    return Bound(
        statement=statement,
        binds=frozenset(_bound_names(node)),
        needs=frozenset(_global_names(statement.source)),
        is_import=imports,
        is_star=star,
    )


def _bound_names(node: ast.AST) -> Iterator[str]:
    """What a statement binds at the module's level; what functions bind inside is theirs."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        yield from _changed_names(node)
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    for child in ast.iter_child_nodes(node):
        yield from _bound_names(child)


def _changed_names(node: ast.Assign | ast.AugAssign | ast.AnnAssign) -> Iterator[str]:
    """`CACHE['x'] = 1` and `f.calls = 0` change a name that they do not bind."""
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        owner: ast.expr = target
        while isinstance(owner, ast.Subscript | ast.Attribute):
            owner = owner.value
        if isinstance(owner, ast.Name):
            yield owner.id


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


def _closure(bound: Sequence[Bound], wanted: Iterable[str]) -> list[Bound]:
    """The statements that the wanted names need, in the notebook's order.

    A statement that calls into the wider notebook (it plots, trains, loads data) binds names too;
    it is taken only where one of them is needed and none of the definitions before binds it.
    """
    needed, seen = set(wanted), set[str]()
    chosen: set[int] = {i for i, one in enumerate(bound) if one.is_star}
    while needed - seen:
        name = min(needed - seen)
        seen.add(name)
        for index in _binders(bound, name):
            chosen.add(index)
            needed |= bound[index].needs
    return [bound[i] for i in sorted(chosen)]


def _binders(bound: Sequence[Bound], name: str) -> list[int]:
    """Where a name is bound: by definitions if there are any, else by whatever binds it."""
    all_of = [i for i, one in enumerate(bound) if name in one.binds]
    defined = [i for i in all_of if _defines(bound[i])]
    return defined[-1:] or all_of


def _defines(one: Bound) -> bool:
    return len(one.binds) == 1 and one.statement.source.lstrip().startswith(("def ", "class ", "async ", "@"))


def _chunk(one: Bound) -> Chunk:
    statement = one.statement
    return Chunk(
        source=statement.source,
        names=tuple(sorted(one.binds - {"*"})),
        cell=statement.cell.index + 1,
        line=statement.line,
    )


def _missing(wanted: Sequence[str], bound: Sequence[Bound]) -> Iterator[Notice]:
    there = {name for one in bound for name in one.binds}
    for name in wanted:
        if name not in there:
            message = f"`{name}` is not defined at the left edge of any cell."
            yield Notice(code="missing-definition", message=message)


def _twice(wanted: Sequence[str], bound: Sequence[Bound]) -> Iterator[Notice]:
    for name in wanted:
        places = [one.statement.cell.label for one in bound if name in one.binds and _defines(one)]
        if len(places) > 1:
            message = f"`{name}` is defined {len(places)} times ({', '.join(places)}); the last one counts."
            yield Notice(code="duplicate-definition", message=message, where=places[-1])
