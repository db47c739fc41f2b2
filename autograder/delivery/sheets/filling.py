"""Fill results into a platform's table: what would change, what can't, and the file with the changes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from msgspec.structs import replace

from autograder.delivery.comments import is_ours
from autograder.delivery.outgoing import Outgoing, SendPlan, There, Transfer, plan
from autograder.delivery.sheets.layout import Columns, number
from autograder.delivery.sheets.sheet import Sheet, with_values
from autograder.errors import UsageError
from autograder.model import Struct

_CENT = Decimal("0.01")


class Filling(Struct):
    """The outcome of filling a table.

    `plan` is what would be sent, without those that the platform `refuses`, each with the reason. `data` is
    the file with the changes.
    """

    plan: SendPlan
    refuses: tuple[tuple[Outgoing, str], ...]
    data: bytes


def in_cents(results: Iterable[Outgoing]) -> list[Outgoing]:
    """Round points half up to the two decimals that platforms show, to compare them with what is there."""
    return [
        one if one.points is None else replace(one, points=one.points.quantize(_CENT, ROUND_HALF_UP))
        for one in results
    ]


def fill(sheet: Sheet, layout: Columns, results: Sequence[Outgoing], *, provisional: bool = False) -> Filling:
    """Fill results into a table.

    Parameters
    ----------
    sheet, layout : Sheet, Columns
        The platform's table.
    results : sequence of Outgoing
        The results, whoever is in the table.
    provisional : bool, optional
        Let provisional results go, too.

    Raises
    ------
    UsageError
        The table's maximum is not that of the results.
    """
    rows = {f"row {row + 1}": row for row in layout.rows}
    there = [_there(sheet, layout, key, row) for key, row in rows.items()]
    _require_same_maximum(sheet, layout, results)
    done = plan(in_cents(results), there, provisional=provisional)
    transfers, refused, unchanged = [], [], [*done.unchanged]
    changes: dict[tuple[int, int], str] = {}
    for one in done.transfers:
        values = dict(_values(sheet, layout, rows[one.there.key], one))
        why = _why_not(sheet, layout, rows[one.there.key], one.outgoing)
        if why and values:
            refused.append((one.outgoing, why))
        elif values:
            transfers.append(one)
            changes |= values
        else:
            unchanged.append(one.outgoing)
    return Filling(
        plan=replace(done, transfers=tuple(transfers), unchanged=tuple(unchanged)),
        refuses=tuple(refused),
        data=with_values(sheet, changes),
    )


def _there(sheet: Sheet, layout: Columns, key: str, row: int) -> There:
    texts = [sheet.value(row, column) for column in layout.identities]
    # Brightspace puts # before ids; the number of Moodle's participant stands alone in its folders' names
    bare = [re.sub(r"^(#|Participant )", "", text) for text in texts]
    points = number(sheet.value(row, layout.grade))
    return There(
        key=key,
        identities=tuple(dict.fromkeys(text for text in (*texts, *bare) if text)),
        points=None if points is None else points.quantize(_CENT, ROUND_HALF_UP),
    )


def _require_same_maximum(sheet: Sheet, layout: Columns, results: Sequence[Outgoing]) -> None:
    theirs, ours = set(layout.maxima.values()), {one.maximum for one in results}
    if theirs and ours and theirs != ours:
        said, own = (" and ".join(f"{value:f}" for value in sorted(some)) for some in (theirs, ours))
        raise UsageError(
            f"{sheet.name}: `{sheet.titles[layout.grade]}` is of {said} points, and the results are of {own}",
            "Change the assignment's points there, or name another column with --column.",
        )


def _why_not(sheet: Sheet, layout: Columns, row: int, result: Outgoing) -> str:
    """Say why the platform would not take a result; empty if it would."""
    if row in layout.closed:
        return layout.closed[row]
    most = layout.maxima.get(row)
    if not layout.above and most is not None and result.points is not None and result.points > most:
        return f"It has {result.points:f} points, and the platform takes {most:f} at most."
    stands = sheet.value(row, layout.grade)
    if number(stands) is None and stands.casefold().partition("(")[0].strip() not in layout.blank:
        return f"`{stands}` stands there, which is no number of points."
    return ""


def _values(sheet: Sheet, layout: Columns, row: int, one: Transfer) -> Iterable[tuple[tuple[int, int], str]]:
    """Give the cells that change, with their new values."""
    result = one.outgoing
    if result.points != one.there.points:
        yield (row, layout.grade), f"{result.points:f}".replace(".", layout.decimal)
    if layout.comment is None:
        return
    there, ours = (
        sheet.value(row, layout.comment),
        _as_html(result.comment) if layout.html else result.comment,
    )
    # a person's own words stay
    if ours not in ("", there) and (not there or is_ours(there.replace("<br>", ""))):
        yield (row, layout.comment), ours


def _as_html(comment: str) -> str:
    return html.escape(comment, quote=False).replace("\n", "<br>\n")
