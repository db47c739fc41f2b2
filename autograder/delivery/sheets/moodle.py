"""Moodle's two tables: the assignment's offline grading worksheet, and the gradebook as CSV.

Facts are those of Moodle's own source, ``mod/assign/gradingtable.php`` and ``mod/assign/feedback/offline``,
and of its page on grade import:

- The worksheet has ``Identifier`` ("Participant" and the participant's number in this assignment, which is
  not the user's), ``Full name``, the site's identity fields (``ID number``, ``Email address``,
  ``Username``), ``Status``, ``Grade``, ``Maximum grade`` (or ``Scale``), ``Grade can be changed``,
  ``Last modified (grade)``, and ``Feedback comments`` where comments are on.
- The import finds columns by their titles in the site's language. It skips, without a word, points above the
  maximum, a learner whose grade is locked, and a grade that was changed after the download.
- A comment is HTML.
- Numbers have the site's decimal sign, and are read with it.
- The gradebook's export has ``ID number``, ``Email address`` and a column ``Assignment: Title (Real)`` for
  each activity. Grades that come by its import are overridden: the assignment can't change them any more.
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
from autograder.errors import UsageError

_IDENTITIES = ("Identifier", "ID number", "Email address", "Username")
_ENGLISH = "Download it with Moodle in English: the titles of columns are in the site's language."
_REAL = re.compile(r"(?P<full>(?:[^:]+: )?(?P<title>.*)) \((?:Real|real)\)")


def worksheet_layout(sheet: Sheet, wanted: Sequence[str]) -> Columns:  # noqa: ARG001 - it has one assignment
    """Find the parts of an offline grading worksheet.

    Raises `UsageError` if it is none, or is graded by a scale.
    """
    grade, modified = position(sheet, "Grade"), position(sheet, "Last modified (grade)")
    if position(sheet, "Identifier") is None or grade is None or modified is None:
        expected = "`Identifier`, `Grade` and `Last modified (grade)`"
        raise not_theirs(sheet, "grading worksheet of Moodle", expected, _ENGLISH)
    if position(sheet, "Scale") is not None:
        raise UsageError(
            f"{sheet.name}: the assignment is graded by a scale",
            "Expected points: Moodle › Settings › Grade.",
        )
    rows = filled(sheet, range(1, len(sheet.rows)))
    most, open_ = position(sheet, "Maximum grade"), position(sheet, "Grade can be changed")
    locked = "Moodle does not let this grade be changed."
    return Columns(
        identities=positions(sheet, _IDENTITIES),
        grade=grade,
        comment=position(sheet, "Feedback comments"),
        rows=rows,
        maxima={r: limit for r in rows if (limit := number(sheet.value(r, most))) is not None},
        closed={r: locked for r in rows if sheet.value(r, open_).casefold() == "no"},
        above=False,
        html=True,
        decimal=decimal_sign(sheet, [grade, *([] if most is None else [most])], rows),
    )


def gradebook_layout(sheet: Sheet, wanted: Sequence[str]) -> Columns:
    """Find an assignment in Moodle's gradebook as CSV.

    Raises `UsageError` if it is none, or the assignment's column is not there.
    """
    titles = {}
    for column, title in enumerate(sheet.titles):
        found = _REAL.fullmatch(title)
        if found and not title.startswith(("Course total", "Category total")):
            titles[column] = (title, found["full"], found["title"])
    identities = positions(sheet, _IDENTITIES)
    if not titles or not identities:
        expected = "`Email address` or `ID number`, and titles that end with `(Real)`"
        raise not_theirs(sheet, "gradebook of Moodle", expected, _ENGLISH)
    rows = filled(sheet, range(1, len(sheet.rows)))
    grade = column_of(sheet, titles, wanted)
    feedback = sheet.titles[grade].replace("(Real)", "(Feedback)").replace("(real)", "(feedback)")
    return Columns(
        identities=identities,
        grade=grade,
        comment=position(sheet, feedback),
        rows=rows,
        decimal=decimal_sign(sheet, list(titles), rows),
    )


def gradebook_fresh(results: Sequence[Outgoing], title: str) -> list[list[str]]:
    """Give the rows of a file for the gradebook's import, which asks what each column means."""
    return [
        ["ID number", "Email address", title, f"{title} (Feedback)"],
        *([one.learner, one.email, f"{one.points:.2f}", one.comment] for one in results),
    ]
