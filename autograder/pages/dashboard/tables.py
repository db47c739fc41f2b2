"""Tables as plain data: the page shows them, and CSV has all of their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autograder.model import Struct
from autograder.text import harmless, spreadsheet


class Link(Struct):
    """A text that leads somewhere; to nowhere if `href` is empty."""

    text: str
    href: str = ""


class TableCell(Struct):
    """A cell: its text, or the links in it; `value` sorts numbers and is what CSV has of them."""

    text: str
    value: float | None = None
    links: tuple[Link, ...] = ()


class Column(Struct):
    """A column's heading, and whether its cells are numbers."""

    title: str
    is_number: bool = False


class Table(Struct):
    """A table. The first cell of a row names it."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[TableCell, ...], ...]


def table(name: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[TableCell]]) -> Table:
    """Make a table; a heading that begins with ``#`` is of numbers."""
    made = tuple(Column(title=one.removeprefix("#"), is_number=one.startswith("#")) for one in columns)
    return Table(id=name, title=title, columns=made, rows=tuple(map(tuple, rows)))


def words(text: str) -> TableCell:
    """Make a cell of text."""
    return TableCell(text=text)


def number(value: float | None, decimals: int = 0) -> TableCell:
    """Make a cell of a number; an empty one of None.

    >>> number(-0.25, 2).text, number(3).text, number(None).text
    ('−0.25', '3', '–')
    """
    if value is None:
        return TableCell(text="–")
    return TableCell(text=f"{value:.{decimals}f}".replace("-", "−"), value=round(value, max(decimals, 4)))


def points(value: float | None) -> TableCell:
    """Make a cell of points: two decimals where they are needed.

    >>> points(12.5).text, points(3.0).text
    ('12.5', '3')
    """
    if value is None:
        return TableCell(text="–")
    return TableCell(text=f"{round(value, 2):g}".replace("-", "−"), value=round(value, 4))


def percent(part: float | None) -> TableCell:
    """Make a cell of a part in [0, 1]; CSV has the part.

    >>> percent(0.125).text, percent(0.125).value
    ('12 %', 0.125)
    """
    return (
        number(None)
        if part is None
        else TableCell(text=f"{part:.0%}".replace("%", " %"), value=round(part, 4))
    )


def links(some: Sequence[Link]) -> TableCell:
    """Make a cell of links."""
    return TableCell(text=", ".join(one.text for one in some), links=tuple(some))


def to_csv(one: Table) -> str:
    """Render all rows as CSV, with numbers as numbers."""
    rows = [[_plain(cell, column) for cell, column in zip(row, one.columns, strict=True)] for row in one.rows]
    return spreadsheet([[harmless(column.title) for column in one.columns], *rows])


def _plain(cell: TableCell, column: Column) -> str:
    if column.is_number:
        return "" if cell.value is None else f"{cell.value:.10g}"
    return harmless(cell.text)
