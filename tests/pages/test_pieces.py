"""Pieces of work: which attempts, in which order, under which names, and what hides whose they are."""

from types import SimpleNamespace

import msgspec
import pytest
from classroom import RUBRIC, fill, open_desk, person, report

from autograder.assignment import Attempts
from autograder.grades.importing import import_reports
from autograder.pages.review.pieces import following, hidden_words, preceding, without


def state(ref, *, waits=True, judged=False, flags=()):
    return SimpleNamespace(
        piece=SimpleNamespace(ref=ref), waits=waits and not judged, is_for_people=waits or judged, flags=flags
    )


STATES = [
    state("a"),
    state("b", judged=True),
    state("c"),
    state("d", flags=("flag",)),
    state("e", waits=False),
]


@pytest.mark.parametrize(
    ("after", "show", "busy", "expected"),
    [
        ("", "waiting", "", "a"),
        ("a", "waiting", "", "c"),  # b is judged
        ("d", "waiting", "", "a"),  # in a circle
        ("a", "waiting", "c", "d"),  # another person is at c
        ("d", "waiting", "ac", "a"),  # nothing else is left
        ("d", "flagged", "", None),
        ("a", "flagged", "", "d"),
        ("d", "all", "", "e"),
        ("e", "all", "", None),
        ("a", "people", "", "b"),
    ],
)
def test_the_next_one(after, show, busy, expected):
    found = following(STATES, show, after, frozenset(busy))
    assert (found and found.piece.ref) == expected


def test_the_one_that_is_shown_is_never_the_next():
    assert following([state("a")], "waiting", "a", frozenset()) is None


@pytest.mark.parametrize(
    ("before", "show", "expected"),
    [("a", "waiting", None), ("c", "waiting", "b"), ("e", "waiting", "d"), ("e", "flagged", "d")],
)
def test_the_one_before_may_be_judged(before, show, expected):
    found = preceding(STATES, show, before)
    assert (found and found.piece.ref) == expected


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'g.sqlite3'}"


@pytest.mark.parametrize(
    ("rules", "numbers"),
    [
        (Attempts(counts="last"), [3]),
        (Attempts(counts="first"), [1]),
        (Attempts(counts="best"), [1, 2, 3]),
        (Attempts(counts="last", most=2), [2]),
        (Attempts(counts="best", most=2), [1, 2]),
    ],
)
def test_people_judge_the_attempts_that_may_count(url, tmp_path, rules, numbers):
    fill(url, tmp_path, [report("s001", number) for number in (2, 1, 3)])
    desk = open_desk(url)
    desk.gradebook.apply(msgspec.structs.replace(RUBRIC, attempts=rules))
    pieces = desk.pieces().values()
    assert sorted(one.attempt.number for one in pieces) == numbers
    assert {one.count for one in pieces} == {3}


def test_a_person_s_attempts_under_two_names_are_one_person_s(url, tmp_path):
    fill(url, tmp_path, [report("s001"), report("Unus Primus", 2)], [person("s001", "Unus Primus")])
    (piece,) = open_desk(url).pieces().values()
    assert (piece.label, piece.learner, piece.attempt.number, piece.count) == (
        "Unus Primus",
        "Unus Primus",
        2,
        2,
    )


def test_the_work_of_a_group_is_judged_once_and_hides_all_of_them(url, tmp_path):
    people = [person("s001", "Unus Primus"), person("s002", "Alter Secundus")]
    made = report("s001 + s002", origin="submission_7")
    fill(url, tmp_path, [made, report("s001", 2)], people)
    alone, together = sorted(open_desk(url).pieces().values(), key=lambda one: len(one.learner))
    assert (alone.label, alone.numbers) == ("Unus Primus", (("s001", 2),))
    assert (together.label, together.numbers) == ("Unus Primus + Alter Secundus", (("s002", 1),))
    hidden = hidden_words(together, made)
    assert without(hidden, "s001, S002, Alter, Primus, s002@example.org") == ", ".join(["▒▒▒"] * 5)


def test_an_excused_learner_is_not_judged(url, tmp_path):
    from autograder.grades import tables

    fill(url, tmp_path, [report("s001"), report("s002")])
    desk = open_desk(url)
    assert len(desk.pieces()) == 2
    row = {"assignment": "hw1", "learner": "s001", "reason": "ill", "excused": True}
    desk.gradebook.add(tables.excuses, [row])
    assert [one.learner for one in desk.pieces().values()] == ["s002"]


def test_references_stay_and_tell_nothing(url, tmp_path):
    fill(url, tmp_path / "one", [report(f"s{n:03}") for n in range(9)])
    before = {one.learner: one.ref for one in open_desk(url, anonymous=True).pieces().values()}
    with open_desk(url).gradebook as gradebook:
        from classroom import write

        import_reports(gradebook, write(tmp_path / "two", report("s100")))
    after = open_desk(url, "ta2", anonymous=True).pieces()
    assert {one.learner: one.ref for one in after.values() if one.learner != "s100"} == before
    assert all(len(ref) == 16 and one.label == ref[:6].upper() for ref, one in after.items())
    assert len({one.label for one in after.values()}) == 10


def test_names_are_blanked_out_in_text_and_common_words_are_not(url, tmp_path):
    made = report("s001", origin="submitted/max_primus/hw1.ipynb", path="Max Primus-hw1.ipynb")
    fill(url, tmp_path, [made], [person("s001", "Max Primus")])
    (piece,) = open_desk(url, anonymous=True).pieces().values()
    hidden = hidden_words(piece, made)
    for text in (
        "by Max Primus",
        "MAX PRIMUS",
        "# Max",
        "S001",
        "s001@example.org",
        "in Max Primus-hw1.ipynb",
        "max_primus",
    ):
        assert without(hidden, f"({text})").strip("(by# in)") in ("▒▒▒", "▒▒▒-hw1.ipynb"), text
    kept = "np.max of the submitted hw1; primusive, s0012"
    assert without(hidden, kept) == kept
