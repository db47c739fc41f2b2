"""An author's mistakes are found before anything is graded, with their places and the nearest names."""

import json
import shutil
from pathlib import Path

import pytest

from autograder.course import find_course
from autograder.errors import AssignmentError
from autograder.grading.preflight import require_sound
from autograder.grading.setup import kinds_of

ROOT = Path(__file__).parents[2]
COURSE = ROOT / "tests/publish/course"
TOML, NOTEBOOK = "source/affine/assignment.toml", "source/affine/affine.ipynb"
VISIBLE, HIDDEN = "source/affine/questions.py", "reference/affine/questions.py"


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    shutil.copytree(COURSE, root, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def problems(root, assignment="affine"):
    found = find_course(root, assignment)
    with pytest.raises(AssignmentError) as error:
        require_sound(found, kinds_of(found))
    return error.value.message


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


@pytest.mark.parametrize(("root", "name"), [(ROOT, "hw5"), (COURSE, "affine")])
def test_what_stands_here_is_sound(root, name):
    course = find_course(root, name)
    require_sound(course, kinds_of(course))


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        pytest.param(
            TOML,
            '["by-hand"]',
            '["by-hnd"]',
            "assignment.toml:33: `affine-forward`: `forward-by-hand`: there is no question `by-hnd`; "
            "did you mean `by-hand`?",
            id="a question that is not there",
        ),
        pytest.param(
            TOML,
            'questions = ["by-hand"]\nvisible',
            'questions = ["by-hand", "forward"]\nvisible',
            "`forward-by-hand`: is visible and asks the hidden question `forward`",
            id="a visible check that asks a hidden question",
        ),
        pytest.param(
            TOML,
            'kind = "outputs"\nid = "forward-by-hand"\nquestions = ["by-hand"]',
            'kind = "probe"\nid = "forward-by-hand"\nquestion = "by-hand"',
            "the question `by-hand` is a Comparison, but the kind `probe` asks a Probe",
            id="a question of another type",
        ),
        pytest.param(
            TOML,
            'questions = ["forward"]',
            'questions = ["forward"]\noutput = "outt"',
            ":40: `affine-forward`: `forward-hidden`: the question `forward` has no output `outt`; "
            "did you mean `out`?",
            id="an output that is not there",
        ),
        pytest.param(
            TOML,
            'questions = ["forward"]',
            'questions = ["forward"]\nregimes = ["falt"]',
            "the question `forward` has no case of the regime `falt`; did you mean `flat`?",
            id="a regime that is not there",
        ),
        pytest.param(
            VISIBLE,
            'outputs=("out",)',
            "outputs=()",
            "the question `by-hand` has no output, so nothing is compared",
            id="a comparison of nothing",
        ),
        pytest.param(
            VISIBLE,
            "    return [Case(",
            "    return [][:0] and [Case(",
            "the question `by-hand` has no case, so nothing is compared",
            id="a comparison without a case",
        ),
        pytest.param(
            VISIBLE,
            "def _by_hand(_):\n",
            "def _by_hand(_):\n    1 / 0\n",
            "the question `by-hand` can't draw its cases: ZeroDivisionError",
            id="cases that can't be drawn",
        ),
        pytest.param(
            TOML,
            'definitions = ["affine_forward"]',
            'definitions = ["affine_foward"]',
            "assignment.toml:7: affine.ipynb defines no `affine_foward`",
            id="a definition that names nothing",
        ),
        pytest.param(
            TOML,
            'cells = ["try-it"]',
            'cells = ["try-int"]',
            "`run-order-stored`: no cell of affine.ipynb is called `try-int`; did you mean `try-it`?",
            id="a cell that is not there",
        ),
        pytest.param(
            TOML,
            'id = "affine-forward"\ntitle',
            'id = "affine-foward"\ntitle',
            ":25: `affine-foward`: no graded cell of affine.ipynb has this grade_id; "
            "did you mean `affine-forward`?",
            id="an item without its cell",
        ),
        pytest.param(
            TOML,
            'id = "affine-forward"\ntitle',
            'id = "affine-foward"\ntitle',
            "affine.ipynb, cell 5: is graded as `affine-forward`, but no item has this id; "
            "did you mean `affine-foward`?",
            id="a cell without its item",
        ),
        pytest.param(
            TOML,
            "points = 6",
            "points = 7",
            "`affine-forward`: points = 7, but the metadata of",
            id="points that differ from the metadata",
        ),
        pytest.param(
            NOTEBOOK,
            "Print it to a PDF (1 point).",
            "Print it to a PDF (2 points).",
            "says “2 points”",
            id="points that differ from the text",
        ),
        pytest.param(
            TOML,
            'questions = ["forward"]\nweight = 2',
            'questions = ["by-hand"]\nvisible = true\nweight = 2',
            "affine.ipynb, cell 5: only nbgrader runs the HIDDEN TESTS of `affine-forward`; "
            "expected a hidden check",
            id="hidden tests without a hidden check",
        ),
        pytest.param(
            TOML,
            '["affine_code"]',
            '["other_code"]',
            "other_code: no such folder; [sandbox] support names it",
            id="a support folder that is not there",
        ),
        pytest.param(
            TOML,
            'preamble = ["import numpy as np"]',
            'withheld = ["affine_code.nothing_*"]',
            "withheld = 'affine_code.nothing_*' names nothing in the support code",
            id="a pattern that withholds nothing",
        ),
        pytest.param(
            TOML,
            'preamble = ["import numpy as np"]',
            'withheld = ["affine_cod.describe"]',
            "did you mean `affine_code`?",
            id="a module that is not in the support code",
        ),
        pytest.param(
            TOML,
            "[limits.default]",
            '[data]\nfolder = "d"\nmarker = "m"\nurl = "u"\nmd5 = "0"\nbytes = 1\nreader = "read.py"\n'
            'generator = "make.py"\n[limits.default]',
            "read.py: no such file; [data] reader names it",
            id="a reader that is not there",
        ),
        pytest.param(
            HIDDEN,
            '"expected.npz"',
            '"outputs.npz"',
            "outputs.npz: no such file; `autograder freeze affine` writes it",
            id="outputs that were not frozen",
        ),
        pytest.param(
            TOML,
            'notebook = "affine.ipynb"',
            'notebook = "other.ipynb"',
            "other.ipynb: no such file",
            id="a notebook that is not there",
        ),
        pytest.param(NOTEBOOK, '"cells"', '"sells"', "is not a notebook", id="a notebook without cells"),
    ],
)
def test_a_mistake_is_found(course, file, before, after, says):
    edit(course / file, before, after)
    assert says in problems(course)


