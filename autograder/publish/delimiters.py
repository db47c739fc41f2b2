"""Find delimiters that are almost right: nbgrader would leave the enclosed text in the students' notebook."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

DELIMITERS = tuple(
    f"{edge} {what}" for what in ("SOLUTION", "HIDDEN TESTS", "MARK SCHEME") for edge in ("BEGIN", "END")
)
# The share of letters that a near miss has in common with a delimiter, as difflib counts it.
ALIKE = 0.75
MOST_WORDS = 4
_EDGES = {"start": "begin", "beginning": "begin", "stop": "end", "finish": "end", "ending": "end"}


def near_misses(cells: list[Any]) -> Iterator[str]:
    """Name each line of a notebook's cells that resembles a delimiter, and that delimiter."""
    for number, cell in enumerate(cells, 1):
        for row, line in enumerate(str(cell["source"]).splitlines(), 1):
            meant = _meant(line)
            if meant:
                yield f"cell {number}, line {row}: {line.strip()!r} is no delimiter; did you mean `{meant}`?"


def _meant(line: str) -> str:
    """Give the delimiter that a line resembles; an empty text if it is a delimiter, or resembles none.

    >>> _meant("### begin solution"), _meant("# START HIDDEN TEST"), _meant("### BEGIN SOLUTION")
    ('BEGIN SOLUTION', 'BEGIN HIDDEN TESTS', '')
    """
    marked = re.match(r"\s*(#|=|<!--|//|%)", line) is not None
    words = re.findall(r"[a-z]+", line.lower())
    if not marked or not 1 < len(words) <= MOST_WORDS or any(one in line for one in DELIMITERS):
        return ""
    words[0] = _EDGES.get(words[0], words[0])
    by_text = {one.lower().replace(" ", ""): one for one in DELIMITERS}
    near = difflib.get_close_matches("".join(words), by_text, n=1, cutoff=ALIKE)
    return by_text[near[0]] if near else ""
