"""Another rubric scores stored findings; what was never asked is named."""

from decimal import Decimal

import msgspec
import pytest
from making import after, check, report, rubric, write

from autograder.grades.applying import apply, preview
from autograder.grades.importing import import_reports
from autograder.grades.records import GradeStatus
from autograder.grades.rescore import rescored
from autograder.grades.store import Gradebook
from autograder.model import Status

OLD = rubric(("f", 10, (check("a"), check("b"))), ("g", 5, (check("c"),)))
DONE = {"a": 1, "b": 0.5, "c": Status.MANUAL}


def points(made, new):
    return {one.id: one.score for one in rescored(made, new).items}


A, B, C = check("a"), check("b"), check("c")
CHANGED = [
    (rubric(("f", 20, (A, B)), ("g", 5, (C,)), sha256="r2"), {"f": "15.0", "g": "0.0"}),
    (rubric(("f", 10, (check("a", 3), B)), ("g", 5, (C,)), sha256="r2"), {"f": "8.75", "g": "0.0"}),
    (rubric(("f", 10, (A, check("b", 0))), sha256="r2"), {"f": "10"}),
    (rubric(("f", 10, (B,)), ("h", 2, (A,)), sha256="r2"), {"f": "5.0", "h": "2"}),
    (rubric(("f", 10, (A, B)), sha256="r2", round_to=1.0), {"f": "8.0"}),
]


@pytest.mark.parametrize(("changed", "expected"), CHANGED)
def test_points_and_weights_need_no_run(changed, expected):
    made = report("s001", OLD, DONE)
    assert points(made, changed) == {name: Decimal(value) for name, value in expected.items()}
    assert rescored(made, changed).unasked == ()


def test_the_same_rubric_gives_the_same_points():
    made = report("s001", OLD, DONE)
    again = rescored(made, OLD)
    assert [float(one.score) for one in again.items] == [item.score for item in made.items]
    assert [one.waits for one in again.items] == [False, True]


def test_a_new_check_is_named_and_its_share_not_judged():
    new = rubric(("f", 10, (check("a"), check("d"))), ("g", 5, (check("c"),)), sha256="r2")
    found = rescored(report("s001", OLD, DONE), new)
    assert found.unasked == ("d",)
    assert (found.items[0].score, found.items[0].pending) == (5, 5)


def test_a_check_that_asks_something_else_needs_a_run():
    new = rubric(("f", 10, (check("a"), check("b"))), sha256="r2", asked={"b": "something else"})
    assert rescored(report("s001", OLD, DONE), new).unasked == ("b",)


def as_before(made):
    """The report as older versions wrote it: without shares, and without what was asked."""
    items = tuple(
        msgspec.structs.replace(
            item, checks=tuple(msgspec.structs.replace(one, fraction=None, asked="") for one in item.checks)
        )
        for item in made.items
    )
    return msgspec.structs.replace(made, items=items)


def test_older_reports_say_their_shares_by_points():
    made = report("s001", OLD, DONE)
    assert points(as_before(made), OLD) == points(made, OLD)


def test_in_older_reports_a_check_is_known_by_its_id():
    new = rubric(("f", 10, (check("a"), check("b"))), sha256="r2", asked={"b": "something else"})
    assert rescored(as_before(report("s001", OLD, DONE)), new).unasked == ()


def test_a_report_without_items_stays_without():
    made = msgspec.structs.replace(report("s001", OLD, DONE), items=())
    assert rescored(made, OLD).items == ()


NEW = rubric(("f", 20, (check("a"), check("b"))), ("g", 5, (check("c"),)), sha256="r2")


@pytest.fixture
def filled(url, tmp_path):
    with Gradebook(url, "ta1") as gradebook:
        gradebook.apply(OLD)
        reports = [
            report(f"s{n:03}", OLD, {"a": 1, "b": n / 4, "c": 1}, files=str(n), at=after(hours=-n))
            for n in range(4)
        ]
        import_reports(gradebook, write(tmp_path / "reports", *reports))
        yield gradebook


def all_points(gradebook):
    return [float(one.points) for one in gradebook.grades(gradebook.applied("hw5"))]


def test_old_and_new_are_shown_before_anything_is_recorded(filled):
    before, counts = all_points(filled), len(filled.grades(OLD))
    found = preview(filled, NEW)
    assert [float(one.old.points) for one in found.changes] == before == [10, 11.25, 12.5, 13.75]
    assert [float(one.new.points) for one in found.changes] == [15, 17.5, 20, 22.5]
    assert (all_points(filled), len(filled.grades(OLD)), found.unasked) == (before, counts, {})


def test_an_applied_rubric_decides_and_can_be_taken_back(filled):
    before = all_points(filled)
    apply(filled, NEW)
    assert all_points(filled) == [15, 17.5, 20, 22.5]
    assert {one.maximum for one in filled.grades(NEW)} == {25}
    apply(filled, OLD)
    assert all_points(filled) == before
    apply(filled, NEW)
    assert all_points(filled) == [15, 17.5, 20, 22.5]


def test_a_report_by_the_old_rubric_that_comes_later_is_scored_by_the_new_one(filled, tmp_path):
    apply(filled, NEW)
    import_reports(filled, write(tmp_path / "late", report("s009", OLD, {"a": 1, "b": 1, "c": 1}, files="9")))
    assert filled.grades(NEW, "s009")[0].points == 25


def test_what_was_not_asked_is_counted_and_pending(filled):
    new = rubric(("f", 10, (check("a"), check("z"))), sha256="r3")
    found = preview(filled, new)
    assert found.unasked == {"z": 4}
    assert {one.new.status for one in found.changes} == {GradeStatus.PROVISIONAL}
