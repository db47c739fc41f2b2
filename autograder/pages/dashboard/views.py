"""The tables of a class page, each a function of the class."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from autograder.pages.dashboard.figures import Summary, edges, histogram, item_figures, summary
from autograder.pages.dashboard.links import Places
from autograder.pages.dashboard.reasons import ReasonGroup, by_mistake, by_reason
from autograder.pages.dashboard.records import ClassRecord, Item, PointsGiven, StudentRecord
from autograder.pages.dashboard.tables import (
    Link,
    Table,
    TableCell,
    links,
    number,
    percent,
    points,
    table,
    words,
)
from autograder.report.late import spoken

_EXAMPLES = 3
_HOUR, _DAY = 3600.0, 86_400.0
# The last second of each span, seen from the date, and its name.
_SPANS = (
    (-7 * _DAY, "more than 7 days before"),
    (-2 * _DAY, "2 to 7 days before"),
    (-_DAY, "1 to 2 days before"),
    (-6 * _HOUR, "6 to 24 hours before"),
    (-_HOUR, "1 to 6 hours before"),
    (0.0, "in the last hour"),
    (_HOUR, "up to 1 hour after"),
    (_DAY, "1 to 24 hours after"),
    (2 * _DAY, "1 to 2 days after"),
    (7 * _DAY, "2 to 7 days after"),
    (float("inf"), "more than 7 days after"),
)
_UNKNOWN = "unknown"


def all_tables(room: ClassRecord, places: Places, reasons: int | None = None) -> list[Table]:
    """Give every table of the page, in its order; those without rows are left out.

    Of each item the `reasons` and mistakes that are the commonest are listed; all of them by default.
    """
    made = (
        overview(room),
        distribution(room),
        times(room),
        attempts(room),
        items(room),
        _of_groups(room, places, _REASONS, reasons),
        _of_groups(room, places, _MISTAKES, reasons),
        waiting(room, places),
        left_out(room, places),
        reviewers(room),
        students(room, places),
    )
    return [one for one in made if one.rows]


def grades_of(room: ClassRecord) -> Summary | None:
    """Sum up the points of all who have a grade."""
    return summary([one.points for one in room.students if one.points is not None])


def overview(room: ClassRecord) -> Table:
    """Give the points of the class in short."""
    found = grades_of(room)
    rows = [
        ("students", number(len(room.students))),
        ("with a grade", number(len(room.counted))),
        ("points at most", points(room.maximum)),
    ]
    if found is not None:
        named = ("mean", "median", "lower", "upper", "least", "greatest", "deviation")
        titles = {"lower": "lower quartile", "upper": "upper quartile", "deviation": "standard deviation"}
        rows += [(titles.get(name, name), points(getattr(found, name))) for name in named]
    return table("overview", "In short", ["figure", "#value"], [[words(name), cell] for name, cell in rows])


def distribution(room: ClassRecord) -> Table:
    """Count the students in bars of equally many points."""
    values = [one.points for one in room.students if one.points is not None]
    if not values:
        return table("points", "Points", [], [])
    bounds = edges(min(0.0, *values), max(room.maximum, *values))
    counts = histogram(values, bounds)
    rows = [
        [
            words(f"{points(low).text} to {points(high).text}"),
            points(low),
            points(high),
            number(count),
            percent(count / len(values)),
        ]
        for low, high, count in zip(bounds[:-1], bounds[1:], counts, strict=True)
    ]
    return table("points", "Points", ["points", "#from", "#to", "#students", "#share"], rows)


def items(room: ClassRecord) -> Table:
    """Give each item's figures, over the students of whom it is judged."""
    judged = [
        {name: result.points for name, result in one.results.items() if result.points is not None}
        for one in room.students
    ]
    maxima = {one.id: one.maximum for one in room.items if not one.extra_credit}
    rows = []
    for item in room.items:
        found = item_figures(item.id, item.maximum, judged, maxima)
        part = found.mean / item.maximum if found.mean is not None and item.maximum else None
        seconds = [one.results[item.id].seconds for one in room.students if item.id in one.results]
        rows.append(
            [
                words(item.title + (" (extra credit)" if item.extra_credit else "")),
                points(item.maximum),
                number(found.judged),
                number(found.mean, 2),
                percent(part),
                percent(found.full),
                percent(found.zero),
                number(found.discrimination, 2),
                number(statistics.median(seconds) if seconds else None, 2),
            ]
        )
    columns = ["#of", "#judged", "#mean", "#mean share", "#full", "#zero", "#discrimination", "#seconds"]
    return table("items", "Items", ["item", *columns], rows)


class _Grouping(NamedTuple):
    """A grouping of students, with the name of its table."""

    groups: Callable[[str, Sequence[StudentRecord]], list[ReasonGroup]]
    id: str
    title: str
    source: str


_REASONS = _Grouping(by_reason, "reasons", "Why points were lost", "said by")
_MISTAKES = _Grouping(by_mistake, "mistakes", "Mistakes that have a name", "mistake")


