"""Delimiters that are almost right, and attachments that the released text does not show."""

import json
import shutil
from pathlib import Path

import pytest

from autograder.errors import ReleaseError
from autograder.publish.delimiters import near_misses
from autograder.publish.notebook import student_notebook

COURSE = Path(__file__).parent / "course"
NEAR = {
    "### begin solution": "BEGIN SOLUTION",
    "### Begin Solution": "BEGIN SOLUTION",
    "###  BEGIN  SOLUTION": "BEGIN SOLUTION",
    "### BEGIN_SOLUTION": "BEGIN SOLUTION",
    "### BEGIN SOLUTON": "BEGIN SOLUTION",
    "# end solution": "END SOLUTION",
    "### BEGIN HIDDEN TEST": "BEGIN HIDDEN TESTS",
    "### START HIDDEN TESTS": "BEGIN HIDDEN TESTS",
    "### BEGIN TESTS": "BEGIN HIDDEN TESTS",
    "    ### end hidden tests": "END HIDDEN TESTS",
    "=== Begin Mark Scheme ===": "BEGIN MARK SCHEME",
    "=== BEGIN MARKING SCHEME ===": "BEGIN MARK SCHEME",
    "<!-- end mark scheme -->": "END MARK SCHEME",
}


@pytest.mark.parametrize("line", NEAR)
def test_a_near_miss_is_named_with_its_place_and_what_was_meant(line):
    (problem,) = near_misses([{"source": "x = 1"}, {"source": f"y = 1\n{line}\nz = 2"}])
    assert problem.startswith(f"cell 2, line 2: {line.strip()!r} is no delimiter")
    assert f"did you mean `{NEAR[line]}`?" in problem


@pytest.mark.parametrize(
    "line",
    [
        "### BEGIN SOLUTION",
        "# BEGIN SOLUTION",
        "#BEGIN HIDDEN TESTS",
        "=== END MARK SCHEME ===",
        "# begin with the border",
        "# the end of the loop",
        "# end",
        "# this solution begins with the sizes",
        "solution = begin(1)",
        "# Test the solution",
    ],
)
def test_right_delimiters_and_other_comments_are_left_alone(line):
    assert list(near_misses([{"source": line}])) == []


def course_with(tmp_path, change):
    folder = shutil.copytree(COURSE, tmp_path / "course")
    (source,) = (folder / "source").rglob("*.ipynb")
    notebook = json.loads(source.read_text())
    change(notebook["cells"])
    source.write_text(json.dumps(notebook))
    return source


def test_a_release_refuses_a_near_miss_with_the_file(tmp_path):
    pytest.importorskip("nbgrader")

    def change(cells):
        cells[-1]["source"] = "### Begin Solution\n1\n### End Solution"

    source = course_with(tmp_path, change)
    with pytest.raises(ReleaseError) as met:
        student_notebook(source, tmp_path / "none.py")
    assert met.value.message.count(f"{source}: cell ") == 2
    assert "would reach the students" in met.value.hint


def test_attachments_that_the_released_text_does_not_show_are_dropped(tmp_path):
    pytest.importorskip("nbgrader")
    picture = {"image/png": "iVBORw0KGgo="}

    def change(cells):
        text = "Draw it: ![](attachment:task.png)"
        more = {"attachments": {"task.png": picture, "solution.png": picture}}
        cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": text, "id": "drawn", **more})

    made = json.loads(student_notebook(course_with(tmp_path, change), tmp_path / "none.py"))
    assert list(made["cells"][0]["attachments"]) == ["task.png"]
    assert "solution.png" not in json.dumps(made)
