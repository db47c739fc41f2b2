"""The definitions that checks need, found in the code and not by the cells' metadata.

The wanted names lead to everything that their code refers to: functions, classes, constants and the
imports behind them. Imports are run first, so that a star import in a later cell
can't take a student's own function away, except where the notebook binds their names in other ways, too;
everything else keeps the notebook's order, in which a later definition wins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from autograder.assignment import CompatSpec
from autograder.extract.binding import BUILTINS, Bound, Code
from autograder.extract.code import Statement, parse_cells
from autograder.extract.compat import old_names
from autograder.extract.missing import missing, twice, unfollowed
from autograder.model import CellKind, Chunk, Definitions, Notebook, capped


def extract(notebook: Notebook, wanted: Sequence[str], compat: CompatSpec) -> Definitions:
    """Find the definitions of the wanted names, and what they need.

    Parameters
    ----------
    notebook : Notebook
        A submission's.
    wanted : sequence of str
        Names of functions and classes.
    compat : CompatSpec
        Which old names are emulated.

    Returns
    -------
    Definitions
        With notices for what is missing, broken, twice there, or old.
    """
    parsed = parse_cells(notebook.code_cells, compat.python2 == "emulate")
    code = Code(parsed.statements)
    chosen = [code.bound(index) for index in sorted(_closure(code, frozenset(wanted), _end(code, wanted)))]
    chunks = tuple(_chunk(one) for one in _imports_first(chosen))
    old = old_names(chunks, compat)
    texts = [cell for cell in notebook.cells if cell.kind is not CellKind.CODE]
    broken_names = frozenset(name for chunk in parsed.broken for name in chunk.names)
    absent = missing(wanted, code, texts, broken_names)
    found = (*absent, *twice(wanted, code), *unfollowed(wanted, code, chosen), *old.notices)
    broken = [chunk for chunk in parsed.broken if _is_wanted(chunk, wanted, code)]
    return Definitions(chunks=(*chunks, *broken), compat=old.names, notices=(*parsed.notices, *capped(found)))


def code_of_cells(notebook: Notebook, cells: Collection[int], compat: CompatSpec) -> Definitions:
    """Find the code of some cells, and all that it needs of the cells above.

    Names mean what they mean when the last of the cells runs: code below it plays no part.

    Parameters
    ----------
    notebook : Notebook
        A submission's.
    cells : collection of int
        The cells' indices.
    compat : CompatSpec
        Which old names are emulated.
    """
    above = [cell for cell in notebook.code_cells if cell.index <= max(cells, default=-1)]
    statements = parse_cells(above, compat.python2 == "emulate").statements
    code = Code(statements)
    own = {place for place, statement in enumerate(statements) if statement.cell.index in cells}
    wanted = frozenset[str]().union(*(code.needs(place) for place in own))
    chosen = [code.bound(place) for place in sorted(own | _closure(code, wanted, max(cells, default=-1)))]
    chunks = tuple(_chunk(one) for one in _imports_first(chosen))
    return Definitions(chunks=chunks, compat=old_names(chunks, compat).names)


def statements_for(notebook: Notebook, wanted: Sequence[str]) -> tuple[Statement, ...]:
    """Give the statements that define some names, and those that these need; imports are left out."""
    code = Code(parse_cells(notebook.code_cells, python2=True).statements)
    chosen = [code.bound(index) for index in sorted(_closure(code, frozenset(wanted), _end(code, wanted)))]
    return tuple(one.statement for one in chosen if not one.is_import)


def _imports_first(chosen: Sequence[Bound]) -> Sequence[Bound]:
    """Put the chosen statements into the order in which they are run."""
    otherwise = frozenset[str]().union(*(one.binds for one in chosen if not one.is_import))
    return sorted(chosen, key=lambda one: not one.is_import or not otherwise.isdisjoint(one.binds))


def _is_wanted(broken: Chunk, wanted: Sequence[str], code: Code) -> bool:
    """Say whether a wanted name has only a broken definition, which is then run to say what is wrong."""
    return any(name in wanted and not code.binding(name) for name in broken.names)


def _end(code: Code, wanted: Sequence[str]) -> int:
    """Give the index of the last cell that defines a wanted name."""
    found = (code.bound(place) for name in wanted for place in code.binding(name))
    return max((one.statement.cell.index for one in found), default=-1)


def _closure(code: Code, wanted: frozenset[str], end: int) -> set[int]:
    """Give the places of the statements that the wanted names need, and of every star import.

    A built-in that the notebook binds up to the cell `end` is the notebook's own. One bound below is not: it
    is most often a variable of an experiment, which a run of the tests never meets.
    """
    left, seen = list(wanted), set(wanted)
    chosen = set(code.star_imports())
    while left:
        name = left.pop()
        for index in _binders(code, name, wanted):
            if name in BUILTINS and code.bound(index).statement.cell.index > end:
                continue
            if index not in chosen:
                chosen.add(index)
                fresh = code.needs(index) - seen
                seen |= fresh
                left += fresh
    return chosen


def _binders(code: Code, name: str, wanted: frozenset[str]) -> list[int]:
    """Give the places of the statements that make a name what it is.

    The last definition, if there is any, and what is done to it afterwards; else whatever binds the
    name. A name that is wanted can also be defined by giving it another function: ``f = g``,
    ``f = jit(f)``; should that fail, the definition before it stands. So it does after one inside an ``if``.
    """
    places = code.binding(name)
    last: list[int] = []
    for index in reversed(places):
        one = code.bound(index)
        if name in one.defines or (name in wanted and code.is_alias(one, name)):
            last.append(index)
            if name in one.defines and not one.is_conditional:
                break
    if not last:
        return places
    return last + [index for index in code.changing(name) if index > last[0]]


def _chunk(one: Bound) -> Chunk:
    statement = one.statement
    return Chunk(
        source=statement.source,
        names=tuple(sorted(one.binds - {"*"})),
        cell=statement.cell.index + 1,
        line=statement.line,
    )
