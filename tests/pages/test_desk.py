"""The desk: what is recorded, what is refused, and what two people do at once."""

import json
from decimal import Decimal

import pytest
from classroom import fill, open_desk, report
from msgspec.structs import replace
from sqlalchemy import select

from autograder.errors import UsageError
from autograder.grades import tables
from autograder.model import Outcome
from autograder.pages.review.desk import Conflict, Given, counts


@pytest.fixture
def desk(tmp_path):
    url = f"sqlite:///{tmp_path / 'g.sqlite3'}"
    fill(url, tmp_path, [report(f"s{n:03}") for n in range(4)])
    return open_desk(url)


@pytest.fixture
def piece(desk):
    return next(iter(desk.pieces().values()))


def rows(desk, table=tables.reviews):
    with desk.gradebook.reading() as connection:
        return connection.execute(select(table).order_by(table.c.row)).all()


def test_points_are_a_row_of_the_person_s(desk, piece):
    state = desk.save(piece, "comments", Given(points="7,5", text=" Good.\r\nMore? "))
    (row,) = rows(desk)
    assert (row.who, row.learner, row.item, row.points) == ("ta1", piece.learner, "comments", "7.5")
    assert (row.text, row.override, row.withdrawn) == ("Good.\nMore?", False, False)
    assert (state.row, state.waits, state.review.points) == (row.row, False, Decimal("7.5"))
    assert dict(counts(desk.states("comments"))) == {"waiting": 3, "judged": 1, "people": 4, "flagged": 0}


def test_what_holds_already_is_not_recorded_again(desk, piece):
    first = desk.save(piece, "comments", Given(points="7"))
    again = desk.save(piece, "comments", Given(points="7", seen=first.row))
    assert again.row == first.row
    assert desk.save(piece, "why", Given()).row == 0
    assert len(rows(desk)) == 1


def test_nothing_at_all_takes_a_review_back(desk, piece):
    first = desk.save(piece, "comments", Given(points="7"))
    state = desk.save(piece, "comments", Given(seen=first.row))
    assert (state.waits, state.row > first.row) == (True, True)
    assert [row.withdrawn for row in rows(desk)] == [False, True]


def test_points_for_what_was_judged_need_a_reason(desk, piece):
    with pytest.raises(UsageError, match="Say why: this was judged automatically"):
        desk.save(piece, "smooth", Given(points="12"))
    desk.save(piece, "smooth", Given(points="12", text="The ends were a matter of taste."))
    assert rows(desk)[0].override is True


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (Given(points="many"), "points = 'many' is no number"),
        (Given(points="10.5"), "points = 10.5, expected 0 to 10"),
        (Given(points="-1"), "expected 0 to 10"),
        (Given(points="NaN"), "expected 0 to 10"),
        (Given(points="1e-9999"), "expected 4 decimals at most"),
        (Given(text="Nice."), "Give points, or choose a remark that gives them"),
        (Given(points="1", text="x" * 10_001), "The remark has 10,001 characters, 10,000 are the most"),
    ],
)
def test_what_is_no_judgement_is_refused(desk, piece, given, says):
    with pytest.raises(UsageError, match=says):
        desk.save(piece, "comments", given)
    assert rows(desk) == []


def test_who_comes_second_is_asked_and_nothing_is_lost(desk, piece):
    other = open_desk(desk.gradebook.engine.url.render_as_string(), "ta2")
    first = other.save(piece, "comments", Given(points="4"))
    with pytest.raises(Conflict) as asked:
        desk.save(piece, "comments", Given(points="9"))
    assert (asked.value.state.review.reviewer, asked.value.state.review.points) == ("ta2", 4)
    desk.save(piece, "comments", Given(points="9", seen=first.row))
    assert [(row.who, row.points) for row in rows(desk)] == [("ta2", "4"), ("ta1", "9")]
    with pytest.raises(Conflict):
        other.save(piece, "comments", Given(seen=first.row))  # nor is it taken back unseen


