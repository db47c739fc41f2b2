"""Show grades: in a line, explained, compared, as CSV and as JSON."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from autograder.grades.applying import Change
from autograder.grades.compute import written
from autograder.grades.records import Grade
from autograder.grades.roster import Person, Roster
from autograder.grades.rubric import Rubric
from autograder.text import spreadsheet

SCHEMA_VERSION = "1.1"
_FIRST = (
    "learner",
    "name",
    "email",
    "section",
    "status",
    "points",
    "maximum",
    "attempt",
    "pending",
    "late_seconds",
)


def one_line(grade: Grade) -> str:
    """Say a grade in a line.

    >>> from decimal import Decimal
    >>> from autograder.grades.records import GradeStatus
    >>> one_line(Grade(learner="s001", status=GradeStatus.FINAL, points=Decimal(8), maximum=Decimal(10)))
    's001: 8 of 10'
    """
    if grade.points is None:
        return f"{grade.learner}: {grade.status.value}"
    status = "" if grade.status.value == "final" else f" ({grade.status.value})"
    return f"{grade.learner}: {written(grade.points)} of {written(grade.maximum)}{status}"


def explained(grade: Grade) -> Iterator[str]:
    """Say each step of a grade in a line, with its points in a column, and the grade at the end."""
    for step in grade.steps:
        points = "" if step.points is None else written(step.points)
        yield f"{points:>9}  {step.text}"
    yield one_line(grade)


def compared(changes: Sequence[Change]) -> Iterator[str]:
    """Show the grades that change, old beside new, and count them; another explanation is counted alone."""
    lines = [(one.new.learner, one_line(one.old), one_line(one.new)) for one in changes if one.old != one.new]
    changed = [(learner, old, new) for learner, old, new in lines if old != new]
    for learner, old, new in changed:
        yield f"{old} → {new.removeprefix(f'{learner}: ')}"
    yield f"{len(changed)} of {len(changes)} grades change."
    if explained_anew := len(lines) - len(changed):
        yield f"{explained_anew} stay as they are, and are explained in another way."


def to_csv(grades: Sequence[Grade], roster: Roster) -> str:
    """Render one row a learner. A grade that does not exist yet is an empty field, never 0."""
    return spreadsheet([_FIRST, *(_row(one, roster.persons.get(one.learner)) for one in grades)])


def _row(grade: Grade, person: Person | None) -> list[str]:
    return [
        grade.learner,
        *((person.name, person.email, person.section) if person else ("", "", "")),
        grade.status.value,
        "" if grade.points is None else written(grade.points),
        written(grade.maximum),
        "" if grade.attempt is None else str(grade.attempt),
        written(grade.pending),
        "" if grade.late is None else str(int(grade.late.total_seconds())),
    ]


def to_json(grades: Sequence[Grade], rubric: Rubric) -> dict[str, str]:
    """Render each grade with its explanation as a JSON file, by name. Points are text: exact decimals."""
    files = {}
    for one in grades:
        document = {
            "schema_version": SCHEMA_VERSION,
            "assignment": rubric.assignment,
            "rubric_sha256": rubric.sha256(),
            **msgspec.to_builtins(one, builtin_types=(Decimal, datetime.timedelta)),
            "late": None if one.late is None else int(one.late.total_seconds()),
        }
        name = re.sub(r"[^A-Za-z0-9._-]", "_", one.learner).lstrip(".-") or "_"
        while f"{name}.json" in files:
            name += "_"
        text = json.dumps(document, indent=2, ensure_ascii=False, default=written)
        files[f"{name}.json"] = text + "\n"
    return files
