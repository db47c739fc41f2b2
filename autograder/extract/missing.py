"""What to say of wanted names that are not there, there more than once, or set anew."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from autograder.extract.binding import Bound, Code, inner_functions
from autograder.model import Notice


def missing(wanted: Sequence[str], code: Code) -> Iterator[Notice]:
    """A notice for each wanted name that no statement binds, with what may have been meant."""
    for name in wanted:
        if not code.binding(name):
            message = f"`{name}` is not defined at the left edge of any cell.{_hint(name, code)}"
            yield Notice(code="missing-definition", message=message)


def _hint(name: str, code: Code) -> str:
    for index in code.mentioning(name):
        one = code.bound(index)
        outers = [outer for inner, outer in inner_functions(one) if inner == name]
        if outers:
            return f" It stands inside `{outers[0]}` in {one.statement.cell.label}: move it out of there."
    places = {other: one.statement.cell.label for one in code.all_bound() for other in one.defines}
    alike = difflib.get_close_matches(name, places, n=1, cutoff=0.75)
    return f" Is it `{alike[0]}` in {places[alike[0]]}? Give that its name back." if alike else ""


def twice(wanted: Sequence[str], code: Code) -> Iterator[Notice]:
    """A notice for each wanted name that is defined more than once."""
    for name in wanted:
        found = [code.bound(index) for index in code.binding(name)]
        places = [one.statement.cell.label for one in found if name in one.defines]
        if len(places) > 1:
            message = f"`{name}` is defined {len(places)} times ({', '.join(places)}); the last one counts."
            yield Notice(code="duplicate-definition", message=message, where=places[-1])


def unfollowed(wanted: Sequence[str], code: Code, chosen: Sequence[Bound]) -> Iterator[Notice]:
    """A notice for each wanted name that is set in a way which is not followed."""
    for name in wanted:
        places = [code.bound(index) for index in code.binding(name)]
        defined = [one for one in places if name in one.defines]
        for one in places[places.index(defined[-1]) :] if defined else ():
            if one not in chosen:
                where = f"{one.statement.cell.label}, line {one.statement.line}"
                message = (
                    f"`{name}` is set anew in {where}, which is not followed: "
                    f"its definition in {defined[-1].statement.cell.label} counts."
                )
                yield Notice(code="set-anew", message=message, where=where)
