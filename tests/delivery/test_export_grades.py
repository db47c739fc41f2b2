"""`autograder export canvas` and its like, from reports and from a gradebook, as their users meet them."""

import csv
import json
import shutil

import pytest
from click.testing import CliRunner
from grades.making import write
from msgspec.structs import replace
from reports import make_report

from autograder.cli import cli
from autograder.cli.export import SHEETS
from autograder.delivery import FORMATS
from autograder.delivery.sheets import PLATFORMS
from autograder.errors import UsageError
from autograder.model import Learner, Outcome, SubmissionFacts

CANVAS = (
    "Student,ID,SIS Login ID,Section,Tiny (77)\n    Points Possible,,,,8\nOne,1,s001,L,\nTwo,2,s002,L,4.00\n"
)


def run(*args, code=0):
    done = CliRunner().invoke(cli, ["export", *map(str, args)])
    if code == 2:
        assert isinstance(done.exception, UsageError), (done.output, done.exception)
        return str(done.exception)
    assert done.exit_code == code, (done.output, done.exception)
    return done


def reports(folder, *learners, **changes):
    made = [
        make_report(learner=Learner(id=name), submission=SubmissionFacts(id=name, origin=name), **changes)
        for name in learners
    ]
    write(folder / "reports", *made)
    return folder / "reports"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "canvas.csv").write_text(CANVAS)
    reports(tmp_path, "s001", "s002")
    return tmp_path


def test_reports_go_into_the_file_that_the_platform_exported(place):
    done = run("canvas", place / "reports", "--into", place / "canvas.csv", "-o", place / "new.csv")
    assert (place / "new.csv").read_text() == CANVAS.replace("s001,L,\n", "s001,L,4.00\n")
    assert done.stderr == "s001  – → 4\n1 changed, 1 as before.\n"
    assert done.stdout == f"written: {place / 'new.csv'}\n"
    assert (place / "canvas.csv").read_text() == CANVAS
    assert (place / "new.csv").stat().st_mode & 0o777 == 0o600


def test_without_a_file_to_write_it_is_shown(place):
    done = run("canvas", place / "reports", "--into", place / "canvas.csv")
    assert done.stdout == CANVAS.replace("s001,L,\n", "s001,L,4.00\n")


def test_a_dry_run_shows_the_table_and_writes_nothing(place):
    done = run("canvas", place / "reports", "--into", place / "canvas.csv", "-o", place / "x", "--dry-run")
    assert (done.stdout, done.stderr) == ("", "s001  – → 4\n1 changed, 1 as before.\n")
    assert not (place / "x").exists()


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_a_learner_without_a_place_is_named_and_the_others_go(place, options):
    reports(place, "s009")
    arguments = ("canvas", place / "reports", "--into", place / "canvas.csv", "-o", place / "new.csv")
    done = run(*arguments, *options, code=1)
    assert "unmatched: s009: Nobody there has one of this learner's ids" in done.stderr
    assert done.stderr.endswith("1 changed, 1 as before, 1 unmatched.\n")
    assert (place / "new.csv").exists() is not bool(options)


def test_a_roster_names_the_platform_s_ids(place):
    (place / "class.csv").write_text("id,SIS Login ID\n4711,s001\n4712,s002\n")
    shutil.rmtree(place / "reports")
    reports(place, "4711")
    arguments = ("canvas", place / "reports", "--into", place / "canvas.csv", "--dry-run")
    assert "unmatched: 4711" in run(*arguments, code=1).stderr
    done = run(*arguments, "--roster", place / "class.csv")
    assert done.stderr.splitlines()[:2] == [
        "4711  – → 4",
        "held back: 4712: There is no report of this learner.",
    ]


def test_provisional_grades_wait_until_they_are_let(place):
    shutil.rmtree(place / "reports")
    reports(place, "s001", outcome=Outcome.PENDING_MANUAL)
    arguments = ("canvas", place / "reports", "--into", place / "canvas.csv", "--dry-run")
    assert run(*arguments).stderr.splitlines()[0] == "held back: s001: An item is still to be judged."
    assert run(*arguments, "--provisional").stderr.splitlines()[0] == "s001  – → 4"


def test_a_column_of_another_title_is_named(place):
    (place / "canvas.csv").write_text(CANVAS.replace("Tiny", "Homework"))
    arguments = ("canvas", place / "reports", "--into", place / "canvas.csv", "--dry-run")
    said = run(*arguments, code=2)
    assert "no column `Tiny` or `tiny` that takes points" in said
    assert run(*arguments, "--column", "Homework").stderr.startswith("s001  – → 4")


