"""A class is read from reports or from the gradebook, and a command makes the page of it."""

import datetime
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from classroom import CODE, DUE, RUBRIC, fill, findings, open_desk, person, report, write
from click.testing import CliRunner

from autograder.cli import cli
from autograder.errors import ReportError, UsageError
from autograder.grades import tables
from autograder.grades.records import Remark, Review, ScoredItem
from autograder.model import Diagnosis, Outcome, Status
from autograder.pages.dashboard.from_gradebook import read_gradebook
from autograder.pages.dashboard.from_reports import class_of, read_class
from autograder.pages.dashboard.results import machine_result, reviewed_result
from autograder.pages.review.desk import Given

ALL_RIGHT = {
    name: msgspec.structs.replace(one, status=Status.PASSED, fraction=1.0, diagnosis=None, message="Right.")
    for name, one in findings().items()
}


def scored(score, maximum=10, pending=0, waits=False):
    value = None if score is None else Decimal(score)
    facts = {"score": value, "maximum": Decimal(maximum), "pending": Decimal(pending), "waits": waits}
    return ScoredItem(id="a", title="a", **facts)


def changed(one, *, due_at=None, version=None, **changes):
    """A report with other facts."""
    assignment = msgspec.structs.replace(one.assignment, due_at=due_at)
    grader = msgspec.structs.replace(one.grader, version=version or one.grader.version)
    return msgspec.structs.replace(one, assignment=assignment, grader=grader, **changes)


# --- results ------------------------------------------------------------------------------------------


def item_of(one, name):
    return next(item for item in one.items if item.id == name)


def test_the_first_check_that_took_points_gives_the_reason():
    item = item_of(report("s001"), "smooth")
    found = machine_result(scored(10, 20), item)
    assert (found.points, found.reason, found.check) == (
        10,
        "The ends are 0 where 2 was expected.",
        "smooth-check",
    )
    assert found.mistakes == (
        Diagnosis(id="ends-left-out", message="Which values has the first one beside it?"),
    )


def test_what_waits_has_no_points_and_no_reason():
    found = machine_result(scored(7, waits=True), item_of(report("s001"), "comments"))
    assert (found.points, found.waits, found.reason) == (None, True, "")


def test_what_is_judged_in_part_has_no_points():
    assert machine_result(scored(7, pending=3), None).points is None
    assert machine_result(scored(None), None).points is None


def test_a_person_s_points_come_with_the_remark_that_took_them():
    item, remark = (
        item_of(report("s001"), "comments"),
        Remark(id="r", item="comments", text="No shape", points=-2),
    )
    by_remark = reviewed_result(
        scored(7, waits=True), item, Review(item="comments", reviewer="ta1", remarks=("r",)), {"r": remark}
    )
    assert (by_remark.points, by_remark.reason, by_remark.check) == (8, "No shape", "ta1")
    full = reviewed_result(scored(7), item, Review(item="comments", reviewer="ta1", points=10), {})
    assert (full.points, full.reason, full.check, full.waits) == (10, "", "", False)
    machine = item_of(report("s001"), "smooth")
    silent = reviewed_result(scored(10, 20), machine, Review(item="smooth", reviewer="ta1", points=12), {})
    assert (silent.reason, silent.check) == ("The ends are 0 where 2 was expected.", "smooth-check")


# --- reports ------------------------------------------------------------------------------------------


def test_of_each_submission_the_newest_attempt_counts():
    room = class_of([report("s001", 2, found=ALL_RIGHT), report("s001", 1), report("s002", 1)])
    assert [(one.id, one.attempts, one.points) for one in room.students] == [("s001", 2, 45), ("s002", 1, 17)]
    assert [item.id for item in room.items] == ["smooth", "comments", "why", "plots"]
    assert (room.title, room.maximum) == ("Homework 1", 35)


def test_a_report_without_a_grade_is_left_out_with_the_reason():
    reports = [
        changed(
            report(name),
            outcome=outcome,
            score=None if outcome is not Outcome.PARTIAL else report(name).score,
        )
        for name, outcome in (
            ("a", Outcome.UNGRADABLE),
            ("b", Outcome.GRADER_ERROR),
            ("c", Outcome.TIMEOUT),
            ("d", Outcome.PARTIAL),
        )
    ]
    room = class_of(reports)
    assert [(one.points, one.left_out) for one in room.students] == [
        (None, "can't be graded"),
        (None, "the grader failed"),
        (None, "used up its time"),
        (None, "checks were switched off"),
    ]


def test_times_are_seen_from_the_date_if_both_are_known():
    late = changed(report("a", 12), due_at=DUE.isoformat())
    zoneless = changed(report("b", 1), due_at="2027-03-01T23:59:00")
    found = {one.id: one.after_due for one in class_of([late, zoneless, report("c")]).students}
    assert found == {"a": 3 * 3600, "b": None, "c": None}


def test_several_versions_are_said_and_several_assignments_refused():
    assert class_of([report("a"), report("b")]).notes == ()
    (note,) = class_of([report("a"), changed(report("b"), version="2")]).notes
    assert "made with 2 versions" in note
    other = report("b")
    other = msgspec.structs.replace(other, assignment=msgspec.structs.replace(other.assignment, id="hw2"))
    with pytest.raises(UsageError, match="on several assignments: hw1, hw2"):
        class_of([report("a"), other])


def test_what_is_no_report_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(ReportError, match=r"a\.json"):
        read_class([tmp_path / "a.json"])
    with pytest.raises(ReportError, match=r"gone\.json: can't be read: No such file"):
        read_class([tmp_path / "gone.json"])


