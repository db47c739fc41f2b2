"""Find the definitions that checks need in the code itself, not by the cells' metadata.

The wanted names lead to everything that their code refers to: functions, classes, constants and imports.
Star imports run first, so that one in a later cell can't replace a student's own function. Then come the
imports that are the first to bind their names. Everything else keeps the notebook's order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from autograder.assignment import CompatSpec
from autograder.extract.binding import Bound, Code
from autograder.extract.closure import closure, closure_of
from autograder.extract.code import ParsedCell, Statement, parse_cells
from autograder.extract.compat import of_python2, old_names, python2
from autograder.extract.match import last_uses
from autograder.extract.notices import missing, twice, unfollowed
from autograder.model import CellKind, Chunk, Definitions, Notebook, Notice, capped


def extract(
    notebook: Notebook, wanted: Sequence[str], compat: CompatSpec, given: Notebook | None = None
) -> Definitions:
    """Find the definitions of the wanted functions and classes, and everything that they need.

    `compat` says which old names are emulated. Notices name what is missing, broken, defined twice or old.
    `given` is the release's notebook, whose last cell that uses a wanted name is the place of its call.
    """
    parsed = parse_cells(notebook.code_cells, compat.python2 == "emulate")
    code, chosen = _needed_by(notebook, parsed.statements, wanted, given)
    chunks = _chunks(chosen)
    old = _old(notebook, parsed, code, chosen, compat)
    texts = [cell for cell in notebook.cells if cell.kind is not CellKind.CODE]
    invalid = {one.where.partition(",")[0] for one in parsed.notices if one.code == "syntax-error"}
    absent = missing(wanted, code, texts, [c for c in notebook.code_cells if c.label in invalid])
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
    parsed = parse_cells(above, compat.python2 == "emulate")
    code = Code(parsed.statements)
    own = [place for place, one in enumerate(parsed.statements) if one.cell.index in cells]
    chosen = [code.bound(place) for place in sorted(closure(code, own, len(code)))]
    return Definitions(chunks=_chunks(chosen), compat=tuple(_old(notebook, parsed, code, chosen, compat)))


def statements_for(
    notebook: Notebook, wanted: Sequence[str], given: Notebook | None = None
) -> tuple[Statement, ...]:
    """Give the statements that define some names, and those that they need; imports are left out."""
    statements = parse_cells(notebook.code_cells, python2=True).statements
    _, chosen = _needed_by(notebook, statements, wanted, given)
    return tuple(one.statement for one in chosen if not one.is_import)


def _needed_by(
    notebook: Notebook, statements: Sequence[Statement], wanted: Sequence[str], given: Notebook | None
) -> tuple[Code, list[Bound]]:
    """Give the statements that the wanted names need, in the notebook's order."""
    release = parse_cells(given.code_cells, python2=False).statements if given else ()
    code = Code(statements, frozenset(one.source for one in release))
    calls = last_uses(notebook, given or notebook, wanted)
    places = set(code.always())
    for name in wanted:
        places |= closure_of(code, name, frozenset(wanted), calls.get(name, -1))
    return code, [code.bound(place) for place in sorted(places)]


def _old(
    notebook: Notebook, parsed: ParsedCell, code: Code, chosen: Sequence[Bound], compat: CompatSpec
) -> dict[str, Notice]:
    """Give the names that are emulated for the chosen statements, with a notice for each."""
    chunks = _chunks(chosen)
    emulates = compat.python2 == "emulate"
    evidence = python2(notebook, parsed.notices, code, chosen) if emulates else ""
    return {**old_names(chunks, compat), **(of_python2(evidence, chunks) if evidence else {})}


def _chunks(chosen: Sequence[Bound]) -> tuple[Chunk, ...]:
    """Make chunks of the chosen statements, in the order in which they are run."""
    first: dict[str, Bound] = {}
    for one in chosen:
        for name in one.binds:
            first.setdefault(name, one)

    def rank(one: Bound) -> int:
        if one.is_star:
            return 0
        goes_first = one.is_import and not one.is_future and all(first[name] is one for name in one.binds)
        return 1 if goes_first else 2

    return tuple(_chunk(one.statement, one.binds) for one in sorted(chosen, key=rank))


def _chunk(statement: Statement, binds: frozenset[str]) -> Chunk:
    names = tuple(sorted(binds - {"*"}))
    return Chunk(source=statement.source, names=names, cell=statement.cell.index + 1, line=statement.line)
