"""Find the lines of the keys in a TOML file, for error messages; the parser does not keep them."""

from __future__ import annotations

import re
from collections.abc import Iterator

Place = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
# msgspec's errors have this in the place of a table's key.
ANY = "..."


def line_of(text: str, place: Place) -> int:
    r"""Give the line, from 1, of a key in a TOML text, or else of the nearest table around it.

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
    """Give the number of each line that opens a table or sets a key, and the place of that table or key."""
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _HEADER.match(line)) is not None:
            table = _opened(header[2].split("."), header[1] == "[[", counts)
            yield number, table
        elif (key := _KEY.match(line)) is not None:
            yield number, (*table, key[1])


def _opened(names: list[str], is_array: bool, counts: dict[Place, int]) -> Place:
    """Give the place of the table that a header opens; `counts` has the length of each array so far."""
    place: Place = ()
    for position, name in enumerate(names, 1):
        place = (*place, name.strip(" \"'"))
        if is_array and position == len(names):
            counts[place] = counts.get(place, 0) + 1
        if place in counts:
            place = (*place, counts[place] - 1)
    return place
