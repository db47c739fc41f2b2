"""Blackboard's grades, downloaded and uploaded by Work offline.

Facts are those of Blackboard's page on working offline and of downloads that others published:

- A download is ``.csv`` in UTF-8, or ``.xls``, which is text in UTF-16 with tabs; its cells are in quotes.
- The first titles are ``Last Name``, ``First Name``, ``Username``, ``Student ID``, ``Last Access``,
  ``Availability``. The upload knows a learner by ``Username`` alone.
- A column is ``Title [Total Pts: 10 Score] |1281892``: the number after the bar is what the upload goes by. A
  title without it makes a new column. ``up to 55`` marks a column that Blackboard computes.
- ``Needs Grading`` stands where nothing was graded yet.
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
    position,
    positions,
)
from autograder.delivery.sheets.sheet import Sheet

_IDENTITIES = ("Username", "Student ID")
_COLUMN = re.compile(r"(?P<title>.*) \[Total Pts: (?P<most>[\d.,]+)(?: [^\]]*)?\](?: \|(?P<id>\d+))?")
_BLANK = frozenset({"", "-", "needs grading", "needs marking"})


def layout(sheet: Sheet, wanted: Sequence[str]) -> Columns:
    """Find a column in Blackboard's grades.

    Raises `UsageError` if it is no download of Blackboard, or the column is not there.
    """
    columns = {c: found for c, title in enumerate(sheet.titles) if (found := _COLUMN.fullmatch(title))}
    if position(sheet, "Username") is None or not columns:
        raise not_theirs(
            sheet,
            "download of Blackboard",
            "`Username` and `… [Total Pts: …] |…`",
            "Download it in Blackboard's grades, by Work offline.",
        )
    names = {
        column: (sheet.titles[column], found["title"], *([found["id"]] if found["id"] else []))
        for column, found in columns.items()
    }
    grade = column_of(sheet, names, wanted)
    most = number(columns[grade]["most"])
    rows = filled(sheet, range(1, len(sheet.rows)))
    return Columns(
        identities=positions(sheet, _IDENTITIES),
        grade=grade,
        comment=position(sheet, "Feedback to Learner"),
        rows=rows,
        maxima={} if most is None else dict.fromkeys(rows, most),
        decimal=decimal_sign(sheet, list(columns), rows),
        blank=_BLANK,
    )


def fresh(results: Sequence[Outgoing], title: str) -> list[list[str]]:
    """Give the rows of a file that makes a new column."""
    return [["Username", title], *([one.learner, f"{one.points:.2f}"] for one in results)]