def test_who_has_no_score_waits_and_needs_no_reason(tmp_path):
    url, bare = f"sqlite:///{tmp_path / 'g.sqlite3'}", report("s009")
    fill(url, tmp_path, [replace(bare, outcome=Outcome.UNGRADABLE, items=()), report("s001")])
    desk = open_desk(url)
    counted = {item: (one["waiting"], one["people"]) for item, one in desk.counted().items()}
    assert counted == {"smooth": (1, 1), "comments": (2, 2), "why": (2, 2), "plots": (1, 1)}
    (piece,) = (one for one in desk.pieces().values() if one.learner == "s009")
    assert desk.save(piece, "smooth", Given(points="12")).waits is False
    assert rows(desk)[0].override is False
    assert desk.counted()["smooth"] == {"waiting": 0, "judged": 1, "people": 1, "flagged": 0}


# --- remarks ------------------------------------------------------------------------------------------


def test_remarks_give_the_points_and_a_change_holds_for_all(desk):
    desk.put_remark("comments", "  No shape\nis named ", "-2")
    desk.put_remark("comments", "Clear", "+1")
    desk.put_remark("why", "Another item's", "0")
    shape, clear = desk.remarks("comments").values()
    assert (shape.text, shape.points, clear.points) == ("No shape is named", -2, 1)
    one, two, three, _ = desk.pieces().values()
    desk.save(one, "comments", Given(remarks=(clear.id, shape.id, "unknown")))
    desk.save(two, "comments", Given(remarks=(shape.id,), points="3"))
    desk.save(three, "comments", Given(remarks=(clear.id,)))
    assert json.loads(rows(desk)[0].remarks) == [shape.id, clear.id]  # in the rubric's order
    changed = desk.worded("comments", "No shapes", "−4", shape.id)
    changes = desk.changes("comments", changed)
    assert [(c.label, c.old, c.new, c.moves) for c in changes] == [
        (one.label, 9, 7, True),
        (two.label, 3, 3, False),  # points that a person typed
    ]
    desk.put_remark("comments", "No shapes", "-4", shape.id)
    assert [one.text for one in desk.remarks("comments").values()] == ["No shapes", "Clear"]


@pytest.mark.parametrize(
    ("text", "points", "says"),
    [
        (" ", "1", "A remark needs a text"),
        ("x", "", "is no number"),
        ("x", "-11", "expected 0 to 10"),
        ("x", "--1", "expected 0 to 10"),
    ],
)
def test_a_remark_without_text_or_points_is_refused(desk, text, points, says):
    with pytest.raises(UsageError, match=says):
        desk.put_remark("comments", text, points)
    assert desk.remarks("comments") == {}


def test_the_last_judgement_is_the_person_s_own_on_another_piece(desk):
    one, two, *_ = desk.pieces().values()
    assert desk.last_given(one, "comments") is None
    state = desk.save(one, "comments", Given(points="7", text="a"))
    assert desk.last_given(one, "comments") is None
    assert desk.last_given(two, "comments") == Given(points="7", text="a")
    assert desk.last_given(two, "why") is None
    assert open_desk(str(desk.gradebook.engine.url), "ta2").last_given(two, "comments") is None
    desk.save(one, "comments", Given(seen=state.row))
    assert desk.last_given(two, "comments") == Given(points="7", text="a")


# --- flags and presence -------------------------------------------------------------------------------


def test_flags_are_raised_and_lowered(desk, piece):
    desk.flag(piece, "comments", "flag", raised=True)
    desk.flag(piece, "comments", "second-opinion", raised=True)
    desk.flag(piece, "comments", "flag", raised=False)
    assert desk.states("comments")[0].flags == {"second-opinion": "ta1"}
    assert dict(counts(desk.states("comments")))["flagged"] == 1
    with pytest.raises(UsageError, match="no flag `star`; there are flag, second-opinion"):
        desk.flag(piece, "comments", "star", raised=True)


def test_others_are_here_for_two_minutes(desk, piece):
    other = open_desk(str(desk.gradebook.engine.url), "ta2")
    other.look(piece, "why")
    other.look(piece, "comments")
    desk.look(piece, "comments")
    assert [(one.who, one.item, one.ref) for one in desk.others()] == [("ta2", "comments", piece.ref)]
    with desk.gradebook.writing() as connection:
        connection.execute(tables.presence.update().values(at="2020-01-01T00:00:00.000000+00:00"))
    assert desk.others() == []
    desk.look(piece, "comments")
    assert [row.who for row in rows(desk, tables.presence)] == ["ta1"]  # what is old is gone
