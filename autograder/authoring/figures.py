"""Draw matrices with marked cells, arrows and a legend, as SVG that explains itself.

A drawing has a light ground of its own, so it reads the same on a dark page and in print. Colour is never
alone: a marked cell is also framed, and its number names its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

import numpy as np

from autograder.authoring.student import Array
from autograder.model import Struct

Place = tuple[int, int]

CELL, LETTER, MARGIN = 40, 8.2, 18
INK, SOFT, LINE = "#1d1f23", "#555b66", "#8a909b"
MARK, MARK_EDGE, BORDER = "#ffe08a", "#7a5200", "#ebecee"
RIGHT, WRONG = "#0b57a4", "#b3261e"


class Area(Struct):
    """A rectangle of a drawing, in its units."""

    x: float
    y: float
    width: float
    height: float


class Matrix(Struct):
    """A matrix to draw.

    title     stands above it
    values    its numbers, two axes
    marked    cells that stand out, each with a short label for its corner
    border    the width of the rim that is drawn as not belonging
    framed    one cell to frame, and the colour of its frame
    """

    title: str
    values: Array
    marked: Mapping[Place, str] = {}
    border: int = 0
    framed: Place | None = None
    frame: str = RIGHT

    @property
    def cell_width(self) -> float:
        """The width of one cell: its longest number has room."""
        longest: int = max(len(number(float(value))) for value in self.values.flat)
        return max(float(CELL), longest * LETTER + 14)

    @property
    def width(self) -> float:
        """The width with the title."""
        width: float = max(self.values.shape[1] * self.cell_width, len(self.title) * LETTER)
        return width

    @property
    def height(self) -> float:
        """The height with the title."""
        return float(22 + self.values.shape[0] * CELL)

    def draw(self, x: float, y: float) -> Iterator[str]:
        """Draw it with its upper left corner at a point."""
        yield text(x, y + 13, self.title, weight="bold")
        rows, columns = self.values.shape
        for place in np.ndindex(rows, columns):
            yield from self._cell((place[0], place[1]), self.cell_box(x, y, (place[0], place[1])))
        for place in (*self.marked, *([self.framed] if self.framed else ())):
            box = self.cell_box(x, y, place)
            colour = self.frame if place == self.framed else MARK_EDGE
            width = 3.5 if place == self.framed else 2
            yield rectangle(box, "none", colour, width, dashed=colour == WRONG)
            if self.marked.get(place):
                yield label(box.x + 9, box.y + 9, self.marked[place])

    def cell_box(self, x: float, y: float, place: Place) -> Area:
        """Give the place of a cell if the matrix is drawn at a point."""
        width = self.cell_width
        return Area(x=x + place[1] * width, y=y + 22 + place[0] * CELL, width=width, height=CELL)

    def _cell(self, place: Place, box: Area) -> Iterator[str]:
        rows, columns = self.values.shape
        inside = all(
            self.border <= at < size - self.border for at, size in zip(place, (rows, columns), strict=True)
        )
        fill = MARK if place in self.marked else "#ffffff" if inside else BORDER
        yield rectangle(box, fill, LINE, 1)
        middle, line = box.x + box.width / 2, box.y + CELL / 2 + 7
        colour = INK if inside or place in self.marked else SOFT
        yield text(middle, line, number(self.values[place]), anchor="middle", colour=colour)


def number(value: float) -> str:
    """Write a number in a few characters.

    >>> number(4.0), number(2 / 3), number(float("nan"))
    ('4', '0.6667', 'nan')
    """
    return f"{value:.4g}"


def rectangle(
    box: Area, fill: str, stroke: str, width: float, radius: float = 0, *, dashed: bool = False
) -> str:
    """Draw a rectangle."""
    rounded = f' rx="{radius:g}"' if radius else ""
    rounded += ' stroke-dasharray="6 3"' if dashed else ""
    return (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"{rounded} '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{width:g}"/>'
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: float = 14,
    anchor: str = "start",
    colour: str = INK,
    weight: str = "normal",
) -> str:
    """Write words."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" text-anchor="{anchor}" font-weight="{weight}" '
        f'fill="{colour}">{escape(words)}</text>'
    )


def label(x: float, y: float, words: str) -> str:
    """Write a short label in a disc."""
    disc = f'<circle cx="{x:g}" cy="{y:g}" r="7.5" fill="{MARK_EDGE}"/>'
    return disc + text(x, y + 3.7, words, size=10, anchor="middle", colour="#ffffff", weight="bold")


def arrow(start: tuple[float, float], end: tuple[float, float], colour: str = SOFT) -> str:
    """Draw an arrow that leaves and arrives vertically."""
    (x, y), (to_x, to_y) = start, end
    half = (y + to_y) / 2
    tip = 7 if to_y > y else -7
    return (
        f'<path d="M{x:g} {y:g}C{x:g} {half:g} {to_x:g} {half:g} {to_x:g} {to_y - tip:g}" fill="none" '
        f'stroke="{colour}" stroke-width="2"/>'
        f'<path d="M{to_x - 5:g} {to_y - tip:g}L{to_x:g} {to_y:g}L{to_x + 5:g} {to_y - tip:g}Z" '
        f'fill="{colour}"/>'
    )


def flow(widths: Sequence[float], room: float, gap: float) -> list[tuple[float, int]]:
    """Place things of given widths in rows: for each its offset and its row.

    >>> flow([40, 40, 40], 100, 10)
    [(0, 0), (50, 0), (0, 1)]
    """
    placed: list[tuple[float, int]] = []
    at, row = 0.0, 0
    for width in widths:
        if at and at + width > room:
            at, row = 0, row + 1
        placed.append((at, row))
        at += width + gap
    return placed


def legend(
    entries: Sequence[tuple[str, str, str]], x: float, y: float, room: float
) -> tuple[list[str], float]:
    """Draw a legend of (fill, frame, words), and give its height, too."""
    widths = [26 + len(words) * 6.9 for *_, words in entries]
    placed = flow(widths, room, 18)
    parts: list[str] = []
    for (fill, frame, words), (at, row) in zip(entries, placed, strict=True):
        box = Area(x=x + at + 1, y=y + row * 22 + 1, width=15, height=15)
        parts.append(rectangle(box, fill, frame, 2, dashed=frame == WRONG))
        parts.append(text(x + at + 23, y + row * 22 + 13, words, size=12.5))
    return parts, 22.0 * (placed[-1][1] + 1 if placed else 0)


def drawing(width: float, height: float, title: str, description: str, parts: Iterable[str]) -> str:
    """Put parts together to a picture with a ground, a title and a description."""
    ground = Area(x=0.5, y=0.5, width=width - 1, height=height - 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" '
        'font-family="system-ui, DejaVu Sans, sans-serif">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
        f"{rectangle(ground, '#ffffff', 'none', 0, 8)}{''.join(parts)}</svg>"
    )
