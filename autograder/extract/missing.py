"""What to say of wanted names that are not there, or there more than once."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from autograder.extract.binding import Bound
from autograder.model import Notice


def missing(wanted: Sequence[str], bound: Sequence[Bound]) -> Iterator[Notice]:
    """A notice for each wanted name that no statement binds, with what may have been meant."""
    there = {name for one in bound for name in one.binds}
    for name in wanted:
        if name not in there:
            message = f"`{name}` is not defined at the left edge of any cell.{_hint(name, bound)}"
            yield Notice(code="missing-definition", message=message)


def _hint(name: str, bound: Sequence[Bound]) -> str:
    for one in bound:
        for inner, outer in one.inner:
            if inner == name:
                return f" It stands inside `{outer}` in {one.statement.cell.label}: move it out of there."
    places = {other: one.statement.cell.label for one in bound for other in one.defines}
    alike = difflib.get_close_matches(name, places, n=1, cutoff=0.75)
    return f" Is it `{alike[0]}` in {places[alike[0]]}? Give that its name back." if alike else ""


def twice(wanted: Sequence[str], bound: Sequence[Bound]) -> Iterator[Notice]:
    """A notice for each wanted name that is defined more than once."""
    for name in wanted:
        places = [one.statement.cell.label for one in bound if name in one.defines]
        if len(places) > 1:
            message = f"`{name}` is defined {len(places)} times ({', '.join(places)}); the last one counts."
            yield Notice(code="duplicate-definition", message=message, where=places[-1])
