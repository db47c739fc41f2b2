"""The commands of the gradebook, as a TA types them."""

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from making import after, report, write
from msgspec.structs import replace

from autograder.cli import cli
from autograder.cli.place import Place
from autograder.errors import AutograderError
from autograder.model import Outcome

COURSE = Path(__file__).parents[1] / "publish/course"


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    definition = root / "source/affine/assignment.toml"
    rules = 'due_at = "2027-03-01T23:59:00+00:00"\nlate = { percent = 10 }\n'
    definition.write_text(rules + definition.read_text())
    return root


@pytest.fixture
def run(course, monkeypatch):
    """Run a command in the course, and give what it said."""
    monkeypatch.chdir(course)

    def invoke(*args, fails=False):
        done = CliRunner().invoke(cli, ["gradebook", *map(str, args)])
        if fails:
            assert done.exit_code, done.output
            return done.exception if isinstance(done.exception, AutograderError) else done.output
        assert done.exit_code == 0, (done.output, done.exception)
        return done.output

    return invoke


@pytest.fixture
def rubric(course):
    return Place(None, course, None, None).own_rubric()


@pytest.fixture
def reports(course, rubric):
    """Reports on two learners: all is right, but for the first check of s002."""
    checks = [check.id for item in rubric.items for check in item.checks]
    return write(
        course / "reports",
        report("s001", rubric, dict.fromkeys(checks, 1), files="a", at=after(hours=-1)),
        report("s002", rubric, {**dict.fromkeys(checks, 1), checks[0]: 0}, files="b", at=after(hours=1)),
    )


def test_from_reports_to_grades(run, reports, course):
    assert run("import", "reports") == "2 new, 0 known, 0 refused.\n"
    assert run("import", "reports") == "0 new, 2 known, 0 refused.\n"
    assert (course / "gradebook.sqlite3").exists()
    (course / "class.csv").write_text("id,name\ns001,One\ns003,Three\n")
    assert run("roster", "class.csv") == "2 new or changed, 0 as before.\n"
    assert run("roster", "class.csv") == "0 new or changed, 2 as before.\n"
    lines = run("grades").splitlines()
    assert [line.partition(":")[0] for line in lines] == ["s001", "s002", "s003"]
    assert lines[2] == "s003: missing"
    explained = run("grades", "--explain", "s002")
    assert "late by 1 hour: 1 day x 10 % of" in explained


def test_who_has_left_is_taken_off_the_roster(run, reports, course):
    assert run("grades") == "No grades: the gradebook has neither reports nor a roster.\n"
    (course / "class.csv").write_text("id,name\ns001,One\ns003,Three\n")
    (course / "mistaken.csv").write_text("x001\nx002\n")
    run("roster", "class.csv")
    said = "2 new or changed, 0 as before.\n2 others stay on the roster; --whole-class takes them off.\n"
    assert run("roster", "mistaken.csv") == said
    said = "0 new or changed, 2 as before.\n2 others are off the roster now; what they handed in stays.\n"
    assert run("roster", "class.csv", "--whole-class") == said
    assert run("grades") == "s001: missing\ns003: missing\n"
    assert "roster: x001: x001 → taken off" in run("history", "x001")
    (course / "class.csv").write_text("id,name\ns003,Three\n")
    run("import", "reports")
    run("roster", "class.csv", "--whole-class")
    assert [line.partition(":")[0] for line in run("grades").splitlines()] == ["s001", "s002", "s003"]
    assert run("roster", "mistaken.csv").startswith("2 new or changed")


