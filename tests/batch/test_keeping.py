"""A resumed batch asks what is new, and keeps the findings that another run would find again."""

import json
import shutil
import subprocess
import sys

import pytest

from autograder.publish.new import new_assignment
from autograder.report import newest_reports, read_report

# Takes another time whenever it is asked.
CODE = """import random, time
import numpy as np
def centred(x):
    time.sleep(random.random() / 4)
    return x - x.mean(axis=0)
"""
SECOND = """
[[items.checks]]
kind = "outputs"
id = "centred-again"
questions = ["again"]
weight = 3
"""
AGAIN = """

def again(rng):
    return [Case(id="n", about="noise", regime="n", inputs={"x": np.ones((2, 1))})]


def expect_again(handles, case):
    return {"out": Expected(value=np.zeros((2, 1)), allowed=1e-12)}


QUESTIONS = {
    "by-hand": Comparison(outputs=("out",), cases=cases, ask=ask, expect=expect),
    "again": Comparison(outputs=("out",), cases=again, ask=ask, expect=expect_again),
}
"""


def run(root, *arguments):
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course with one submission that was graded once."""
    root = tmp_path_factory.mktemp("graded")
    new_assignment(root, "lab6")
    run(root, "release", "lab6", "--no-prove")
    notebook = json.loads((root / "release/lab6/lab6.ipynb").read_text())
    notebook["cells"][1]["source"] = CODE
    (root / "inbox/s001").mkdir(parents=True)
    (root / "inbox/s001/lab6.ipynb").write_text(json.dumps(notebook))
    grade(root)
    return root


@pytest.fixture
def course(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "course")


def grade(root, *options):
    run(root, "grade", "inbox", "-o", "out", *options)
    return report(root)


def report(root):
    return read_report(newest_reports(root / "out")["s001"])


def durations(one):
    return {check.id: check.duration for item in one.items for check in item.checks}


def test_other_points_ask_nothing_again(course):
    before = report(course)
    edit(course / "source/lab6/assignment.toml", "points = 10", "points = 20")
    for old, new in (('"points": 10', '"points": 20'), ("10 points", "20 points")):
        edit(course / "source/lab6/lab6.ipynb", old, new)
    after = grade(course, "--resume")
    assert (before.score.final, after.score.final) == (10, 20)
    assert durations(after) == durations(before)
    assert after.grader.config_sha256 != before.grader.config_sha256


def test_a_new_question_is_asked_and_the_others_are_kept(course):
    before = report(course)
    definition = course / "source/lab6/assignment.toml"
    definition.write_text(definition.read_text() + SECOND)
    questions = course / "source/lab6/questions.py"
    questions.write_text(questions.read_text().partition("QUESTIONS = ")[0] + AGAIN)
    after = grade(course, "--resume")
    known, now = durations(before), durations(after)
    assert now.keys() == {"centred-by-hand", "centred-again"}
    assert now["centred-by-hand"] == known["centred-by-hand"]
    assert [check.max_score for check in after.items[0].checks] == [2.5, 7.5]
    assert after.score.final == 10


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("source/lab6/questions.py", "[3.0, 30.0]", "[3.0, 30.0 ]"),
        ("source/lab6/assignment.toml", "[limits.default]", "[limits.default]\ncpu_seconds = 11"),
    ],
)
def test_what_decides_a_finding_is_asked_again(course, file, old, new):
    before = report(course)
    if file.endswith("py"):
        new = "[3.0, 30.0], [2.0, 20.0]"
        edit(course / file, "[-1.0, -10.0], [1.0, 10.0]", "[-1.0, -10.0], [1.0, 10.0], [0.0, 0.0]")
    edit(course / file, old, new)
    after = grade(course, "--resume")
    assert durations(after) != durations(before)
    assert after.score.final == 10


def test_another_seed_or_no_resume_asks_all_again(course):
    before = report(course)
    edit(course / "source/lab6/assignment.toml", 'title = "Centre the columns"', 'title = "Centre"')
    assert durations(grade(course)) != durations(before)
    again = report(course)
    edit(course / "source/lab6/assignment.toml", 'title = "Centre"', 'title = "Centre them"')
    assert durations(grade(course, "--resume", "--seed", "5")) != durations(again)


def test_a_student_s_new_files_are_asked_everything(course):
    notebook = course / "inbox/s001/lab6.ipynb"
    edit(notebook, "x.mean(axis=0)", "x.mean()")
    after = grade(course, "--resume")
    assert (after.score.final, after.submission.attempt) == (0, 2)
