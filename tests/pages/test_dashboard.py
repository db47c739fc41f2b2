"""The class page's tables say what is in the class; charts and CSV say what the tables say."""

import csv
import doctest
import io
import re
import xml.etree.ElementTree as ET

import pytest
from class_records import DAY, FULL_CLASS, ITEMS, STRIDE, Result, lost, room, student

from autograder.errors import UsageError
from autograder.pages.dashboard import tables
from autograder.pages.dashboard.charts import counts_chart, histogram_chart, items_chart
from autograder.pages.dashboard.links import Places, feedback_links, review_address
from autograder.pages.dashboard.reasons import by_mistake, by_reason
from autograder.pages.dashboard.render import render
from autograder.pages.dashboard.tables import to_csv
from autograder.pages.dashboard.views import all_tables, distribution, grades_of, items, times

NOWHERE = Places()
LINKED = Places(feedback={"s002": "feedback/s002.html"}, review="http://127.0.0.1:8000")


def table_of(name, klass=FULL_CLASS, places=NOWHERE):
    return next(one for one in all_tables(klass, places) if one.id == name)


def rows_of(name, klass=FULL_CLASS, places=NOWHERE):
    return [[cell.text for cell in row] for row in table_of(name, klass, places).rows]


# --- tables -------------------------------------------------------------------------------------------


def test_the_class_in_short():
    assert rows_of("overview") == [
        ["students", "6"],
        ["with a grade", "5"],
        ["points at most", "30"],
        ["mean", "19.2"],
        ["median", "20"],
        ["lower quartile", "9"],
        ["upper quartile", "30"],
        ["least", "0"],
        ["greatest", "37"],
        ["standard deviation", "13.47"],
    ]


def test_the_distribution_has_everybody_with_a_grade_and_more_than_the_maximum():
    rows = table_of("points").rows
    assert sum(row[3].value for row in rows) == 5
    assert (rows[0][1].value, rows[-1][2].value >= 37) == (0, True)


def test_a_class_below_zero_and_an_empty_one_have_bars_or_none():
    assert distribution(room(student("a", points=-3.0))).rows[0][1].value <= -3
    assert distribution(room()).rows == ()


def test_items_count_those_that_are_judged():
    rows = {row[0]: row[1:] for row in rows_of("items")}
    assert rows["The smoothing function"][:6] == ["20", "5", "11.00", "55 %", "40 %", "20 %"]
    assert rows["Comments in the code"][:6] == ["10", "4", "7.75", "78 %", "50 %", "0 %"]
    assert rows["Plots of your own (extra credit)"][:3] == ["10", "5", "2.00"]
    assert rows["The smoothing function"][-1] == "0.50"


def test_an_item_that_nobody_solves_says_nothing_of_the_others():
    (row, *_) = items(room(*(student(f"s{n}", 0.0, 2.0 * n) for n in range(5)))).rows
    assert row[7].text == "–"


def test_reasons_that_differ_in_numbers_are_one_with_the_commonest_words():
    rows = rows_of("reasons")
    assert rows[0][:3] == ["The smoothing function", "2", "40 %"]
    assert rows[0][3:] == ["The ends are 0 where 2 was expected.", "smooth-check", "s002, s003"]
    assert rows[1][1:4] == ["1", "20 %", "It raised ValueError."]


def test_of_equally_common_wordings_the_first_is_shown_and_checks_are_kept_apart():
    groups = by_reason(
        "smooth",
        [
            student("a", lost(1.0, "got -9.5e-3")),
            student("b", lost(1.0, "got 3")),
            student("c", lost(1.0, "got 3", "other")),
        ],
    )
    assert [(one.source, one.text, len(one.students)) for one in groups] == [
        ("smooth-check", "got -9.5e-3", 2),
        ("other", "got 3", 1),
    ]


def test_mistakes_have_their_names_and_count_a_student_once():
    (group,) = by_mistake("smooth", FULL_CLASS.students)
    assert (group.source, group.text, [one.id for one in group.students]) == (
        STRIDE.id,
        STRIDE.message,
        ["s002"],
    )
    assert rows_of("mistakes") == [
        ["The smoothing function", "1", "20 %", STRIDE.message, STRIDE.id, "s002"],
    ]


def test_the_page_has_few_reasons_of_each_item_and_csv_all():
    klass = room(*(student(f"s{n}", lost(1.0, "x" * n)) for n in range(1, 9)))
    assert len(table_of("reasons", klass).rows) == 8
    shown = next(one for one in all_tables(klass, NOWHERE, 3) if one.id == "reasons")
    assert len(shown.rows) == 3


