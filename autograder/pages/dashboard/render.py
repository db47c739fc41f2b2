"""Render a class page: one file, with everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from markupsafe import Markup

from autograder.pages.dashboard.charts import counts_chart, histogram_chart, items_chart
from autograder.pages.dashboard.links import Places
from autograder.pages.dashboard.records import ClassRecord
from autograder.pages.dashboard.tables import Table
from autograder.pages.dashboard.views import all_tables, grades_of
from autograder.pages.single import SinglePage

PAGE = SinglePage(Path(__file__).parent, style="class.css", script="class.js")
# Reasons of an item on the page; CSV has all of them.
_MOST_REASONS = 3
# These stand beside each other where there is room.
_BESIDE = frozenset({"points", "times", "attempts", "waiting", "left-out"})
_COUNTED = {
    "attempts": "How many students made how many attempts",
    "times": "When how many students handed in",
}
_ABOUT = {
    "items": "Over the students whose item is judged. Discrimination is the correlation, −1 to 1, of an "
    "item's points with the share that the same students earned of all other items. Near 0 or below, "
    "the item asks something else than the rest, or its check is wrong. Seconds are the median time of its "
    "checks.",
    "reasons": "The three commonest first reasons of each item; those that differ in numbers alone are one. "
    "The CSV files have all.",
    "mistakes": "The three commonest mistakes of each item that explain a wrong output exactly. A student "
    "may have made several.",
    "times": "Seen from the date that holds for each student.",
    "waiting": "In the points these items count with what is proposed so far; in the items' figures they do "
    "not.",
    "reviewers": "What holds now. Everybody's mean is over all people who judged the item.",
    "left-out": "They are in no figure of the points; their items count where they are judged.",
}


def render(room: ClassRecord, places: Places) -> str:
    """Render the page of a class as HTML; the same class gives the same bytes."""
    tables = {one.id: one for one in all_tables(room, places, _MOST_REASONS)}
    return PAGE.render(
        "class.html",
        room=room,
        tables=tables,
        charts=dict(_charts(room, tables)),
        about=_ABOUT,
        beside=_BESIDE,
    )


def _charts(room: ClassRecord, tables: Mapping[str, Table]) -> Iterator[tuple[str, Markup]]:
    found = grades_of(room)
    if "points" in tables and found is not None:
        yield "points", histogram_chart(tables["points"], found, room.maximum)
    if "items" in tables:
        yield "items", items_chart(tables["items"])
    for name, title in _COUNTED.items():
        if name in tables:
            yield name, counts_chart(f"chart-{name}", title, tables[name])
