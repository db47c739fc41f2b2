"""Find learners, points and comments in a platform's table: each platform's module names its own columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from autograder.delivery.outgoing import level
from autograder.delivery.sheets.sheet import Sheet
from autograder.errors import UsageError, suggestion
from autograder.model import Struct

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?")


class Columns(Struct):
    """A platform's table for one assignment.

    identities  the columns by which the platform knows learners
    grade       the column of the points
    comment     the column of the comments, None where there is none
    rows        the learners' rows
    maxima      the points that a row can have, where the table says it
    closed      rows whose points can't be changed, each with the reason
    above       whether the platform takes points above the maximum
    decimal     the sign before decimals
    blank       texts that stand for no points, levelled
    html        whether comments are HTML
    """

    identities: tuple[int, ...]
    grade: int
    rows: tuple[int, ...]
    comment: int | None = None
    maxima: Mapping[int, Decimal] = {}
    closed: Mapping[int, str] = {}
    above: bool = True
    decimal: str = "."
    blank: frozenset[str] = frozenset({"", "-"})
    html: bool = False


def number(text: str) -> Decimal | None:
    """Read a number with a decimal point or comma; None if it is none.

    >>> number("8,50"), number("A")
    (Decimal('8.50'), None)
    """
    return Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def column_of(sheet: Sheet, titles: Mapping[int, Collection[str]], wanted: Sequence[str]) -> int:
    """Find the one column with a wanted title.

    Parameters
    ----------
    sheet : Sheet
        The table.
    titles : mapping of int to collection of str
        The texts by which each column that takes points is known.
    wanted : sequence of str
        The column's title; of several, the first that fits decides.

    Raises
    ------
    UsageError
        There is no such column, or there are several.
    """
    for title in wanted:
        fits = [column for column, known in titles.items() if level(title) in map(level, known)]
        if len(fits) > 1:
            names = ", ".join(f"`{sheet.titles[column]}`" for column in fits)
            raise UsageError(
                f"{sheet.name}: several columns are called `{title}`: {names}", "Name one with --column."
            )
        if fits:
            return fits[0]
    said = " or ".join(f"`{title}`" for title in wanted)
    known = [sheet.titles[column] for column in titles]
    raise UsageError(
        f"{sheet.name}: no column {said} that takes points",
        f"Name one with --column; {suggestion(wanted[0], known)}",
    )


def positions(sheet: Sheet, names: Iterable[str], row: int = 0) -> tuple[int, ...]:
    """Give the columns with one of these titles, whichever case they have."""
    wanted = {level(name) for name in names}
    cells = [level(cell.value) for cell in sheet.rows[row]]
    return tuple(place for place, title in enumerate(cells) if title in wanted)


def position(sheet: Sheet, name: str) -> int | None:
    """Give the first column with a title; None if there is none."""
    return next(iter(positions(sheet, [name])), None)


def filled(sheet: Sheet, rows: Iterable[int]) -> tuple[int, ...]:
    """Give the rows in which something stands."""
    return tuple(row for row in rows if any(cell.value.strip() for cell in sheet.rows[row]))


def decimal_sign(sheet: Sheet, columns: Sequence[int], rows: Iterable[int]) -> str:
    """Find out a table's decimal sign. Without decimals in it, a comma where semicolons part the cells."""
    values = [sheet.value(row, column) for row in rows for column in columns]
    for value in values:
        if _NUMBER.fullmatch(value) and "," in value:
            return ","
        if _NUMBER.fullmatch(value) and "." in value:
            return "."
    return "," if sheet.separator == ";" else "."


def not_theirs(sheet: Sheet, platform: str, expected: str, where: str) -> UsageError:
    """Give the error for a file that is not of a platform."""
    titles = ", ".join(f"`{title}`" for title in sheet.titles[:8])
    return UsageError(f"{sheet.name}: is no {platform}: expected {expected}, found {titles}", where)