def test_attempts_and_times_count_those_who_handed_in():
    assert rows_of("attempts") == [["1", "3", "22.00"], ["2", "2", "15.00"]]
    counts = {row[0]: row[1:] for row in rows_of("times")}
    assert counts["2 to 7 days before"] == ["1", "30.00", "0"]
    assert counts["in the last hour"] == ["2", "10.00", "0"]
    assert counts["1 to 24 hours after"] == ["1", "9.00", "1"]
    assert counts["unknown"] == ["1", "37.00", "0"]
    assert sum(int(row[0]) for row in counts.values()) == 5


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (0, "in the last hour"),
        (1, "up to 1 hour after"),
        (-3600, "1 to 6 hours before"),
        (-7 * DAY, "more than 7 days before"),
        (7 * DAY, "2 to 7 days after"),
        (7 * DAY + 1, "more than 7 days after"),
    ],
)
def test_the_date_itself_is_in_time(seconds, name):
    found = {row[0].text: row[1].value for row in times(room(student("a", after_due=seconds))).rows}
    assert found[name] == 1


def test_where_no_time_is_known_only_that_is_said():
    assert [row[0].text for row in times(room(student("a"))).rows] == ["unknown"]


def test_what_waits_and_who_judged():
    assert rows_of("waiting") == [["Comments in the code", "1"]]
    assert rows_of("reviewers") == [
        ["ta1", "Comments in the code", "2", "10", "7.00", "50 %", "0 %", "0", "8.00"],
        ["ta2", "Comments in the code", "1", "10", "10.00", "100 %", "0 %", "1", "8.00"],
    ]


def test_who_has_no_grade_is_named_with_the_reason():
    assert rows_of("left-out") == [["s006", "handed in nothing"]]


def test_every_student_has_a_row():
    rows = rows_of("students")
    assert rows[2] == ["s003", "s003", "9", "1", "3 hours", "5", "4", "0"]
    assert rows[3][5:] == ["0", "waits", "0"]
    assert rows[5] == ["s006", "s006", "–", "0", "", "–", "–", "–"]


# --- links --------------------------------------------------------------------------------------------


def hrefs(name):
    return {
        link.text: link.href
        for row in table_of(name, places=LINKED).rows
        for cell in row
        for link in cell.links
        if link.href
    }


def test_tables_lead_to_feedback_and_to_the_review_page():
    review = "http://127.0.0.1:8000"
    assert hrefs("reasons") == {
        "s002": "feedback/s002.html",
        "review s002": f"{review}/work/smooth/rs002",
        "s003": f"{review}/work/smooth/rs003",
        "s004": f"{review}/work/smooth/rs004",
    }
    assert hrefs("students") == {"s002": "feedback/s002.html", "waits": f"{review}/work/comments/rs004"}
    assert hrefs("waiting") == {"Comments in the code": f"{review}/items/comments"}


def test_without_a_name_on_the_review_page_only_items_are_led_to():
    klass = room(student("a", comments=Result(points=None, waits=True), ref=""))
    found = [cell.links for row in table_of("students", klass, LINKED).rows for cell in row]
    assert all(not link.href for some in found for link in some)


def test_feedback_is_linked_from_where_the_page_is(tmp_path):
    folder = tmp_path / "out" / "feed back"
    folder.mkdir(parents=True)
    (folder / "s001.html").touch()
    (folder / "other.html").touch()
    page = tmp_path / "pages" / "class.html"
    assert feedback_links(folder, page, ["s001", "s002"]) == {"s001": "../out/feed%20back/s001.html"}
    with pytest.raises(UsageError, match=r"feed back: no feedback of these students \(<id>\.html\) there"):
        feedback_links(folder, page, ["s009"])


def test_an_address_is_kept_without_its_last_slash():
    assert review_address("http://127.0.0.1:8000/") == "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "127.0.0.1:8000", "http://", "http://x/?token=1", "x"]
)
def test_an_address_that_might_run_code_or_is_none_is_refused(text):
    with pytest.raises(UsageError, match="is no address of a page"):
        review_address(text)


# --- CSV ----------------------------------------------------------------------------------------------


def read(text):
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def test_csv_has_numbers_as_numbers_and_nothing_where_there_is_none():
    rows = read(to_csv(table_of("items")))
    assert rows[0] == [cell.title for cell in table_of("items").columns]
    assert rows[1][:7] == ["The smoothing function", "20", "5", "11", "0.55", "0.4", "0.2"]
    assert read(to_csv(table_of("students")))[-1] == ["s006", "s006", "", "0", "", "", "", ""]


