"""Finding an assignment: a course, a release, and what is said where there is none."""

from pathlib import Path

import pytest

from autograder.course import find_course, find_release
from autograder.errors import AssignmentError, UsageError

ROOT = Path(__file__).parents[1]
MINIMAL = """
id = "{id}"
title = "Tiny"
version = "1"
notebook = "tiny.ipynb"
definitions = ["f"]
[files]
rules = [{{ suffix = ".ipynb" }}]
[limits.default]
[[items]]
id = "f"
title = "f"
step = 1
points = 3
checks = [{{ kind = "files", id = "files" }}]
"""


def write(folder, name):
    folder.mkdir(parents=True)
    (folder / "assignment.toml").write_text(MINIMAL.format(id=name))


def test_a_folder_without_a_course(tmp_path):
    with pytest.raises(UsageError, match=r"no source/<assignment>/assignment\.toml here"):
        find_course(tmp_path)


def test_a_course_without_that_assignment():
    with pytest.raises(UsageError, match="has no assignment `hw9`"):
        find_course(ROOT, "hw9")


def test_a_choice_between_two(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / "source" / name, name)
    with pytest.raises(UsageError, match="Choose one"):
        find_course(tmp_path)
    assert find_course(tmp_path, "b").assignment.id == "b"


def test_an_id_that_is_not_the_folders(tmp_path):
    write(tmp_path / "source" / "a", "tiny")
    with pytest.raises(AssignmentError, match="id is `tiny`, its folder `a`"):
        find_course(tmp_path)


def test_a_folder_without_a_release(tmp_path):
    with pytest.raises(UsageError, match="unpacked homework folder"):
        find_release(tmp_path)


def test_the_visible_part_holds_no_hidden_check():
    assignment = find_course(ROOT, "hw5").assignment
    visible = assignment.visible_part()
    assert all(check.visible for item in visible.items for check in item.checks)
    assert assignment.max_score == 100
    assert [item.points for item in assignment.items if item.extra_credit] == [10]
