"""Find the definitions that checks need in the code itself, not by the cells' metadata.

The wanted names lead to everything that their code refers to: functions, classes, constants and imports.
Imports run first, so that a star import in a later cell can't replace a student's own function; an import
whose name the notebook also binds in another way keeps its place. Everything else keeps the notebook's order,
in which a later definition wins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from autograder.assignment import CompatSpec
from autograder.extract.binding import BUILTINS, Bound, Code
from autograder.extract.code import Statement, parse_cells
from autograder.extract.compat import old_names
from autograder.extract.notices import missing, twice, unfollowed
from autograder.model import CellKind, Chunk, Definitions, Notebook, capped


def extract(notebook: Notebook, wanted: Sequence[str], compat: CompatSpec) -> Definitions:
    """Find the definitions of the wanted functions and classes, and everything that they need.

    `compat` says which old names are emulated. Notices name what is missing, broken, defined twice or old.
    """
    parsed = parse_cells(notebook.code_cells, compat.python2 == "emulate")
    code = Code(parsed.statements)
    chosen = _needed_by(code, wanted)
    chunks = _chunks(chosen)
    old = old_names(chunks, compat)
    texts = [cell for cell in notebook.cells if cell.kind is not CellKind.CODE]
    broken_names = frozenset(name for chunk in parsed.broken for name in chunk.names)
    absent = missing(wanted, code, texts, broken_names)
    found = (*absent, *twice(wanted, code), *unfollowed(wanted, code, chosen), *old.values())
    # a wanted name that has only a broken definition: running it shows the error
    broken = [one for one in parsed.broken if any(n in wanted and not code.binding(n) for n in one.names)]
    notices = (*parsed.notices, *capped(found))
    return Definitions(chunks=(*chunks, *broken), compat=tuple(old), notices=notices)


def code_of_cells(notebook: Notebook, cells: Collection[int], compat: CompatSpec) -> Definitions:
    """Find the code of the cells with some indices, and everything that it needs from the cells above.

    Names have the meaning that they have when the last of these cells runs: code below it plays no part.
    """
    above = [cell for cell in notebook.code_cells if cell.index <= max(cells, default=-1)]
    statements = parse_cells(above, compat.python2 == "emulate").statements
    code = Code(statements)
    own = {place for place, statement in enumerate(statements) if statement.cell.index in cells}
    wanted = frozenset[str]().union(*(code.needs(place) for place in own))
    chosen = [code.bound(place) for place in sorted(own | _closure(code, wanted, max(cells, default=-1)))]
    chunks = _chunks(chosen)
    return Definitions(chunks=chunks, compat=tuple(old_names(chunks, compat)))


def statements_for(notebook: Notebook, wanted: Sequence[str]) -> tuple[Statement, ...]:
    """Give the statements that define some names, and those that they need; imports are left out."""
    code = Code(parse_cells(notebook.code_cells, python2=True).statements)
    return tuple(one.statement for one in _needed_by(code, wanted) if not one.is_import)


def _needed_by(code: Code, wanted: Sequence[str]) -> list[Bound]:
    """Give the statements that the wanted names need, in the notebook's order."""
    found = (code.bound(place) for name in wanted for place in code.binding(name))
    last_cell = max((one.statement.cell.index for one in found), default=-1)
    return [code.bound(index) for index in sorted(_closure(code, frozenset(wanted), last_cell))]


def _chunks(chosen: Sequence[Bound]) -> tuple[Chunk, ...]:
    """Make chunks of the chosen statements, in the order in which they are run."""
    otherwise = frozenset[str]().union(*(one.binds for one in chosen if not one.is_import))
    ordered = sorted(chosen, key=lambda one: not one.is_import or not otherwise.isdisjoint(one.binds))
    return tuple(_chunk(one.statement, one.binds) for one in ordered)


def _chunk(statement: Statement, binds: frozenset[str]) -> Chunk:
    names = tuple(sorted(binds - {"*"}))
    return Chunk(source=statement.source, names=names, cell=statement.cell.index + 1, line=statement.line)


def _closure(code: Code, wanted: frozenset[str], end: int) -> set[int]:
    """Give the places of the statements that the wanted names need, and of every star import.

    A built-in that the notebook binds in a cell up to `end` is the notebook's own. One bound below is not:
    most often it is a variable of an experiment, which a run of the tests never meets.
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
    """Give the places of the statements that give a name its value.

    These are the last definition and the later changes to it, or else every statement that binds the name. A
    wanted name may also be defined by assigning another function: ``f = g``, ``f = jit(f)``. The definition
    before such an assignment, or before one inside an ``if``, is kept too: it stands if the later one fails.
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
