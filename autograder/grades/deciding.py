"""Record what people decide: the roster, points, overrides, extensions, excuses, and points from a table."""

from __future__ import annotations

import csv
import datetime
import difflib
import io
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from autograder.errors import UsageError, suggestion
from autograder.grades import tables
from autograder.grades.attempts import in_order
from autograder.grades.compute import Decisions, items_of, points_of, written
from autograder.grades.records import Attempt, GradePolicy, ScoredItem
from autograder.grades.roster import Person
from autograder.grades.rubric import Rubric, policy_of
from autograder.grades.store import Gradebook
from autograder.model import Struct
from autograder.text import from_spreadsheet, spreadsheet

COLUMNS = ("learner", "attempt", "item", "automatic", "maximum", "points", "remark", "reviewer")
# A point's smallest part; whoever needs a smaller one mistypes.
_DECIMALS = 4
# So many ids are named in place of one that nobody has.
_NEAR = 3
_SHOWN = "`autograder gradebook history` shows what was decided."


class RecordedRoster(Struct):
    """The result of recording a roster: how many rows were new, and who is on the roster beside them."""

    new: int
    others: tuple[str, ...]


def record_roster(
    gradebook: Gradebook, persons: Mapping[str, Person], *, is_whole: bool = False
) -> RecordedRoster:
    """Record people by their ids; if they are the whole class, take all others off the roster."""
    known = gradebook.roster().persons
    rows = [_person_row(one) for one in persons.values() if known.get(one.learner) != one]
    others = tuple(name for name in known if name not in persons)
    gone = [{**_person_row(Person(learner=name)), "identities": tables.GONE} for name in others]
    gradebook.add(tables.persons, [*rows, *(gone if is_whole else [])])
    return RecordedRoster(new=len(rows), others=others)


def _person_row(person: Person) -> dict[str, str]:
    """Give the row of a person."""
    return {
        "learner": person.learner,
        "name": person.name,
        "email": person.email,
        "section": person.section,
        "identities": json.dumps(person.identities, ensure_ascii=False),
    }


def override(
    gradebook: Gradebook, rubric: Rubric, learner: str, item: str, *, points: str, reason: str
) -> str:
    """Give a learner's attempt that counts a person's points for an item; they hold for all of a group.

    Returns
    -------
    str
        The name under which the attempt came in: the learner's, or a group's.

    Raises
    ------
    UsageError
        There is no such learner, attempt or item, or the points are none.
    """
    attempt, name = _counting_attempt(gradebook, rubric, learner)
    scored = _item(rubric, attempt, item)
    value = read_points(points, scored, f"{learner}, {item}")
    row = review_row(rubric, name, attempt, scored, points=value, text=reason)
    gradebook.add(tables.reviews, [row])
    return name


def take_back_points(gradebook: Gradebook, rubric: Rubric, learner: str, item: str, reason: str) -> str:
    """Let the report's points hold again for an item of the attempt that counts.

    Gives the name as `override` does, and raises `UsageError` if no person has judged the item.
    """
    attempt, name = _counting_attempt(gradebook, rubric, learner)
    scored = _item(rubric, attempt, item)
    decided = gradebook.decisions(rubric.assignment, [name]).get(name, Decisions())
    if (attempt.key, item) not in decided.reviews:
        raise UsageError(f"{learner}, {item}: has no points of a person", _SHOWN)
    row = review_row(rubric, name, attempt, scored, points=None, text=reason, withdrawn=True)
    gradebook.add(tables.reviews, [row])
    return name


def extend(gradebook: Gradebook, rubric: Rubric, learner: str, until: str, reason: str) -> None:
    """Give a learner, or each of a group, a later date.

    Raises
    ------
    UsageError
        `until` is no date with a time and its zone, is not later, or the assignment has no date.
    """
    if rubric.due_at is None:
        raise UsageError(
            f"`{rubric.assignment}` has no due_at, so nothing is late", "Set it in assignment.toml."
        )
    due = datetime.datetime.fromisoformat(rubric.due_at)
    moment = _read_until(until, due)
    if moment <= due:
        raise UsageError(
            f"--until {until}: is no later than due_at, {rubric.due_at}",
            "`--undo` takes an extension back.",
        )
    rows = _for_each(gradebook, rubric, learner)
    gradebook.add(tables.extensions, [{**row, "until": moment.isoformat(), "reason": reason} for row in rows])