def test_all_mistakes_are_said_at_once(course):
    edit(course / TOML, '["by-hand"]', '["by-hnd"]')
    edit(course / TOML, 'cells = ["try-it"]', 'cells = ["try-int"]')
    edit(course / TOML, "points = 6", "points = 7")
    assert len(problems(course).splitlines()) == 3


def test_a_timing_of_nothing(course):
    edit(course / VISIBLE, "Comparison, Expected", "Comparison, Expected, Timing")
    edit(
        course / VISIBLE,
        "QUESTIONS = {",
        'QUESTIONS = {"race": Timing(comparisons=(), plain=None, plain_elements=1), ',
    )
    edit(
        course / TOML,
        'kind = "outputs"\nid = "forward-by-hand"\nquestions = ["by-hand"]',
        'kind = "speed"\nid = "forward-by-hand"\nquestion = "race"\nmin_ratio = 2',
    )
    assert "the question `race` has nothing to time" in problems(course)


def test_without_the_source_notebook_the_release_s_is_looked_at(course):
    release = course / "release/affine"
    release.mkdir(parents=True)
    (course / NOTEBOOK).rename(release / "affine.ipynb")
    found = find_course(course, "affine")
    require_sound(found, kinds_of(found))


def test_a_cell_s_grade_id_that_is_no_text_is_no_crash(course):
    notebook = json.loads((course / NOTEBOOK).read_text())
    notebook["cells"][0]["metadata"] = []
    (course / NOTEBOOK).write_text(json.dumps(notebook))
    assert "is not a notebook" in problems(course)
