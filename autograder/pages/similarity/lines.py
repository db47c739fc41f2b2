"""Cut a cell into numbered lines with its passages marked, and fold what was given to everybody."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from autograder.model import Struct
from autograder.pages.showing import MOST_IN_LINE, visible
from autograder.similarity import Span
from autograder.similarity.works import TokenizedCell

# Fewer given lines in a row stay open: a fold takes a line itself.
FOLDED = 4


class Part(Struct):
    """A part of a line: in a passage or in none. `begins` says that the passage begins with it."""

    text: Markup
    span: Span | None = None
    begins: bool = False


class NumberedLine(Struct):
    """A line of a cell, numbered from 1."""

    number: int
    parts: tuple[Part, ...]

    @property
    def passages(self) -> tuple[int, ...]:
        """The numbers of the passages that it has a part of."""
        return tuple(sorted({part.span.number for part in self.parts if part.span}))


class Block(Struct):
    """Lines in a row; those that were `given` are folded."""

    given: bool
    lines: tuple[NumberedLine, ...]


def blocks_of(cell: TokenizedCell, own: frozenset[int], spans: Sequence[Span], most: int) -> list[Block]:
    """Give the first `most` lines of a cell in blocks; `own` are the places of the cell's own tokens."""
    bounds = list(itertools.islice(_bounds(cell.source), most))
    lines = list(_lines(cell.source, bounds, spans))
    folded = _folded(_kinds(cell, own, bounds, lines))
    pairs = itertools.groupby(zip(folded, lines, strict=True), key=lambda pair: pair[0])
    return [Block(given=given, lines=tuple(line for _, line in some)) for given, some in pairs]


def _bounds(source: str) -> Iterator[tuple[int, int]]:
    """Give the start and the end of each line, without what ends it."""
    start = 0
    while (end := source.find("\n", start)) >= 0:
        yield start, end
        start = end + 1
    yield start, len(source)


def _lines(source: str, bounds: Sequence[tuple[int, int]], spans: Sequence[Span]) -> Iterator[NumberedLine]:
    left = sorted(spans, key=lambda span: span.start)
    first = 0
    for number, (start, end) in enumerate(bounds, 1):
        while first < len(left) and left[first].end <= start:
            first += 1
        here = itertools.takewhile(lambda span, end=end: span.start < end, left[first:])  # type: ignore[misc]
        yield NumberedLine(number=number, parts=tuple(_parts(source, start, end, here)))


def _parts(source: str, start: int, end: int, spans: Iterator[Span]) -> Iterator[Part]:
    at, most = start, start + MOST_IN_LINE
    for span in spans:
        low, high = max(at, span.start), min(end, span.end)
        if at < low:
            yield Part(text=_text(source[at : min(low, most)]))
        yield Part(text=_text(source[low : min(high, most)]), span=span, begins=span.start >= start)
        at = high
        if at >= most:
            break
    if at < end or end > most:
        yield Part(text=_text(source[at : min(end, most)] + " …" * (end > most)))


def _text(text: str) -> Markup:
    return visible(text.removesuffix("\r"))


def _kinds(
    cell: TokenizedCell, own: frozenset[int], bounds: Sequence[tuple[int, int]], lines: Sequence[NumberedLine]
) -> list[str]:
    """Say of each line whether it is ``given``, ``own``, or ``empty``: without a token."""
    kinds = []
    place = 0
    for (_, end), line in zip(bounds, lines, strict=True):
        first = place
        while place < len(cell.spans) and cell.spans[place][0] < end:
            place += 1
        if line.passages or any(token in own for token in range(first, place)):
            kinds.append("own")
        else:
            kinds.append("given" if place > first else "empty")
    return kinds


def _folded(kinds: Sequence[str]) -> list[bool]:
    """Fold lines from a given one to a given one, if there are enough of them and none is anybody's own."""
    folded = [False] * len(kinds)
    at = 0
    for is_own, some in itertools.groupby(kinds, key=lambda kind: kind == "own"):
        stretch = list(some)
        if not is_own and "given" in stretch:
            first = stretch.index("given")
            last = len(stretch) - stretch[::-1].index("given")
            if last - first >= FOLDED:
                folded[at + first : at + last] = [True] * (last - first)
        at += len(stretch)
    return folded
