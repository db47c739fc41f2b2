"""Write students, submissions, points and comments into nbgrader's database."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from autograder.delivery.nbgrader.database import TABLES, new_id, opened, remember, rows, rows_below, settle
from autograder.delivery.nbgrader.participants import LONGEST, Class, second, utc
from autograder.delivery.nbgrader.released import Released
from autograder.delivery.participants import Participant, Points, plain, points_by_item
from autograder.errors import UsageError
from autograder.grades.roster import Person
from autograder.grades.rubric import Rubric

# Gives the time of a learner's hand-in with its fraction of a second, where somebody knows it.
ExactTime = Callable[[str, datetime.datetime], datetime.datetime]
_GRADED = ("GradeCell", "TaskCell")
_COMMENTED = ("SolutionCell", "TaskCell")


def push(
    given: Class,
    url: str,
    released: Released,
    course: str = "default_course",
    exact_time: ExactTime = lambda _, moment: moment,
) -> tuple[int, dict[str, datetime.datetime | None]]:
    """Write what is missing or differs; gives the number of rows written, and the learners' times.

    Parameters
    ----------
    given : Class
        What the gradebook says.
    url : str
        nbgrader's database. It is made where there is none.
    released : Released
        The release's notebook: assignment, notebook and cells are made from it where they are missing.
    course : str
        The course's id in nbgrader, for an assignment that is not there.
    exact_time : callable
        See `ExactTime`.

    Raises
    ------
    UsageError
        See `opened`; also if the cells of the release or in the database are not those of the rubric.
    """
    _require_cells(given.rubric, released)
    with opened(url, create=True) as connection:
        one = _Push(connection, given, released)
        one.settle_assignment(course)
        one.settle_students()
        times = one.settle_submissions(exact_time)
        one.settle_points()
        return one.written, times


def _require_cells(rubric: Rubric, released: Released) -> None:
    graded = {cell.name for cell in released.cells if not set(cell.types).isdisjoint(_GRADED)}
    missing = [item.id for item in rubric.items if item.id not in graded]
    if missing:
        raise UsageError(
            f"{released.path}: has no graded cell {', '.join(missing)}",
            "Each item needs a cell with its id as grade_id, so that nbgrader has a place for its points.",
        )


class _Push:
    """One push, in a transaction; counts the rows that it writes."""

    def __init__(self, connection: Connection, given: Class, released: Released) -> None:
        self._connection = connection
        self._given = given
        self._released = released
        self._items = {item.id: item for item in given.rubric.items}
        self._assignment = self._notebook = ""
        self.written = 0

    def _settle(
        self, name: str, there: Iterable[Any], wanted: Iterable[Mapping[str, Any]], *key: str
    ) -> None:
        self.written += settle(self._connection, TABLES[name], there, wanted, *key)

    def _rows(self, name: str, /, **equal: Any) -> Sequence[Any]:
        return rows(self._connection, name, **equal)

    # --- the assignment and its cells -----------------------------------------------------------------

    def settle_assignment(self, course: str) -> None:
        """Make the rows that `nbgrader generate_assignment` makes; what is there of them stays as it is."""
        name, due = self._given.rubric.assignment, self._given.rubric.due_at
        if not self._rows("assignment", name=name):
            self._settle("course", self._rows("course"), [{"id": course}], "id")
        values = {"duedate": utc(datetime.datetime.fromisoformat(due)) if due else None, "course_id": course}
        self._assignment = self._found_or_made("assignment", {"name": name}, values)
        kernel = {"kernelspec": json.dumps(self._released.metadata["kernelspec"])}
        key = {"name": self._released.path.stem, "assignment_id": self._assignment}
        self._notebook = self._found_or_made("notebook", key, kernel)
        self._require_same_cells()
        self._settle_cells()

    def _found_or_made(self, name: str, key: Mapping[str, Any], values: Mapping[str, Any]) -> str:
        for row in self._rows(name, **key):
            return str(row.id)
        made = new_id()
        self._connection.execute(TABLES[name].insert(), [{"id": made, **key, **values}])
        self.written += 1
        return made

    def _require_same_cells(self) -> None:
        released = {(kind, cell.name) for cell in self._released.cells for kind in cell.types}
        there = {(c.type, c.name) for c in self._rows("base_cell", notebook_id=self._notebook)}
        strange = sorted(name for kind, name in there - released if kind in _GRADED)
        if strange:
            name = self._given.rubric.assignment
            raise UsageError(
                f"nbgrader's `{name}` has graded cells that {self._released.path} has not: "
                f"{', '.join(strange)}",
                f"Points there would count. `nbgrader db assignment remove {name}` starts anew.",
            )

    def _settle_cells(self) -> None:
        cells = {cell.name: cell for cell in self._released.cells}
        base = [
            {"name": cell.name, "notebook_id": self._notebook, "type": kind}
            for cell in cells.values()
            for kind in cell.types
        ]
        self._settle("base_cell", self._base_cells(), base, "name", "type")
        for table, kind in (("grade_cells", "GradeCell"), ("task_cells", "TaskCell")):
            wanted = [
                {"id": row.id, "max_score": self._maximum(row.name), "cell_type": cells[row.name].kind}
                for row in self._base_cells()
                if row.type == kind
            ]
            self._settle(table, self._rows(table), wanted, "id")
        solutions = [{"id": row.id} for row in self._base_cells() if row.type == "SolutionCell"]
        self._settle("solution_cells", self._rows("solution_cells"), solutions, "id")
        there = self._rows("source_cell", notebook_id=self._notebook)
        known = {row.name for row in there}
        sources = [
            {
                "name": cell.name,
                "cell_type": cell.kind,
                "locked": cell.locked,
                "source": cell.source,
                "checksum": cell.nbgrader.get("checksum"),
                "notebook_id": self._notebook,
            }
            for cell in cells.values()
            if cell.name not in known and (cell.types or cell.locked)
        ]
        self._settle("source_cell", there, sources, "name")

    def _base_cells(self) -> Sequence[Any]:
        return self._rows("base_cell", notebook_id=self._notebook)

    def _maximum(self, name: str) -> float:
        """Give the points that a cell adds to the maximum: extra credit adds none."""
        item = self._items.get(name)
        if item is None:
            return float(next(c.nbgrader.get("points", 0) for c in self._released.cells if c.name == name))
        return 0.0 if item.extra_credit else float(item.points)

    # --- students and submissions ---------------------------------------------------------------------

    def settle_students(self) -> None:
        """Add the roster and all who handed something in; names that nbgrader has stay as they are."""
        there = {row.id: row for row in self._rows("student")}
        persons = {one.learner: Person(learner=one.learner) for one in self._given.participants}
        persons |= {one.learner: one for one in self._given.persons}
        self._settle(
            "student",
            there.values(),
            [_student(one, there.get(one.learner)) for one in persons.values()],
            "id",
        )

    def settle_submissions(self, exact_time: ExactTime) -> dict[str, datetime.datetime | None]:
        """Add a submission for each learner with its time and its penalty; gives the times."""
        there = self._rows("submitted_assignment", assignment_id=self._assignment)
        before = {row.student_id: row.timestamp for row in there}
        times = {
            one.learner: _time(one, before.get(one.learner), exact_time) for one in self._given.participants
        }
        wanted = [
            {"assignment_id": self._assignment, "student_id": learner, "timestamp": moment}
            for learner, moment in times.items()
        ]
        self._settle("submitted_assignment", there, wanted, "student_id")
        ids = {
            row.student_id: row.id
            for row in self._rows("submitted_assignment", assignment_id=self._assignment)
        }
        notebooks = [
            {
                "assignment_id": ids[one.learner],
                "notebook_id": self._notebook,
                "late_submission_penalty": self._penalty(one),
            }
            for one in self._given.participants
        ]
        there = self._rows("submitted_notebook", notebook_id=self._notebook)
        self._settle("submitted_notebook", there, notebooks, "assignment_id")
        return times

    def _penalty(self, participant: Participant) -> float | None:
        """Give all that stands between the items' sum and the grade: lateness, caps, and rounding."""
        if participant.grade.points is None:
            return None
        points = self._points(participant).values()
        taken = sum((one.counted for one in points), Decimal(0)) - participant.grade.points
        return float(taken) if taken else None

    def _points(self, participant: Participant) -> dict[str, Points]:
        return points_by_item(participant, self._given.rubric, self._given.remarks)

    # --- points and comments --------------------------------------------------------------------------

    def settle_points(self) -> None:
        """Write the grades and comments of all cells, and remember what of them is a person's."""
        graded, said = self._below("grade"), self._below("comment")
        grades, comments = [], []
        given: dict[tuple[str, str], tuple[Points, bool]] = {}
        base = self._base_cells()
        commented = {row.name for row in base if row.type in _COMMENTED}
        for one, notebook in self._submitted():
            points, messages = self._points(one), self._given.messages[one.learner]
            for cell in base:
                place, found = (notebook, cell.id), points.get(cell.name)
                is_ours = found is not None and (one.learner, cell.name) not in self._given.kept
                key = {"notebook_id": notebook, "cell_id": cell.id}
                if cell.type in _GRADED:
                    grades.append(key | _grade(found, graded.get(place), is_ours=is_ours))
                    if found is not None and is_ours:
                        given[place] = (found, cell.name in commented)
                if cell.type in _COMMENTED:
                    there = said.get(place)
                    comment = found.comment if found and is_ours else there and there.manual_comment
                    auto = plain(messages.get(cell.name, "")) or None
                    comments.append(key | {"auto_comment": auto, "manual_comment": comment})
        self._settle("grade", graded.values(), grades, "notebook_id", "cell_id")
        self._settle("comment", said.values(), comments, "notebook_id", "cell_id")
        ids = self._below("grade")
        remember(
            self._connection,
            (
                (ids[place].id, _persons(points), points.comment if has_comment else None)
                for place, (points, has_comment) in given.items()
            ),
        )

    def _submitted(self) -> Iterator[tuple[Participant, str]]:
        """Give all participants with the ids of their notebooks."""
        owners = {
            row.id: row.student_id
            for row in self._rows("submitted_assignment", assignment_id=self._assignment)
        }
        notebooks = {
            owners[row.assignment_id]: row.id
            for row in self._rows("submitted_notebook", notebook_id=self._notebook)
        }
        return ((one, notebooks[one.learner]) for one in self._given.participants)

    def _below(self, name: str) -> dict[tuple[str, str], Any]:
        found = rows_below(self._connection, name, self._notebook)
        return {(row.notebook_id, row.cell_id): row for row in found}


