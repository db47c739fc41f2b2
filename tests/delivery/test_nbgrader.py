"""Points that go to nbgrader's gradebook and come back from it, in SQLite and PostgreSQL."""

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from grades.making import after

from autograder.grades.store import Gradebook
from autograder.model import Status

pytestmark = pytest.mark.slow


def push(run, url, *more, **options):
    return run("nbgrader", "push", "--gradebook", url, *more, **options)


def pull(run, url, **options):
    return run("nbgrader", "pull", "--gradebook", url, **options)


both = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


@both
def test_what_is_pushed(run, graded, url, theirs, course):
    assert "2 submissions in nbgrader's gradebook" in push(run, url)
    first = theirs.grade("s001", "affine-forward")
    assert (first.auto_score, first.manual_score, bool(first.waits), first.penalty) == (6, None, False, None)
    assert first.timestamp == after(hours=-1).replace(tzinfo=None)
    second = theirs.grade("s002", "affine-forward")
    assert (second.auto_score, second.penalty) == (4, 1)
    extra = theirs.grade("s001", "play")
    assert (extra.auto_score, extra.extra_credit, bool(extra.waits)) == (0, 0, True)
    assert theirs.grade("s001", "files").automatic
    assert theirs.all("SELECT first_name, last_name, email FROM student ORDER BY id") == [
        ("Ada", "Lovelace", "ada@x.org"),
        (None, None, None),
        (None, "Three", None),
    ]
    assert theirs.all("SELECT sum(max_score) FROM task_cells") == [(4,)]


@both
def test_a_second_push_changes_nothing(run, graded, url, theirs, course):
    push(run, url)
    before = theirs.dump()
    files = {path: path.stat().st_mtime_ns for path in course.rglob("autograded/**/*")}
    assert len(files) == 8
    assert ", 0 rows written" in push(run, url)
    assert theirs.dump() == before
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_a_person_s_points_go_there(run, graded, url, theirs):
    run("override", "s001", "files", "0.5", "--reason", "another name <b>")
    run("override", "s001", "play", "1", "--reason", "asked well")
    push(run, url)
    files, play = theirs.grade("s001", "files"), theirs.grade("s001", "play")
    assert (files.auto_score, files.manual_score, files.comment) == (1, 0.5, "another name < b>")
    assert (play.auto_score, play.extra_credit, bool(play.waits)) == (0, 1, False)
    assert "0 decisions came" in pull(run, url)
    run("override", "s001", "files", "0.25", "--reason", "again")
    push(run, url)
    assert theirs.grade("s001", "files").manual_score == 0.25


@both
def test_what_a_person_gave_there_comes_back_once(run, graded, url, theirs):
    push(run, url)
    theirs.give("s001", "files", manual_score=0.5, comment="two files")
    theirs.give("s002", "play", extra_credit=0.75)
    theirs.give("s002", "run-order", manual_score=1)
    assert "3 decisions came from nbgrader, 0 could not" in pull(run, url)
    assert "0 decisions came" in pull(run, url)
    explained = run("grades", "--explain", "s001")
    assert "changed by nbgrader: two files" in explained
    assert "Play, of 1 (judged by nbgrader)" in run("grades", "--explain", "s002")
    push(run, url)
    assert theirs.grade("s001", "files").manual_score == 0.5
    assert theirs.grade("s001", "files").comment == "two files"
    assert theirs.grade("s002", "play").extra_credit == 0.75
    assert run("check") == "All fits.\n"


@both
def test_a_push_takes_what_was_given_there_and_a_later_decision_here_holds(run, graded, url, theirs):
    push(run, url)
    theirs.give("s001", "files", manual_score=0.5)
    assert "1 decisions came" in push(run, url)
    assert theirs.grade("s001", "files").manual_score == 0.5
    run("override", "s001", "files", "0.75", "--reason", "no")
    assert "0 decisions came" in push(run, url)
    assert theirs.grade("s001", "files").manual_score == 0.75
    theirs.give("s001", "files", manual_score=0.5, comment="yes")
    push(run, url)
    assert theirs.grade("s001", "files").manual_score == 0.5


def test_extra_credit_that_was_right_as_it_stood_is_judged(run, graded, url, theirs):
    push(run, url)
    assert "s001: 10 of 10 (provisional)" in run("grades")
    theirs.give("s001", "play", extra_credit=0)
    assert "1 decisions came" in pull(run, url)
    assert "0 decisions came" in pull(run, url)
    assert "s001: 10 of 10\n" in run("grades")


def test_extra_credit_that_nobody_asks_about_is_nothing_new(run, hand_in, url, theirs):
    hand_in("s001", play=Status.SKIPPED)
    run("import", "reports-1")
    push(run, url)
    play = theirs.grade("s001", "play")
    assert (play.extra_credit, bool(play.waits)) == (None, False)
    assert "0 decisions came from nbgrader, 0 could not" in push(run, url)


def test_emptied_extra_credit_is_none(run, graded, url, theirs):
    run("override", "s001", "play", "1", "--reason", "yes")
    push(run, url)
    theirs.give("s001", "play", extra_credit=None)
    assert "1 decisions came" in push(run, url)
    assert "s001: 10 of 10 (provisional)" in run("grades")


