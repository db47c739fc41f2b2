"""The definitions that checks need, found by what the code says and not by the cells' metadata.

From the names that are wanted, the closure over what their code refers to: functions, classes,
constants and the imports behind them. Imports are run first, so that a star import in a later cell
can't take a student's own function away; everything else keeps the notebook's order, in which a later
definition wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograder.assignment import LegacySpec
from autograder.extract.binding import Bound, bind
from autograder.extract.code import parse_cell
from autograder.extract.legacy import habits
from autograder.extract.missing import missing, twice
from autograder.model import Chunk, Definitions, Notebook


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
    bound = [bind(statement) for cell in cells for statement in cell.statements]
    chosen = _closure(bound, wanted)
    chunks = tuple(_chunk(one) for one in sorted(chosen, key=lambda one: not one.is_import))
    old = habits(chunks, legacy)
    notices += [*missing(wanted, bound), *twice(wanted, bound), *old.notices]
    return Definitions(chunks=chunks, legacy=old.names, notices=tuple(notices))


def _closure(bound: Sequence[Bound], wanted: Iterable[str]) -> list[Bound]:
    """The statements that the wanted names need, in the notebook's order, and every star import."""
    wanted = set(wanted)
    by_name: dict[str, list[int]] = {}
    for index, one in enumerate(bound):
        for name in one.binds | one.changes:
            by_name.setdefault(name, []).append(index)
    functions = {name for one in bound for name in one.defines}
    needed, seen = set(wanted), set[str]()
    chosen = {index for index, one in enumerate(bound) if one.is_star}
    while left := needed - seen:
        name = min(left)
        seen.add(name)
        aliases = functions if name in wanted else frozenset[str]()
        for index in _binders(bound, by_name.get(name, ()), name, aliases):
            chosen.add(index)
            needed |= bound[index].needs
    return [bound[index] for index in sorted(chosen)]


def _binders(bound: Sequence[Bound], places: Sequence[int], name: str, functions: Iterable[str]) -> list[int]:
    """Which statements make a name what it is.

    The last definition, if there is any, and what is done to it afterwards; else whatever binds the
    name. A name that is wanted can also be defined by giving it another function: ``f = g``,
    ``f = jit(f)``. A definition inside an ``if`` or ``try`` leaves the one before it standing.
    """
    last: list[int] = []
    for index in reversed(places):
        one = bound[index]
        aliased = name in one.aliases and not one.aliases[name].isdisjoint({*functions, ""})
        if name in one.defines or (functions and aliased):
            last.append(index)
            again = name in one.needs if name not in one.defines else one.is_conditional
            if not again:
                break
    if not last:
        return list(places)
    return last + [index for index in places if index > last[0] and name in bound[index].changes]


def _chunk(one: Bound) -> Chunk:
    statement = one.statement
    return Chunk(
        source=statement.source,
        names=tuple(sorted(one.binds - {"*"})),
        cell=statement.cell.index + 1,
        line=statement.line,
    )
