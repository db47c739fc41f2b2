"""The lines of a TOML file, by the places of its keys: a parser keeps none, and an error needs one."""

from __future__ import annotations

import re
from collections.abc import Iterator

Place = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
# A place of msgspec's does not name a table's key, only that there is one.
ANY = "..."


def line_of(text: str, place: Place) -> int:
    r"""Give the line, from 1, of a place in a TOML text: of the key, else of the nearest table around it.

    >>> line_of('id = "a"\n[[items]]\npoints = 3\n', ("items", 0, "points"))
    3
    """
    best, longest = 1, 0
    for number, found in _places(text):
        if len(found) > longest and _begins(place, found):
            best, longest = number, len(found)
    return best


def _begins(place: Place, found: Place) -> bool:
    pairs = zip(place, found, strict=False)
    return len(found) <= len(place) and all(one in (ANY, other) for one, other in pairs)


def _places(text: str) -> Iterator[tuple[int, Place]]:
    """Give each line that opens a table or sets a key, with its place."""
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.match(line)) is not None:
            table = _opened(header[2].split("."), header[1] == "[[", counts)
            yield number, table
        elif (key := _KEY.match(line)) is not None:
            yield number, (*table, key[1])


def _opened(names: list[str], is_array: bool, counts: dict[Place, int]) -> Place:
    """Give the place of a table that a header opens; `counts` has how many each array has so far."""
    place: Place = ()
    for position, name in enumerate(names, 1):
        place = (*place, name.strip(" \"'"))
        if is_array and position == len(names):
            counts[place] = counts.get(place, 0) + 1
        if place in counts:
            place = (*place, counts[place] - 1)
    return place