def test_csv_has_negative_numbers_and_no_formulas():
    klass = room(*(student(f"=s{n}", float(n), 10.0 - n) for n in range(6)))
    (first, *_) = read(to_csv(items(klass)))[1:]
    assert first[7] == "-1"
    assert read(to_csv(table_of("students", klass)))[1][:2] == ["'=s0", "'=s0"]


def test_csv_is_free_of_signs_that_move_a_cursor():
    klass = room(student("a", lost(1.0, "\x1b[2J\ud800\u202e")))
    text = to_csv(table_of("reasons", klass))
    assert text.encode()
    assert "\x1b" not in text
    assert "\\u202e" in text


# --- charts -------------------------------------------------------------------------------------------


def drawn(svg):
    root = ET.fromstring(str(svg))
    title, desc = root.find("title"), root.find("desc")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    return root, title.text, desc.text


def rects(root, kind):
    return [one for one in root.iter("rect") if one.get("class") == kind]


def test_the_histogram_draws_its_table():
    counts = distribution(FULL_CLASS)
    root, title, desc = drawn(histogram_chart(counts, grades_of(FULL_CLASS), 30))
    assert title == "How many students have how many points"
    assert desc == "5 students, from 0 to 37 of 30 points; half of them have between 9 and 30."
    heights = [float(one.get("height")) for one in rects(root, "full")]
    numbers = [row[3].value for row in counts.rows]
    highest = max(heights)
    assert [round(height / highest * max(numbers), 6) for height in heights] == numbers
    assert "median 20" in [one.text for one in root.iter("text")]


def test_bars_draw_their_table():
    one = table_of("attempts")
    root, _, desc = drawn(counts_chart("chart-attempts", "Attempts", one))
    assert desc == "1: 3; 2: 2."
    widths = [float(one.get("width")) for one in rects(root, "full")]
    assert widths[1] / widths[0] == pytest.approx(2 / 3, abs=0.01)


def test_items_are_drawn_in_three_parts_that_fill_the_bar():
    one = items(FULL_CLASS)
    root, _, desc = drawn(items_chart(one))
    assert desc.startswith(
        "The smoothing function: 55 % of the points on average; Comments in the code: 78 %"
    )
    parts = {kind: [float(r.get("width")) for r in rects(root, kind)] for kind in ("full", "some", "none")}
    whole = parts["full"][0] + parts["some"][0] + parts["none"][0]
    assert parts["full"][0] / whole == pytest.approx(0.4, abs=0.01)
    assert parts["none"][0] / whole == pytest.approx(0.2, abs=0.01)


def test_long_names_are_cut_and_hostile_ones_are_text():
    hostile = ITEMS[0].__class__(id="a", title="<b onload=x>\u202e" + "y" * 90, maximum=5)
    klass = room(student("s"), items=(hostile,))
    result = {"a": Result(points=5.0)}
    klass = room(student("s", results=result), items=(hostile,))
    root, _, desc = drawn(items_chart(items(klass)))
    (name, _) = [one.text for one in root.iter("text")]
    assert name.startswith("<b onload=x>[U+202E]")
    assert name.endswith("…")
    assert len(name) < 60
    assert "\u202e" not in desc


# --- the page -----------------------------------------------------------------------------------------


def test_every_table_is_on_the_page_and_every_chart_has_one():
    page = render(FULL_CLASS, LINKED)
    for one in all_tables(FULL_CLASS, LINKED):
        if one.id != "overview":
            assert f'<table id="{one.id}"' in page
    charts = set(re.findall(r'<svg class="chart"[^>]*aria-labelledby="chart-([a-z]+)-title', page))
    assert charts == {"points", "times", "attempts", "items"}
    assert "made with 2 versions" in page


def test_a_class_of_one_and_of_nobody_with_a_grade_have_pages():
    assert "<h1>Homework 1: the class</h1>" in render(room(student("a")), NOWHERE)
    nobody = room(student("a", points=None, left_out="can't be graded", results={}))
    page = render(nobody, NOWHERE)
    assert "can&#39;t be graded" in page
    assert 'id="chart-points-title"' not in page


def test_the_same_class_gives_the_same_bytes():
    assert render(FULL_CLASS, LINKED) == render(FULL_CLASS, LINKED)


def test_the_examples_hold():
    assert doctest.testmod(tables).failed == 0