def test_grades_as_csv_and_json(run, reports, course):
    run("import", "reports")
    run("grades", "--csv", "grades.csv", "--json", "grades")
    rows = list(csv.DictReader((course / "grades.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["learner"], row["status"], row["late_seconds"]) for row in rows] == [
        ("s001", "final", ""),
        ("s002", "final", "3600"),
    ]
    document = json.loads((course / "grades/s002.json").read_text())
    assert (document["points"], document["late"]) == (rows[1]["points"], 3600)
    assert document["steps"][-1]["text"].startswith("late by 1 hour")


def test_an_extension_an_excuse_and_an_override(run, reports, rubric):
    run("import", "reports")
    late = run("grades", "--explain", "s002").splitlines()[-1]
    said = run("extend", "s002", "--until", "2027-03-03T00:00+00:00", "--reason", "ill")
    assert said.strip() != late
    item = rubric.items[0].id
    assert run("override", "s002", item, "1", "--reason", "a slip", "--as", "ta2").startswith("s002: ")
    assert run("excuse", "s001", "--reason", "ill") == "s001: excused\n"
    assert run("excuse", "s001", "--reason", "well", "--undo").startswith("s001: ")
    told = run("history", "s002")
    assert "extension: 2027-03-03T00:00:00+00:00: ill" in told
    assert f"ta2  affine: {item} of attempt" in told
    assert "→ 1 points: a slip" in told


WRONG = [
    ("extend s002 --until soon --reason x", "--until soon: is no time"),
    ("extend s002 --until 2027-03-03 --reason x", "--until 2027-03-03: has no time of day"),
    ("extend s002 --until 2027-03-03T12:00 --reason x", "--until 2027-03-03T12:00: has no time zone"),
    (
        "extend s002 --until 2027-02-03T12:00Z --reason x",
        "is no later than due_at, 2027-03-01T23:59:00+00:00",
    ),
    ("extend s002 --undo --reason x", "s002: has no extension"),
    ("excuse s002 --undo --reason x", "s002: is not excused"),
    ("history s02", "no learner `s02`; did you mean `s00"),
    ("backup nowhere/copy.sqlite3", "nowhere/copy.sqlite3: can't be written: No such file or directory\n"),
    ("extend s02 --until 2027-03-03T12:00Z --reason x", "no learner `s02`; did you mean `s00"),
    ("extend xyz --until 2027-03-03T12:00Z --reason x", "no learner `xyz`; known are: s001, s002, s003"),
    ("grades --explain s0002", "no learner `s0002`; did you mean `s002`"),
    ("override s002 nothing 1 --reason x", "no item `nothing`; known are: "),
    ("override s002 ITEM many --reason x", "points = 'many' is no number"),
    ("override --reason x -- s002 ITEM -1", "points = -1, expected 0 to "),
    ("override s002 ITEM nan --reason x", "points = nan, expected 0 to "),
    ("override s003 ITEM 1 --reason x", "s003: handed in nothing"),
    ("points import short.csv", "short.csv:1: has no column attempt, item, points"),
    ("grades --db nonsense", "--db nonsense: is not the URL of a database"),
]


@pytest.mark.parametrize(("line", "says"), WRONG)
@pytest.mark.usefixtures("reports")
def test_what_does_not_fit_is_said(run, course, rubric, line, says):
    run("import", "reports")
    (course / "class.csv").write_text("s003\n")
    run("roster", "class.csv")
    (course / "short.csv").write_text("learner\ns001\n")
    assert says in str(run(*line.replace("ITEM", rubric.items[0].id).split(), fails=True))


def test_an_extension_needs_a_date(run, reports, course):
    definition = course / "source/affine/assignment.toml"
    definition.write_text(definition.read_text().partition("late =")[2].partition("\n")[2])
    assert "has no due_at, so nothing is late" in str(
        run("extend", "s001", "--until", "2027-03-03", "--reason", "x", fails=True)
    )


@pytest.mark.parametrize(
    ("until", "example"),
    [
        ("soon", "2027-03-01T23:59+00:00"),
        ("2027-03-03", "2027-03-03T23:59+00:00"),
        ("2027-03-03T12:00", "2027-03-03T12:00+00:00"),
    ],
)
def test_the_example_of_a_time_is_one_that_is_meant(run, reports, until, example):
    run("import", "reports")
    error = run("extend", "s002", "--until", until, "--reason", "x", fails=True)
    assert example in error.hint


def test_an_extension_is_taken_back(run, reports):
    run("import", "reports")
    late = run("grades", "--explain", "s002")
    given = run("extend", "s002", "--until", "2027-03-03T12:00+00:00", "--reason", "ill")
    assert "extension to 2027-03-03 12:00:00+00:00 (ill)" in run("grades", "--explain", "s002")
    assert run("extend", "s002", "--undo", "--reason", "mistaken for another") != given
    assert run("grades", "--explain", "s002") == late
    told = "extension: 2027-03-03T12:00:00+00:00: ill → taken back: mistaken for another"
    assert told in run("history", "s002")
    assert run("extend", "s002", "--until", "2027-03-03T12:00+00:00", "--reason", "ill") == given


def test_a_person_s_points_are_taken_back(run, reports):
    run("import", "reports")
    before = run("grades")
    run("override", "s001", "affine-forward", "1", "--reason", "a slip")
    assert run("grades") != before
    run("override", "s001", "affine-forward", "--undo", "--reason", "meant s002")
    assert run("grades") == before
    assert "1 points: a slip → taken back: meant s002" in run("history", "s001")
    again = run("override", "s001", "affine-forward", "--undo", "--reason", "x", fails=True)
    assert "s001, affine-forward: has no points of a person" in str(again)
    for options in ((), ("1", "--undo")):
        said = run("override", "s001", "affine-forward", *options, "--reason", "x", fails=True)
        assert "Give either POINTS, or --undo." in said


@pytest.mark.parametrize("options", [(), ("--undo", "--until", "2027-03-03T12:00+00:00")])
def test_an_extension_is_given_or_taken_back(run, reports, options):
    said = run("extend", "s002", "--reason", "x", *options, fails=True)
    assert "Give either --until TIME, or --undo." in said


def test_one_explanation_leaves_the_table_whole(run, reports, course):
    run("import", "reports")
    run("grades", "--explain", "s002", "--csv", "grades.csv")
    assert len((course / "grades.csv").read_text().splitlines()) == 3


def test_reports_that_can_not_be_read_end_with_status_1(run, reports, course):
    (course / "reports/bad.json").write_text("{}")
    said = run("import", "reports", fails=True)
    assert "2 new, 0 known, 1 refused." in said


def test_points_in_a_spreadsheet(run, reports, course, rubric):
    run("import", "reports")
    first = rubric.items[0]
    run("override", "s002", first.id, "0", "--reason", "=HYPERLINK(1)")
    run("points", "export", "points.csv")
    text = (course / "points.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert [(row["learner"], row["item"], row["points"], row["remark"]) for row in rows] == [
        ("s002", first.id, "0", "'=HYPERLINK(1)")
    ]
    assert run("points", "import", "points.csv") == "0 recorded.\n"
    semicolons = text.replace(",", ";").replace(";0;'=HYPERLINK(1)", ";1,5;better")
    (course / "points.csv").write_text(semicolons)
    assert run("points", "import", "points.csv", "--as", "ta2") == "1 recorded.\n"
    assert "(changed by ta2: better)" in run("grades", "--explain", "s002")


def test_who_has_no_score_is_in_the_spreadsheet(run, course, rubric):
    fractions = {check.id: 1 for item in rubric.items for check in item.checks}
    bare = replace(
        report("s001", rubric, fractions, at=after(hours=-1)), outcome=Outcome.UNGRADABLE, items=()
    )
    write(course / "reports", bare)
    run("import", "reports")
    assert run("grades") == "s001: undecided\n"
    run("points", "export", "points.csv")
    rows = list(csv.DictReader((course / "points.csv").read_text(encoding="utf-8-sig").splitlines()))
    regular = [one for one in rubric.items if not one.extra_credit]
    assert [(row["item"], row["automatic"]) for row in rows] == [(one.id, "") for one in regular]
    lines = [f"s001,1,{one.id},{one.points}" for one in regular]
    (course / "points.csv").write_text("\n".join(["learner,attempt,item,points", *lines]))
    run("points", "import", "points.csv")
    assert run("grades") == "s001: 10 of 10\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("s002,1,ITEM,99", ":3: points = 99, expected 0 to "),
        ("s002,7,ITEM,1", ":3: s002 has no attempt 7"),
        ("s077,1,ITEM,1", ":3: s077 has no attempt 1"),
        ("s002,1,none,1", ":3: no item `none`"),
    ],
)
@pytest.mark.usefixtures("reports")
def test_a_row_that_does_not_fit_stops_all_of_them(run, course, rubric, row, says):
    run("import", "reports")
    first = rubric.items[0].id
    rows = ["learner,attempt,item,points", f"s001,1,{first},0", row.replace("ITEM", first)]
    (course / "points.csv").write_text("\n".join(rows))
    assert says in str(run("points", "import", "points.csv", fails=True))
    assert "points" not in run("history", "s001")


