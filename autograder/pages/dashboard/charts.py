"""Charts as inline SVG, drawn by pure functions from the tables that stand beside them.

Nothing is told by colour alone: parts of a bar differ in their pattern, and lines have words. Lengths are in
units of the drawing, which is `_WIDTH` wide on every screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from markupsafe import Markup

from autograder.model import Struct
from autograder.pages.dashboard.figures import Summary
from autograder.pages.dashboard.tables import Table
from autograder.pages.showing import plain

_WIDTH = 400
# A histogram: its bars stand between these, and the axis has about this many words.
_LEFT, _RIGHT, _TOP, _BOTTOM = 6, 394, 40, 190
_WORDS = 6
# A chart of rows: the height of one, of its bar, and the place for the count behind it.
_ROW, _BAR, _COUNT = 38, 12, 44
_NOTHING = Markup("")
# The pattern of `some` in the style: lines in the colour of a full bar.
_HATCH = Markup(
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path class="hatch" d="M0 6L6 0M-1 1L1 -1M5 7L7 5"/></pattern></defs>'
)


class Bar(Struct):
    """A row of a chart: its name, words at its end, and parts of the whole, each with its kind."""

    name: str
    end: str
    parts: tuple[tuple[str, float], ...]
    tick: float | None = None


def histogram_chart(counts: Table, found: Summary, highest: float) -> Markup:
    """Draw the distribution of points with the median: `counts` has their edges and the students."""
    lows, highs, heights = ([row[place].value or 0.0 for row in counts.rows] for place in (1, 2, 3))
    least, greatest = lows[0], max(highs)
    most = max(heights) or 1.0

    def across(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - least) / (greatest - least)

    bars, words = [], []
    for low, high, count in zip(lows, highs, heights, strict=True):
        height = (_BOTTOM - _TOP) * count / most
        left, width = across(low) + 0.5, across(high) - across(low) - 1
        bars.append(_rect("full", left, _BOTTOM - height, width, height))
        if count:
            words.append(_text(left + width / 2, _BOTTOM - height - 5, f"{count:.0f}", "middle", "count"))
    axis = Markup('<path class="axis" d="M{} {}H{}"/>').format(_LEFT, _BOTTOM, _RIGHT)
    line = _line(across(found.median), f"median {found.median:.4g}")
    # the line lies over the bars and under the numbers
    parts = [*bars, axis, *_axis([*lows, greatest], across), line, *words]
    desc = (
        f"{found.count} students, from {found.least:.4g} to {found.greatest:.4g} of {highest:g} points; "
        f"half of them have between {found.lower:.4g} and {found.upper:.4g}."
    )
    return _svg("chart-points", "How many students have how many points", desc, 214, parts)


def _axis(bounds: Sequence[float], across: Callable[[float], float]) -> Iterator[Markup]:
    every = -(-len(bounds) // _WORDS)
    for place, bound in enumerate(bounds):
        if place % every == 0:
            anchor = "start" if place == 0 else "end" if place == len(bounds) - 1 else "middle"
            yield _text(across(bound), _BOTTOM + 18, f"{bound:g}", anchor)


def _line(x: float, words: str) -> Markup:
    """Draw a line from top to bottom with words beside it, on the side that has the room."""
    anchor, shift = ("end", -6) if x > _WIDTH / 2 else ("start", 6)
    line = Markup('<path class="line" d="M{x:.1f} 4V{bottom}"/>').format(x=x, bottom=_BOTTOM)
    return line + _text(x + shift, 15, words, anchor, "strong")


def counts_chart(name: str, title: str, one: Table) -> Markup:
    """Draw a table's rows as bars: each one's name, and its students in the second column."""
    counts = [row[1].value or 0.0 for row in one.rows]
    most = max([*counts, 1.0])
    bars = [
        Bar(name=row[0].text, end=f"{count:.0f}", parts=(("full", count / most),))
        for row, count in zip(one.rows, counts, strict=True)
    ]
    desc = "; ".join(f"{bar.name}: {bar.end}" for bar in bars) + "."
    return _rows(name, title, desc, bars)


def items_chart(one: Table) -> Markup:
    """Draw each item's shares of students with full, some and no points, and the mean as a tick."""
    bars = []
    for row in one.rows:
        mean, full, zero = (row[place].value for place in (4, 5, 6))
        if mean is None or full is None or zero is None:
            continue
        # an item of no points is full and zero at once
        zero = min(zero, 1 - full)
        parts = (("full", full), ("some", 1 - full - zero), ("none", zero))
        bars.append(Bar(name=row[0].text, end=row[4].text, parts=parts, tick=mean))
    desc = "; ".join(f"{bar.name}: {bar.end} of the points on average" for bar in bars) + "."
    return _rows("chart-items", "Full, some and no points by item, and the mean", desc, bars, _HATCH)


def _rows(name: str, title: str, desc: str, bars: Sequence[Bar], first: Markup = _NOTHING) -> Markup:
    """Draw bars below each other, each under its name."""
    parts = [first]
    for place, bar in enumerate(bars):
        top, left, whole = place * _ROW, 1.0, _WIDTH - _COUNT - 2
        parts.append(_text(0, top + 15, _short(bar.name)))
        for kind, part in bar.parts:
            width = whole * part
            parts += [_rect(kind, left, top + 20, width, _BAR)] if width >= 0.5 else []
            left += width
        if bar.tick is not None:
            x = 1 + whole * bar.tick
            parts.append(Markup('<path class="line" d="M{:.1f} {}v{}"/>').format(x, top + 17, _BAR + 6))
            left = 1 + whole
        parts.append(_text(left + 6, top + 20 + _BAR - 1, bar.end, "start", "count"))
    return _svg(name, title, desc, len(bars) * _ROW, parts)


def _short(text: str, most: int = 50) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _rect(kind: str, left: float, top: float, width: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        kind, left, top, max(width, 0), height
    )


def _text(x: float, y: float, words: str, anchor: str = "start", kind: str = "") -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>').format(
        kind, x, y, anchor, plain(words)
    )


def _svg(name: str, title: str, desc: str, height: float, parts: Sequence[Markup]) -> Markup:
    """Give a drawing with its name and its description, which screen readers say."""
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{id}-title {id}-desc">'
        '<title id="{id}-title">{}</title><desc id="{id}-desc">{}</desc>{}</svg>'
    ).format(_WIDTH, f"{height:g}", plain(title), plain(desc), Markup("").join(parts), id=name)