# --- the gradebook ------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path):
    url = f"sqlite:///{tmp_path / 'g.sqlite3'}"
    reports = [report("s001", 1), report("s001", 2, found=ALL_RIGHT), report("s002", 12), report("s003", 1)]
    fill(url, tmp_path, reports, [person("s001", "Unus Primus"), person("s004", "Nemo")])
    found = open_desk(url)
    yield found
    found.gradebook.engine.dispose()


def test_grades_are_the_gradebook_s(desk):
    room = read_gradebook(desk.gradebook, RUBRIC)
    one, two, three, absent = room.students
    assert (one.name, one.id, one.attempts, one.points) == ("Unus Primus", "s001", 2, 45)
    assert (two.late, two.after_due) == (3 * 3600, 3 * 3600)
    assert (three.late, three.after_due) == (None, -8 * 3600)
    assert (absent.name, absent.attempts, absent.points, absent.left_out) == (
        "Nemo",
        0,
        None,
        "handed in nothing",
    )
    assert (room.title, room.maximum) == ("Homework 1", 35)
    assert {piece.ref for piece in desk.pieces().values()} == {one.ref, two.ref, three.ref}


def test_a_person_s_points_and_who_gave_them_are_read(desk):
    piece = next(one for one in desk.pieces().values() if one.learner == "s002")
    desk.save(piece, "comments", Given(points="4", text="No shape is named."))
    room = read_gradebook(desk.gradebook, RUBRIC)
    result = room.students[1].results["comments"]
    assert (result.points, result.waits, result.reason, result.check) == (
        4,
        False,
        "No shape is named.",
        "ta1",
    )
    assert room.students[1].points == 14
    assert [(one.reviewer, one.item, one.points, one.is_override) for one in room.judgements] == [
        ("ta1", "comments", 4, False)
    ]


def test_an_extension_moves_the_date_from_which_a_time_is_seen(desk):
    until = (DUE + datetime.timedelta(days=1)).isoformat()
    row = {"assignment": "hw1", "learner": "s002", "until": until, "reason": "ill"}
    desk.gradebook.add(tables.extensions, [row])
    two = read_gradebook(desk.gradebook, RUBRIC).students[1]
    assert (two.late, two.after_due) == (None, -21 * 3600)


def test_who_is_excused_is_left_out(desk):
    desk.gradebook.add(
        tables.excuses, [{"assignment": "hw1", "learner": "s003", "reason": "ill", "excused": True}]
    )
    three = read_gradebook(desk.gradebook, RUBRIC).students[2]
    assert (three.points, three.left_out) == (None, "excused")


# --- the command --------------------------------------------------------------------------------------


def run(*args):
    return CliRunner().invoke(cli, ["dashboard", *map(str, args)])


def test_the_command_writes_a_page_and_every_table(tmp_path):
    write(tmp_path / "batch", report("s001"), report("s002", found=ALL_RIGHT))
    (tmp_path / "feedback").mkdir()
    (tmp_path / "feedback" / "s001.html").touch()
    page = tmp_path / "out" / "class.html"
    done = run(
        tmp_path / "batch", "-o", page, "--csv", tmp_path / "csv", "--feedback", tmp_path / "feedback",
        "--review", "http://127.0.0.1:8000",
    )  # fmt: skip
    assert done.exit_code == 0, (done.output, done.exception)
    assert f"written: {page} (2 students, 2 with a grade)" in done.output
    names = {path.name for path in (tmp_path / "csv").iterdir()}
    assert {"students.csv", "items.csv", "points.csv", "reasons.csv"} <= names
    assert f"written: {len(names)} tables in" in done.output
    text = page.read_text(encoding="utf-8")
    assert 'href="../feedback/s001.html"' in text
    assert 'href="http://127.0.0.1:8000/items/comments"' in text
    assert page.stat().st_mode & 0o77 == 0


def test_the_command_reads_the_gradebook_where_no_reports_are_named(tmp_path, monkeypatch):
    fill(f"sqlite:///{tmp_path / 'g.sqlite3'}", tmp_path, [report("s001")])
    monkeypatch.setattr("autograder.cli.place.Place.own_rubric", lambda place: RUBRIC)
    done = run("--db", f"sqlite:///{tmp_path / 'g.sqlite3'}", "-o", tmp_path / "class.html")
    assert done.exit_code == 0, (done.output, done.exception)
    page = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert "the grades of the gradebook" in page
    assert CODE not in page


def test_a_gradebook_without_students_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.cli.place.Place.own_rubric", lambda place: RUBRIC)
    done = run("--db", f"sqlite:///{tmp_path / 'g.sqlite3'}", "-o", tmp_path / "class.html")
    assert isinstance(done.exception, UsageError)
    assert "the gradebook has no students on `hw1`" in str(done.exception)
    assert not (tmp_path / "class.html").exists()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--review", "javascript:alert(1)"], "is no address of a page"),
        (["--feedback", "FOLDER"], "no feedback of these students"),
    ],
)
def test_a_place_that_is_none_is_refused_before_anything_is_written(tmp_path, args, said):
    (path,) = write(tmp_path, report("s001"))
    done = run(path, "-o", tmp_path / "class.html", *(tmp_path if one == "FOLDER" else one for one in args))
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
    assert not (tmp_path / "class.html").exists()


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    (path,) = write(tmp_path, report("s001"))
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "autograder.pages.single", raising=False)
    monkeypatch.delitem(sys.modules, "autograder.pages.dashboard.render", raising=False)
    done = run(path, "-o", tmp_path / "class.html")
    assert isinstance(done.exception, UsageError)
    assert "the class page needs jinja2, which is not installed" in str(done.exception)


def test_old_reports_have_a_page_too(tmp_path):
    old = Path(__file__).parents[1] / "report/report-1.1.json"
    done = run(old, "-o", tmp_path / "class.html")
    assert done.exit_code == 0, (done.output, done.exception)
