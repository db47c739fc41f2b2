"""Canvas's gradebook as CSV, exported and imported by Gradebook › Export and Import.

Facts are those of Canvas's own source, ``lib/gradebook_exporter.rb`` and ``lib/gradebook_importer.rb``:

- The first titles are ``Student`` (or ``LastName``, ``FirstName``), ``ID``, then where the school has them
  ``SIS User ID``, ``SIS Login ID``, ``Integration ID``, ``Root Account``, then ``Section`` and the course's
  own columns. An assignment's is ``Title (id)``; without the id, the import makes a new assignment.
- A row ``    Points Possible`` has the maxima, or ``(read only)``. A row above it may say ``Manual Posting``.
- The import knows a learner by ``ID``, else by ``SIS User ID``, else by ``SIS Login ID``, else by the name.
- Points have two decimals and no thousands separators; a site may have semicolons and decimal commas.
  ``EX`` is excused, ``N/A`` not assigned.
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

_IDENTITIES = ("ID", "SIS User ID", "SIS Login ID", "Integration ID")
_TITLE = re.compile(r"(?P<title>.*) \((?P<id>\d+)\)")
_CLOSED = {
    "ex": "The learner is excused there.",
    "n/a": "The assignment is not assigned to the learner there.",
}
_POSTING = re.compile(r"(muted|manual posting.*)?", re.IGNORECASE)


def layout(sheet: Sheet, wanted: Sequence[str]) -> Columns:
    """Find an assignment in a gradebook of Canvas.

    Raises `UsageError` if it is none, or the assignment's column is not there or is read-only.
    """
    section = position(sheet, "Section")
    if section is None or not positions(sheet, ["Student", "LastName"]) or position(sheet, "ID") is None:
        raise not_theirs(
            sheet, "gradebook of Canvas", "`Student`, `ID` and `Section`", "Export it in Canvas's gradebook."
        )
    grade = column_of(sheet, _assignments(sheet, section), wanted)
    possible = next((row for row in range(len(sheet.rows)) if _is_possible(sheet, row)), None)
    says = "" if possible is None else sheet.value(possible, grade)
    if "read only" in says:
        raise UsageError(f"{sheet.name}: the column `{sheet.titles[grade]}` is read-only", "Name another.")
    rows = tuple(row for row in filled(sheet, range(1, len(sheet.rows))) if _is_learner(sheet, row))
    maximum = number(says)
    return Columns(
        identities=positions(sheet, _IDENTITIES),
        grade=grade,
        rows=rows,
        maxima={} if maximum is None else dict.fromkeys(rows, maximum),
        closed={r: _CLOSED[v] for r in rows if (v := sheet.value(r, grade).casefold()) in _CLOSED},
        decimal=decimal_sign(sheet, [grade], range(1, len(sheet.rows))),
    )


def _assignments(sheet: Sheet, section: int) -> dict[int, tuple[str, ...]]:
    """Give the names of the columns after the learner's own: the title, and the title and the id alone."""
    names: dict[int, tuple[str, ...]] = {}
    for column in range(section + 1, len(sheet.titles)):
        found = _TITLE.fullmatch(sheet.titles[column])
        if found:
            names[column] = (sheet.titles[column], found["title"], found["id"])
    return names


def _is_possible(sheet: Sheet, row: int) -> bool:
    return row > 0 and "Points Possible" in sheet.value(row, 0)


def _is_learner(sheet: Sheet, row: int) -> bool:
    """Tell a learner's row from the maxima and from a row that says how grades are posted."""
    posting = all(_POSTING.fullmatch(cell.value.strip()) for cell in sheet.rows[row])
    return not _is_possible(sheet, row) and not posting


def fresh(results: Sequence[Outgoing], title: str) -> list[list[str]]:
    """Give the rows of a file that makes a new assignment; the learner's id is both of the school's."""
    maximum = f"{results[0].maximum:.2f}" if results else ""
    return [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title],
        ["    Points Possible", "", "", "", "", maximum],
        *([one.name, "", one.learner, one.learner, one.section, f"{one.points:.2f}"] for one in results),
    ]