def test_points_in_another_encoding_are_refused(run, reports, course):
    (course / "points.csv").write_bytes(
        "learner,attempt,item,points,remark\ns001,1,f,1,über".encode("latin-1")
    )
    assert "points.csv: is not UTF-8" in str(run("points", "import", "points.csv", fails=True))


def test_rescoring_shows_then_applies(run, reports, course, rubric):
    run("import", "reports")
    before = run("grades")
    nothing = "Nothing to apply: assignment.toml is as it was when it was applied.\n"
    assert run("rescore") == run("rescore", "--apply") == f"0 of 2 grades change.\n{nothing}"
    definition = course / "source/affine/assignment.toml"
    definition.write_text(definition.read_text().replace("percent = 10", "percent = 50"))
    shown = run("rescore")
    assert "s002: " in shown
    assert "1 of 2 grades change.\nNothing was recorded; --apply lets it decide.\n" in shown
    with_note = run("grades")
    assert "note: the rubric of `affine` has changed since it was applied" in with_note
    assert with_note.endswith(before)
    assert run("rescore", "--apply").endswith("applied.\n")
    assert run("grades") != before
    definition.write_text(definition.read_text().replace("percent = 50", "percent = 50, grace_minutes = 1"))
    assert run("rescore").startswith("0 of 2 grades change.\nNothing was recorded")
    definition.write_text(definition.read_text().replace("percent = 50", "percent = 50, most = 50"))
    assert run("rescore").endswith("Nothing was recorded; --apply lets it decide.\n")