def _read_until(until: str, due: datetime.datetime) -> datetime.datetime:
    """Read a date with its time and zone: half of one would be taken for another than was meant."""
    try:
        moment = datetime.datetime.fromisoformat(until)
    except ValueError as error:
        raise UsageError(f"--until {until}: is no time", f"Expected {_example(due)}.") from error
    if _is_date(until):
        example = _example(datetime.datetime.combine(moment, due.timetz()))
        raise UsageError(f"--until {until}: has no time of day", f"Say the zone, too: {example}.")
    if moment.tzinfo is None:
        example = _example(moment.replace(tzinfo=due.tzinfo))
        raise UsageError(f"--until {until}: has no time zone", f"Expected {example}, or another zone.")
    return moment


def _is_date(text: str) -> bool:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _example(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="minutes")


def take_back_extension(gradebook: Gradebook, rubric: Rubric, learner: str, reason: str) -> None:
    """Let the assignment's date hold again for a learner, or for each of a group.

    Raises `UsageError` if none of them has an extension.
    """
    rows = _for_each_with(gradebook, rubric, learner, lambda one: one.extension is not None)
    if not rows:
        raise UsageError(f"{learner}: has no extension", _SHOWN)
    gradebook.add(tables.extensions, [{**row, "until": "", "reason": reason} for row in rows])


def excuse(gradebook: Gradebook, rubric: Rubric, learner: str, reason: str) -> None:
    """Expect nothing from a learner, or from each of a group."""
    rows = _for_each(gradebook, rubric, learner)
    gradebook.add(tables.excuses, [{**row, "reason": reason, "excused": True} for row in rows])


def take_back_excuse(gradebook: Gradebook, rubric: Rubric, learner: str, reason: str) -> None:
    """Expect the assignment again from a learner, or from each of a group.

    Raises `UsageError` if none of them is excused.
    """
    rows = _for_each_with(gradebook, rubric, learner, lambda one: one.excuse is not None)
    if not rows:
        raise UsageError(f"{learner}: is not excused", _SHOWN)
    gradebook.add(tables.excuses, [{**row, "reason": reason, "excused": False} for row in rows])


# --- points as a table ----------------------------------------------------------------------------------


def export_points(gradebook: Gradebook, rubric: Rubric) -> str:
    """Render the items that wait for a person, and those that a person judged, as CSV to fill in."""
    decisions, policy = gradebook.decisions(rubric.assignment), policy_of(rubric)
    rows = (
        row
        for learner, attempts in sorted(gradebook.attempts(rubric.assignment).items())
        for attempt in attempts
        for row in _rows(learner, attempt, decisions.get(learner, Decisions()), policy)
    )
    return spreadsheet([COLUMNS, *rows])


def _rows(learner: str, attempt: Attempt, decided: Decisions, policy: GradePolicy) -> Iterator[Sequence[str]]:
    for item in items_of(attempt, policy):
        review = decided.reviews.get((attempt.key, item.id))
        if not item.waits and review is None:
            continue
        automatic = "" if item.score is None else written(item.score)
        points = "" if review is None else written(points_of(review, item.maximum, decided.remarks))
        said = (review.text, review.reviewer) if review else ("", "")
        yield learner, str(attempt.number), item.id, automatic, written(item.maximum), points, *said


def import_points(gradebook: Gradebook, rubric: Rubric, path: Path) -> int:
    """Record the points of a table that `export_points` wrote and a person filled in; gives their number.

    Rows without points, and rows that say what holds already, record nothing. All rows are recorded, or none.

    Raises
    ------
    UsageError
        The file can't be read, or a row does not fit; names its line.
    """
    attempts = gradebook.attempts(rubric.assignment)
    decisions = gradebook.decisions(rubric.assignment)
    rows = []
    for line, cells in _read(path):
        place = f"{path}:{line}"
        if not cells["points"].strip():
            continue
        attempt = _numbered(attempts.get(cells["learner"], ()), cells, place)
        item = _item(rubric, attempt, cells["item"], place)
        value = read_points(cells["points"], item, place)
        remark = cells.get("remark") or ""
        decided = decisions.get(cells["learner"], Decisions())
        review = decided.reviews.get((attempt.key, item.id))
        held = None if review is None else points_of(review, item.maximum, decided.remarks)
        if review is None or (held, review.text) != (value, remark):
            rows.append(review_row(rubric, cells["learner"], attempt, item, points=value, text=remark))
    return gradebook.add(tables.reviews, rows)


def _read(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8", "Save it as CSV in UTF-8.") from error
    separator = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="")
    missing = {"learner", "attempt", "item", "points"} - set(reader.fieldnames or ())
    if missing:
        raise UsageError(
            f"{path}:1: has no column {', '.join(sorted(missing))}",
            "Begin with `autograder gradebook points export`.",
        )
    return [(reader.line_num, {k: from_spreadsheet(v) for k, v in row.items() if k}) for row in reader]


# --- what a decision is about ---------------------------------------------------------------------------