def _student(person: Person, there: Any) -> dict[str, str | None]:
    first, last = _names(person.name)
    ours = {"first_name": first, "last_name": last, "email": person.email or None}
    held = {name: getattr(there, name, None) or (value and value[:LONGEST]) for name, value in ours.items()}
    return {"id": person.learner, **held}


def _names(name: str) -> tuple[str | None, str | None]:
    """Split a name: `Last, First`, or the last word is the last name.

    >>> _names("Ada King Lovelace"), _names("Lovelace, Ada"), _names("")
    (('Ada King', 'Lovelace'), ('Ada', 'Lovelace'), (None, None))
    """
    last, comma, first = name.partition(",")
    if not comma:
        first, _, last = name.rpartition(" ")
    return first.strip() or None, last.strip() or None


def _time(
    participant: Participant, before: datetime.datetime | None, exact_time: ExactTime
) -> datetime.datetime | None:
    """Give the time of the attempt that counts. One that nbgrader knows to a fraction of a second stays."""
    ours = utc(participant.counting.submitted_at)
    if ours is None or second(before) == second(ours):
        return before if ours else None
    return exact_time(participant.learner, ours)


def _grade(found: Points | None, there: Any, *, is_ours: bool) -> dict[str, Any]:
    """Give a grade's columns. What is not ours in them stays; a cell that is no item waits for nobody."""
    held = {name: getattr(there, name, None) for name in ("auto_score", "manual_score", "extra_credit")}
    if found is None:
        return {**held, "needs_manual_grade": False}
    if found.item.extra_credit:
        # without an automatic score, nbgrader would not add the extra credit
        ours = {"auto_score": 0.0, "manual_score": None, "extra_credit": _float(_persons(found))}
    else:
        ours = {
            "auto_score": _float(found.item.score),
            "manual_score": _float(found.person),
            "extra_credit": None,
        }
    if not is_ours:
        kept = {name: held[name] for name in ("manual_score", "extra_credit")}
        return {**ours, **kept, "needs_manual_grade": there.needs_manual_grade}
    return {**ours, "needs_manual_grade": found.waits}


def _persons(found: Points) -> Decimal | None:
    """Give what stands in a person's fields after a push: in those of extra credit, automatic points too."""
    if found.item.extra_credit and found.person is None:
        return found.item.score
    return found.person


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
