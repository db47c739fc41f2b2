"""A new assignment works at once: it builds, proves itself, is checked, and grades."""

import json
import subprocess
import sys

import pytest

from autograder.errors import UsageError
from autograder.publish.new import new_assignment
from autograder.report import newest_reports


def run(*arguments, cwd):
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def test_it_builds_proves_and_grades_at_once(tmp_path):
    made = run("new", "lab6", cwd=tmp_path)
    assert "assignment.toml, lab6.ipynb, questions.py" in made.stdout
    built = run("release", "lab6", cwd=tmp_path)
    assert "the solved source earns 10 of 10 points" in built.stdout, built.stderr
    assert "the untouched release earns 0 of 10 points" in built.stdout
    for name, solution in (("s001", "x - x.mean(axis=0)"), ("s002", "x - x.mean()")):
        notebook = json.loads((tmp_path / "release/lab6/lab6.ipynb").read_text())
        notebook["cells"][1]["source"] = f"import numpy as np\ndef centred(x):\n    return {solution}"
        (tmp_path / "inbox" / name).mkdir(parents=True)
        (tmp_path / "inbox" / name / "lab6.ipynb").write_text(json.dumps(notebook))
    graded = run("grade", "inbox", "-o", "out", cwd=tmp_path)
    assert graded.returncode == 0, graded.stderr
    reports = [json.loads(path.read_text()) for path in newest_reports(tmp_path / "out").values()]
    assert [report["score"]["final"] for report in reports] == [10, 0]


def test_the_course_s_folder_is_made(tmp_path):
    made = run("new", "lab6", "--course", "courses/spring", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "courses/spring/source/lab6/assignment.toml").exists()


def test_one_that_is_there_already_is_left_alone(tmp_path):
    folder = new_assignment(tmp_path, "lab6")
    (folder / "questions.py").write_text("mine")
    with pytest.raises(UsageError, match="lab6: already exists\n  Choose another id"):
        new_assignment(tmp_path, "lab6")
    assert (folder / "questions.py").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "Lab 6", "../lab6", "-lab", "lab.6", "übung"])
def test_an_id_that_can_t_be_a_folder_everywhere(tmp_path, name):
    with pytest.raises(UsageError, match="can't be an assignment's id\n  Expected lower-case letters"):
        new_assignment(tmp_path, name)
    assert list(tmp_path.iterdir()) == []