def _of_groups(room: ClassRecord, places: Places, grouping: _Grouping, most: int | None) -> Table:
    """List groups of students by item, the commonest first, with examples."""
    rows = []
    for item in room.items:
        have = sum(item.id in one.results for one in room.students)
        for group in grouping.groups(item.id, room.students)[:most]:
            count = len(group.students)
            examples = places.examples(item.id, group.students[:_EXAMPLES])
            rows.append(
                [
                    words(item.title),
                    number(count),
                    percent(count / have),
                    words(group.text),
                    words(group.source),
                    links(examples),
                ]
            )
    columns = ["item", "#students", "#share", "in words", grouping.source, "for example"]
    return table(grouping.id, grouping.title, columns, rows)


def attempts(room: ClassRecord) -> Table:
    """Count the students by the number of their attempts."""
    found: dict[int, list[StudentRecord]] = defaultdict(list)
    for one in room.students:
        if one.attempts:
            found[one.attempts].append(one)
    rows = [[words(str(count)), *_counted(found[count])] for count in sorted(found)]
    return table("attempts", "Attempts", ["attempts", "#students", "#mean points"], rows)


def times(room: ClassRecord) -> Table:
    """Count the students by the time of the attempt that counts, seen from the date that holds for each."""
    found: dict[str, list[StudentRecord]] = defaultdict(list)
    for one in room.students:
        if one.attempts:
            found[_span(one.after_due)].append(one)
    names = [name for _, name in _SPANS] + [_UNKNOWN]
    rows = [
        [words(name), *_counted(found[name]), number(sum(one.late is not None for one in found[name]))]
        for name in names
        if found.keys() - {_UNKNOWN} or (name == _UNKNOWN and found)
    ]
    return table("times", "When it was handed in", ["time", "#students", "#mean points", "#late"], rows)


def _span(after: float | None) -> str:
    return _UNKNOWN if after is None else next(name for last, name in _SPANS if after <= last)


def _counted(some: Sequence[StudentRecord]) -> list[TableCell]:
    grades = [one.points for one in some if one.points is not None]
    return [number(len(some)), number(statistics.fmean(grades) if grades else None, 2)]


def waiting(room: ClassRecord, places: Places) -> Table:
    """Count what waits for a person, by item."""
    rows = []
    for item in room.items:
        count = sum(one.results[item.id].waits for one in room.students if item.id in one.results)
        if count:
            place = links([Link(text=item.title, href=places.review_of(item.id))])
            rows.append([place, number(count)])
    return table("waiting", "Waiting for a person", ["item", "#submissions"], rows)


def reviewers(room: ClassRecord) -> Table:
    """Give what each person judged, by item, beside everybody's mean of it."""
    by_item: dict[str, list[PointsGiven]] = defaultdict(list)
    by_person: dict[tuple[str, str], list[PointsGiven]] = defaultdict(list)
    for one in room.judgements:
        by_item[one.item].append(one)
        by_person[one.reviewer, one.item].append(one)
    rows = []
    for reviewer in sorted({name for name, _ in by_person}):
        for item in room.items:
            if own := by_person.get((reviewer, item.id)):
                rows.append([words(reviewer), *_judged(item, own), number(_mean(by_item[item.id]), 2)])
    columns = ["item", "#judged", "#of", "#mean", "#full", "#zero", "#changed", "#everybody's mean"]
    return table("reviewers", "Who judged what", ["person", *columns], rows)


def _judged(item: Item, own: Sequence[PointsGiven]) -> Iterator[TableCell]:
    yield words(item.title)
    yield number(len(own))
    yield points(item.maximum)
    yield number(_mean(own), 2)
    yield percent(sum(one.points >= item.maximum for one in own) / len(own))
    yield percent(sum(one.points <= 0 for one in own) / len(own))
    yield number(sum(one.is_override for one in own))


def _mean(some: Sequence[PointsGiven]) -> float:
    return statistics.fmean(one.points for one in some)


def left_out(room: ClassRecord, places: Places) -> Table:
    """List those who have no grade, and why."""
    rows = [
        [links([Link(text=one.name, href=places.feedback_of(one))]), words(one.left_out)]
        for one in room.students
        if one.points is None
    ]
    return table("left-out", "Left out of the points", ["student", "why"], rows)


def students(room: ClassRecord, places: Places) -> Table:
    """List all students with their points."""
    rows = [
        [
            links([Link(text=one.name, href=places.feedback_of(one))]),
            words(one.learner),
            points(one.points),
            number(one.attempts),
            TableCell(text="" if one.late is None else spoken(int(one.late)), value=one.late),
            *(_result(one, item.id, places) for item in room.items),
        ]
        for one in room.students
    ]
    columns = ["learner", "#points", "#attempts", "#late", *(f"#{one.title}" for one in room.items)]
    return table("students", "Students", ["student", *columns], rows)


def _result(one: StudentRecord, item: str, places: Places) -> TableCell:
    """Give the points of a student for an item; what waits leads to the review page."""
    result = one.results.get(item)
    if result is not None and result.waits:
        href = places.review_of(item, one)
        return TableCell(text="waits", links=(Link(text="waits", href=href),) if href else ())
    return points(None if result is None else result.points)