def test_points_taken_back_there_are_taken_back_here(run, graded, url, theirs):
    run("override", "s001", "files", "0", "--reason", "no")
    push(run, url)
    theirs.give("s001", "files", manual_score=None)
    push(run, url)
    files = theirs.grade("s001", "files")
    assert (files.auto_score, files.manual_score, files.comment) == (1, None, None)
    assert "changed by" not in run("grades", "--explain", "s001")


def test_a_comment_alone_keeps_the_points(run, graded, url, theirs):
    push(run, url)
    theirs.give("s001", "files", comment="well named")
    assert "1 decisions came" in pull(run, url)
    assert "The notebook and the PDF, of 1 (changed by nbgrader: well named)" in run(
        "grades", "--explain", "s001"
    )


@pytest.mark.parametrize(
    "case",
    [
        ("files", {"manual_score": 3}, "has 3.0 points in nbgrader, expected 0 to 1.0"),
        ("files", {"extra_credit": 2}, "has 3.0 points in nbgrader, expected 0 to 1.0"),
        (
            "play",
            {"comment": "hm", "needs_manual_grade": True},
            "has a comment in nbgrader and no points, so nothing is judged",
        ),
    ],
)
def test_what_can_t_be_recorded_is_said_and_left_there(run, graded, url, theirs, case):
    item, given, why = case
    push(run, url)
    theirs.give("s001", item, **given)
    said = push(run, url)
    assert f"note: s001, {item}: {why}" in said
    assert "0 decisions came from nbgrader, 1 could not" in said
    there = vars(theirs.grade("s001", item))
    assert all(there[name] == value for name, value in given.items() if name in there)


def test_points_for_a_submission_that_is_no_attempt_here(run, graded, url, theirs):
    push(run, url)
    theirs.give("s001", "files", manual_score=0.5)
    theirs.all("UPDATE submitted_assignment SET timestamp = '2020-01-01 00:00:00.000000' RETURNING 1")
    assert (
        "s001, files: nbgrader's points are for a submission of 2020-01-01 00:00:00 UTC, which is no"
        in pull(run, url)
    )
    theirs.all("UPDATE submitted_assignment SET timestamp = NULL RETURNING 1")
    assert "for a submission without a time, which is no attempt here" in pull(run, url)


@pytest.mark.usefixtures("graded")
def test_the_attempt_that_counts_is_pushed_and_the_other_keeps_its_points(run, hand_in, course, url, theirs):
    push(run, url)
    theirs.give("s001", "files", manual_score=0.5)
    hand_in("s001", {"cell_type": "markdown", "source": "more"}, at=after(minutes=-1), number=2)
    run("import", "reports-2")
    push(run, url)
    files = theirs.grade("s001", "files")
    assert (files.manual_score, files.timestamp) == (None, after(minutes=-1).replace(tzinfo=None))
    with Gradebook(f"sqlite:///{course / 'gradebook.sqlite3'}") as gradebook:
        (decided,) = gradebook.decisions("affine").values()
        first, second = gradebook.attempts("affine")["s001"]
    assert [key for key, _ in decided.reviews] == [first.key]
    assert first.key != second.key


def test_who_has_no_score_waits_for_a_person(run, hand_in, url, theirs):
    hand_in("s001", judged=False)
    run("import", "reports-1")
    push(run, url)
    one = theirs.grade("s001", "affine-forward")
    assert (one.auto_score, bool(one.waits), one.penalty) == (None, True, None)


def test_who_is_excused_or_absent_has_no_submission(run, graded, url, theirs):
    run("excuse", "s002", "--reason", "ill")
    assert "1 submissions" in push(run, url)
    assert theirs.all("SELECT student_id FROM submitted_assignment") == [("s001",)]


def test_an_id_that_is_no_folder_s_name_is_left_out(run, hand_in, course, url, theirs):
    hand_in("s001")
    hand_in("s 002")
    path = next((course / "reports-1").glob("s 002*"))
    path.write_text(path.read_text().replace('"id": "s 002"', '"id": "../s002"'))
    run("import", "reports-1")
    assert "note: left out, as nbgrader can't have such ids: ../s002" in push(run, url)
    assert theirs.all("SELECT student_id FROM submitted_assignment") == [("s001",)]


# --- nbgrader itself ------------------------------------------------------------------------------------


