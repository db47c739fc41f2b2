"""Brightspace's grades as CSV, exported and imported by Grades › Enter Grades.

Facts are those of D2L's page on importing grades and of exports that others published:

- Learners are known by ``OrgDefinedId``, ``Username``, or both. An export puts ``#`` before each.
- A numeric grade item is ``Title Points Grade <Numeric MaxPoints:10 …>``; items of other kinds end with other
  words, and points for them are not taken. The last column is ``End-of-Line Indicator``, a ``#`` in each row.
- Points above the maximum are cut, unless the item says ``Can Exceed``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.delivery.outgoing import Outgoing
from autograder.delivery.sheets.layout import (
    Columns,
    column_of,
    decimal_sign,
    filled,
    not_theirs,
    number,
    positions,
)
from autograder.delivery.sheets.sheet import Sheet

_IDENTITIES = ("OrgDefinedId", "Username", "Email")
_ITEM = re.compile(r"(?P<title>.*) Points Grade(?: <Numeric MaxPoints:(?P<most>[\d.,]+)[^>]*>)?")


def layout(sheet: Sheet, wanted: Sequence[str]) -> Columns:
    """Find a numeric grade item in Brightspace's grades.

    Raises `UsageError` if it is no export of Brightspace, or the item's column is not there.
    """
    items = {column: found for column, title in enumerate(sheet.titles) if (found := _ITEM.fullmatch(title))}
    identities = positions(sheet, _IDENTITIES)
    if not identities or not items:
        raise not_theirs(
            sheet,
            "export of Brightspace",
            "`OrgDefinedId` or `Username`, and `… Points Grade`",
            "Export it by Grades › Enter Grades › Export, with points grades.",
        )
    names = {column: (sheet.titles[column], found["title"]) for column, found in items.items()}
    grade = column_of(sheet, names, wanted)
    most = number(items[grade]["most"] or "")
    rows = filled(sheet, range(1, len(sheet.rows)))
    return Columns(
        identities=identities,
        grade=grade,
        rows=rows,
        maxima={} if most is None else dict.fromkeys(rows, most),
        decimal=decimal_sign(sheet, list(items), rows),
    )


def fresh(results: Sequence[Outgoing], title: str) -> list[list[str]]:
    """Give the rows of a file for the import; it makes a new grade item where there is none of this title."""
    most = f"{results[0].maximum:f}" if results else "100"
    return [
        [
            "OrgDefinedId",
            "Username",
            f"{title} Points Grade <Numeric MaxPoints:{most}>",
            "End-of-Line Indicator",
        ],
        *([f"#{one.learner}", f"#{one.learner}", f"{one.points:.2f}", "#"] for one in results),
    ]