def _for_each(gradebook: Gradebook, rubric: Rubric, learner: str) -> list[dict[str, str]]:
    """Give the beginning of a row for a learner, or for each of a group."""
    people = known_people(gradebook, rubric, learner)
    return [{"assignment": rubric.assignment, "learner": one} for one in people]


def _for_each_with(
    gradebook: Gradebook, rubric: Rubric, learner: str, has: Callable[[Decisions], bool]
) -> list[dict[str, str]]:
    """Give the beginning of a row for each name of a learner, or of a group, for which something holds."""
    people, roster = set(known_people(gradebook, rubric, learner)), gradebook.roster()
    return [
        {"assignment": rubric.assignment, "learner": name}
        for name, decided in sorted(gradebook.decisions(rubric.assignment).items())
        if has(decided) and people.intersection(roster.people(name))
    ]


def known_people(gradebook: Gradebook, rubric: Rubric, learner: str) -> tuple[str, ...]:
    """Give the ids of a learner, or of a group, who are on the roster or have handed something in.

    Raises
    ------
    UsageError
        There is no such learner; names the ids that are near.
    """
    roster, names = gradebook.roster(), gradebook.names(rubric.assignment)
    known = dict.fromkeys([*roster.persons, *(one for name in names for one in roster.people(name))])
    people = roster.people(learner)
    for one in people:
        if one not in known:
            raise UsageError(
                f"no learner `{one}`; {_near(one, known)}",
                "`autograder gradebook roster FILE.csv` adds a class.",
            )
    return people


def _near(name: str, known: Collection[str]) -> str:
    """Name the ids that are nearest, or the first ones where none is near."""
    near = difflib.get_close_matches(name, known, n=_NEAR)
    if near:
        return f"did you mean {' or '.join(f'`{one}`' for one in near)}?"
    more = ", …" if len(known) > _NEAR else ""
    return f"known are: {', '.join(sorted(known)[:_NEAR])}{more}" if known else "there are none"


def _counting_attempt(gradebook: Gradebook, rubric: Rubric, learner: str) -> tuple[Attempt, str]:
    """Give the attempt that counts, the newest one where none does, and the name that it came in under."""
    who = known_people(gradebook, rubric, learner)[0]
    names = gradebook.roster().names(who, gradebook.names(rubric.assignment))
    attempts = gradebook.attempts(rubric.assignment, names)
    found = {one.key: name for name, some in reversed(attempts.items()) for one in some}
    if not found:
        raise UsageError(f"{learner}: handed in nothing", "Import the report first, or excuse the learner.")
    ordered = in_order(one for some in attempts.values() for one in some)
    counts = gradebook.grades(rubric, who)[0].attempt
    attempt = next((one for one in ordered if one.number == counts), ordered[-1])
    return attempt, found[attempt.key]


def _numbered(attempts: Iterable[Attempt], cells: dict[str, str], place: str) -> Attempt:
    for attempt in attempts:
        if str(attempt.number) == cells["attempt"].strip():
            return attempt
    raise UsageError(f"{place}: {cells['learner']} has no attempt {cells['attempt']}")


def _item(rubric: Rubric, attempt: Attempt, item: str, place: str = "") -> ScoredItem:
    items = {one.id: one for one in items_of(attempt, policy_of(rubric))}
    if item not in items:
        prefix = f"{place}: " if place else ""
        raise UsageError(f"{prefix}no item `{item}`; {suggestion(item, items)}")
    return items[item]


def read_points(text: str, item: ScoredItem, place: str) -> Decimal:
    """Read points: a number from 0 to the item's maximum; a comma may stand for the point.

    Raises `UsageError` if they are none; `place` says where they stand.
    """
    try:
        value = Decimal(text.strip().replace(",", "."))
    except InvalidOperation as error:
        raise UsageError(f"{place}: points = {text!r} is no number") from error
    if not (value.is_finite() and 0 <= value <= item.maximum):
        raise UsageError(f"{place}: points = {text.strip()}, expected 0 to {written(item.maximum)}")
    if value != round(value, _DECIMALS):
        raise UsageError(f"{place}: points = {text.strip()}, expected {_DECIMALS} decimals at most")
    return value


def review_row(
    rubric: Rubric,
    learner: str,
    attempt: Attempt,
    item: ScoredItem,
    *,
    points: Decimal | None,
    text: str,
    remarks: Sequence[str] = (),
    withdrawn: bool = False,
) -> dict[str, object]:
    """Give the row of `tables.reviews` for a person's points; without any, the remarks decide."""
    return {
        "assignment": rubric.assignment,
        "learner": learner,
        "attempt": attempt.key,
        "item": item.id,
        "points": None if points is None else f"{points:f}",
        "remarks": json.dumps(remarks),
        "text": text,
        "override": not item.waits,
        "withdrawn": withdrawn,
    }
