"""Notice wanted names that are missing, defined more than once, or reassigned."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from autograder.extract.binding import Bound, Code
from autograder.extract.effects import FUNCTIONS, nodes
from autograder.model import Cell, CellKind, Notice

# The most names compared with a missing one, and the most places in one message.
MOST_NAMES = 1_000
MOST_PLACES = 10


def missing(
    wanted: Sequence[str], code: Code, texts: Sequence[Cell] = (), broken: frozenset[str] = frozenset()
) -> Iterator[Notice]:
    """Notice each wanted name that no statement binds, with a guess at the name that was meant.

    `texts` are the notebook's cells that are not code. `broken` are names whose definition is not valid
    Python: another notice says that, so nothing is guessed.
    """
    absent = [name for name in wanted if not code.binding(name)]
    places: dict[str, str] = {}
    for one in code.all_bound() if absent else ():
        if len(places) < MOST_NAMES:
            places.update(dict.fromkeys(one.defines - set(wanted), one.statement.cell.label))
    for name in absent:
        hint = "" if name in broken else _in_a_text(name, texts) or _hint(name, code, places)
        message = f"`{name}` is not defined at the left edge of any cell.{hint}"
        yield Notice(code="missing-definition", message=message)


def _in_a_text(name: str, texts: Sequence[Cell]) -> str:
    """Name the cell that defines a name but is not code; an empty string if there is none."""
    defined = re.compile(rf"^(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", re.MULTILINE)
    for cell in texts:
        if name in cell.source and defined.search(cell.source):
            kind = "Markdown" if cell.kind is CellKind.MARKDOWN else "raw"
            return f" It stands in a {kind} cell ({cell.label}): make that a code cell."
    return ""


def _hint(name: str, code: Code, places: Mapping[str, str]) -> str:
    for index in code.mentioning(name):
        one = code.bound(index)
        outer = one.statement.node
        inside = (inner.name for inner in nodes(outer) if isinstance(inner, FUNCTIONS))
        if isinstance(outer, FUNCTIONS) and name in inside:
            return f" It stands inside `{outer.name}` in {one.statement.cell.label}: move it out of there."
    alike = difflib.get_close_matches(name, places, n=1, cutoff=0.75)
    return f" Is it `{alike[0]}` in {places[alike[0]]}? Give that its name back." if alike else ""


def twice(wanted: Sequence[str], code: Code) -> Iterator[Notice]:
    """Notice each wanted name that is defined more than once."""
    for name in wanted:
        found = [code.bound(index) for index in code.binding(name)]
        places = [one.statement.cell.label for one in found if name in one.defines]
        if len(places) > 1:
            more = f", … and {len(places) - MOST_PLACES:,} more" if len(places) > MOST_PLACES else ""
            shown = ", ".join(places[:MOST_PLACES]) + more
            message = f"`{name}` is defined {len(places):,} times ({shown}); the last one counts."
            yield Notice(code="duplicate-definition", message=message, where=places[-1])


def unfollowed(wanted: Sequence[str], code: Code, chosen: Sequence[Bound]) -> Iterator[Notice]:
    """Notice each wanted name that is reassigned in a way that extraction does not follow."""
    followed = set(map(id, chosen))
    for name in wanted:
        places = [code.bound(index) for index in code.binding(name)]
        last = max((place for place, one in enumerate(places) if name in one.defines), default=len(places))
        for one in places[last:]:
            if id(one) not in followed:
                where = f"{one.statement.cell.label}, line {one.statement.line}"
                defined = places[last].statement.cell.label
                message = f"`{name}` is set anew in {where}, which is not followed: "
                message += f"its definition in {defined} counts."
                yield Notice(code="set-anew", message=message, where=where)