@pytest.mark.parametrize("form", [name for name, one in PLATFORMS.items() if one.fresh])
def test_a_new_file_is_made_where_the_platform_takes_one_and_is_filled_again_without_change(place, form):
    run(form, place / "reports", "-o", place / "new.csv")
    rows = list(csv.reader((place / "new.csv").read_text().splitlines()))
    text = (place / "new.csv").read_text()
    assert "4.00" in text
    assert not text.startswith("\ufeff")
    assert {len(row) for row in rows} == {len(rows[0])}
    if form in ("brightspace",):
        done = run(form, place / "reports", "--into", place / "new.csv", "--dry-run")
        assert done.stderr == "0 changed, 2 as before.\n"


def test_a_new_file_says_who_is_held_back(place):
    reports(place, "s003", outcome=Outcome.PARTIAL)
    done = run("canvas", place / "reports", "-o", place / "new.csv")
    assert done.stderr.splitlines()[-1] == "2 results, 1 held back."
    assert "s003" not in (place / "new.csv").read_text()


def test_moodle_s_worksheet_can_not_be_made_up(place):
    said = run("moodle", place / "reports", code=2)
    assert said == "`moodle` needs the file that the platform exports\n  Name it with --into FILE."


def test_reports_of_several_assignments_are_told_apart(place):
    other = replace(make_report(), assignment=replace(make_report().assignment, id="other"))
    write(place / "reports", other)
    arguments = ("canvas", place / "reports", "--dry-run")
    assert "expected reports of one assignment, found other, tiny" in run(*arguments, code=2)
    assert run(*arguments, "--assignment", "other").stderr == "1 results, 0 held back.\n"
    assert "found none of `x`" in run(*arguments, "--assignment", "x", code=2)


MOODLE = """\
Identifier,Email address,Grade,Last modified (grade),Feedback comments
Participant 4,ADA@x.org,,-,
Participant 5,s002,,-,
Participant 6,s003,,-,
"""


def test_a_gradebook_s_grades_are_taken_where_no_report_is_named(graded_course, tmp_path):
    (tmp_path / "m.csv").write_text(MOODLE)
    arguments = ("moodle", "--course", graded_course, "--into", tmp_path / "m.csv", "-o", tmp_path / "o.csv")
    assert run(*arguments).stderr.splitlines() == [
        "held back: s001: 1 point is still to be judged.",
        "held back: s002: 1 point is still to be judged.",
        "held back: s003: Nothing was handed in.",
        "0 changed, 0 as before, 3 held back.",
    ]
    assert (tmp_path / "o.csv").read_text() == MOODLE
    assert run(*arguments, "--provisional").stderr.splitlines()[:2] == ["s001  – → 10", "s002  – → 7"]
    assert (tmp_path / "o.csv").read_text().splitlines()[1:] == [
        "Participant 4,ADA@x.org,10.00,-,10 of 10 points.",
        'Participant 5,s002,7.00,-,"7 of 10 points.<br>',
        "Late by 1 hour, which takes 1 point.<br>",
        'The affine layer: 4 of 6. forward-by-hand: 0"',
        "Participant 6,s003,,-,",
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nothing", "REPORTS"), "no format `nothing`"),
        (("canvass", "REPORTS"), "no format `canvass`; did you mean `canvas`?"),
        (("csv",), "no reports\n  Name the files, or the folder that a batch wrote."),
        (("csv", "REPORTS", "--dry-run"), "`csv` is made of reports\n  These options are for blackboard,"),
        (("canvas", "--course", "HERE"), "no reports, and no gradebook.sqlite3 in"),
        (("canvas", "--db", "sqlite:///x", "--roster", "CSV"), "--roster goes with reports"),
        (("student", "REPORTS"), "2 reports, but a file of `student` holds one"),
    ],
)
def test_wrong_usage_is_a_sentence(place, arguments, says):
    names = {"REPORTS": place / "reports", "HERE": place, "CSV": place / "canvas.csv"}
    assert says in run(*(names.get(word, word) for word in arguments), code=2)


def test_a_student_s_view_is_written_with_the_roster_s_ids_and_makes_no_other_format(place):
    (place / "class.csv").write_text("id,SIS Login ID\ns001,4711\n")
    run("student", place / "reports", "--roster", place / "class.csv", "-o", place / "out")
    view = json.loads((place / "out/s001/report.json").read_text())
    assert (view["view"], view["learner"]) == ("student", {"id": "s001", "ids": ["s001", "4711"]})
    assert [check["id"] for check in view["items"][0]["checks"]] == ["not-shown"]
    assert (place / "out/s001/report.json").stat().st_mode & 0o777 == 0o600
    run("student", place / "reports", "--published", "-o", place / "out")
    view = json.loads((place / "out/s001/report.json").read_text())
    assert [check["id"] for check in view["items"][0]["checks"]] == ["a", "b"]
    done = CliRunner().invoke(cli, ["export", "csv", str(place / "out/s001/report.json")])
    assert "report.json: is a student's view" in str(done.exception)


def test_the_command_knows_every_table():
    assert sorted(SHEETS) == sorted(PLATFORMS)
    assert not {*SHEETS} & {*FORMATS}