def test_points_above_a_new_maximum_are_capped_and_that_is_said(run, reports, course, rubric):
    run("import", "reports")
    run("override", "s001", "affine-forward", "5.5", "--reason", "nearly")
    definition = course / "source/affine/assignment.toml"
    definition.write_text(definition.read_text().replace("points = 6", "points = 4"))
    run("rescore", "--apply")
    lines = run("grades", "--explain", "s001").splitlines()
    (line,) = (one for one in lines if "nearly" in one)
    assert line.split()[0] == "4"
    assert line.endswith(": nearly; gave 5.5, more than the item has now)")
    assert lines[-1] == "s001: 9 of 8"  # with an extra credit of 1


def test_the_history_says_which_points_a_person_replaced_then(run, reports, course):
    run("import", "reports")
    run("override", "s001", "affine-forward", "5.5", "--reason", "nearly")
    definition = course / "source/affine/assignment.toml"
    definition.write_text(definition.read_text().replace("points = 6", "points = 3"))
    run("rescore", "--apply")
    run("override", "s002", "affine-forward", "1", "--reason", "a slip")
    assert "6 points → 5.5 points: nearly" in run("history", "s001")
    assert "2 points → 1 points: a slip" in run("history", "s002")


def test_an_explanation_alone_is_counted_apart(run, reports, course):
    run("import", "reports")
    definition = course / "source/affine/assignment.toml"
    old = definition.read_text()
    title = next(line for line in old.splitlines() if line.startswith("title") and line not in old[:200])
    definition.write_text(old.replace(title, 'title = "Another name"'))
    shown = run("rescore")
    assert "0 of 2 grades change.\n2 stay as they are, and are explained in another way.\n" in shown


def test_copies_and_checks(run, reports, course):
    run("import", "reports")
    assert run("backup", "copy.sqlite3") == "written: copy.sqlite3\n"
    assert run("check", "--db", f"sqlite:///{course / 'copy.sqlite3'}") == "All fits.\n"


def test_a_damaged_gradebook_ends_with_status_1(run, reports, course):
    import sqlite3

    run("import", "reports")
    with sqlite3.connect(course / "gradebook.sqlite3") as connection:
        connection.execute("UPDATE documents SET content = x'00'")
    said = run("check", fails=True)
    assert "its text has changed" in said
    assert "2 problems." in said


def test_a_gradebook_without_its_packages_says_what_to_install(run, monkeypatch):
    import sys

    for name in [n for n in sys.modules if n.startswith("autograder.grades")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    said = str(run("grades", fails=True))
    assert said.startswith("a gradebook needs sqlalchemy, which is not installed")
    assert "pip install -e '.[instructor]'" in said