def nbgrader(course, *args):
    """Run a command of nbgrader, which finds alembic on PATH."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = (sys.executable, "-m", "nbgrader", *args)
    subprocess.run(
        command, cwd=course, check=True, capture_output=True, timeout=60, env={**os.environ, "PATH": path}
    )


def cells_of(theirs):
    return {
        "assignment": theirs.all("SELECT name FROM assignment"),
        "notebook": theirs.all("SELECT name, kernelspec FROM notebook"),
        "cells": theirs.all("SELECT name, type FROM base_cell ORDER BY name, type"),
        "sources": theirs.all("SELECT name, cell_type, locked FROM source_cell ORDER BY name"),
        "texts": theirs.all(
            """SELECT name, source, checksum FROM source_cell
               WHERE name NOT IN ('affine-forward', 'play') ORDER BY name"""  # they hide something
        ),
        "points": theirs.all(
            """SELECT b.name, g.max_score, g.cell_type FROM base_cell b JOIN
               (SELECT * FROM grade_cells UNION SELECT * FROM task_cells) g ON g.id = b.id
               WHERE b.name != 'play' ORDER BY b.name"""
        ),
    }


@pytest.mark.usefixtures("graded")
def test_the_rows_are_those_of_generate_assignment(run, course, tmp_path, theirs, url):
    there = f"sqlite:///{tmp_path / 'there.db'}"
    release = f"--CourseDirectory.release_directory={tmp_path / 'elsewhere'}"
    nbgrader(course, "generate_assignment", "affine", release, f"--CourseDirectory.db_url={there}")
    push(run, url)
    made = type(theirs)(there)
    assert cells_of(theirs) == cells_of(made)
    push(run, there)
    assert cells_of(theirs) == cells_of(made)
    assert made.all("SELECT name, version_num FROM assignment, alembic_version") == theirs.all(
        "SELECT name, version_num FROM assignment, alembic_version"
    )


def test_nbgrader_s_export_agrees_with_the_grades(run, graded, course, hand_in, url):
    hand_in("s004", at=after(days=400), wrong=["files-expected"])
    hand_in("s005", at=after(days=3, hours=1), wrong=["forward-hidden", "pdf-opens"])
    hand_in("s006", wrong=["run-order-stored"])
    run("import", "reports-1")
    run("override", "s005", "files", "0.35", "--reason", "no")
    run("override", "s006", "play", "0.66", "--reason", "yes")
    push(run, url)
    nbgrader(course, "export", f"--CourseDirectory.db_url={url}", "--to", "theirs.csv")
    run("grades", "--csv", "ours.csv")
    with (course / "theirs.csv").open() as file:
        found = {row["student_id"]: row for row in csv.DictReader(file)}
    with (course / "ours.csv").open(encoding="utf-8-sig") as file:
        ours = {row["learner"]: row for row in csv.DictReader(file)}
    assert len(ours) == len(found) == 6
    for learner, row in ours.items():
        assert round(float(found[learner]["score"]), 2) == round(float(row["points"] or 0), 2), learner
        assert float(found[learner]["max_score"]) == float(row["maximum"]) == 10
    assert float(found["s005"]["late_submission_penalty"]) > 0
    assert float(found["s006"]["score"]) == 8.66
    assert (
        float(found["s004"]["raw_score"]) == float(found["s004"]["late_submission_penalty"]) == 9
    )  # too late
    assert found["s001"]["last_name"] == "Lovelace"


# --- what is refused ------------------------------------------------------------------------------------


def test_databases_that_are_not_nbgrader_s(run, graded, course, tmp_path):
    assert "is not the URL of a database" in push(run, "gradebook.db", fails=True)
    assert "is not the URL of a database" in push(run, "nothing://x", fails=True)
    assert "needs MySQLdb, which is not installed" in push(run, "mysql://x/y", fails=True)
    assert "is there and may be written to, or name another with --gradebook" in push(
        run, "sqlite:////nowhere/x.db", fails=True
    )
    assert "is empty" in pull(run, "sqlite:///new.db", fails=True)
    ours = f"sqlite:///{course / 'gradebook.sqlite3'}"
    assert "is another program's database" in push(run, ours, fails=True)


def test_another_version_of_nbgrader(run, graded, url, theirs):
    push(run, url)
    theirs.all("UPDATE alembic_version SET version_num = '50a4d84c131a' RETURNING 1")
    assert "was made by another version of nbgrader (50a4d84c131a, expected " in push(run, url, fails=True)


def test_cells_that_do_not_fit(run, graded, course, url, theirs):
    push(run, url)
    theirs.all("UPDATE base_cell SET name = 'other' WHERE name = 'files' RETURNING 1")
    said = push(run, url, fails=True)
    assert "nbgrader's `affine` has graded cells that" in said
    assert "has not: other" in said
    release = course / "release/affine/affine.ipynb"
    release.write_text(release.read_text().replace('"grade_id": "pdf"', '"grade_id": "paper"'))
    assert "affine.ipynb: has no graded cell pdf" in push(run, url, fails=True)


def test_without_a_release(run, graded, course, url):
    shutil.rmtree(course / "release")
    assert "the release is not built yet" in push(run, url, fails=True)


def test_without_nbgrader(run, graded, url, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbgrader", None)
    for name in [
        one
        for one in sys.modules
        if one.startswith(("autograder.delivery.nbgrader", "autograder.cli.gradebook_n"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    said = push(run, url, fails=True)
    assert "this needs nbgrader, which is not installed" in said
    assert "pip install -e '.[instructor]'" in said


def test_the_database_that_nbgrader_is_configured_with(run, graded, course):
    run("nbgrader", "push")
    assert (course / "gradebook.db").exists()
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + '\nc.CourseDirectory.db_url = "sqlite:///other.db"\n')
    run("nbgrader", "push", "--no-copies")
    assert (course / "other.db").exists()
