"""What a question depends on: a change of that is one of the question, and of no other."""

import shutil
from pathlib import Path

import pytest

from autograder.authoring.dependence import EVERYTHING, code_of_entries
from autograder.course import find_course
from autograder.errors import AssignmentError

VISIBLE = '''
"""A docstring."""
import numpy as np
from elsewhere import helper
LIMIT = 3
def shared(x): return x + LIMIT
def alone(x): return x
QUESTIONS = {"one": shared, "two": [alone, 5], "three": lambda: np.zeros(3)}
'''
HIDDEN = """
from . import visible
from .more import far as near, unused
QUESTIONS = {"four": visible.alone, "five": near(2), "six": visible}
"""
MORE = """
STEP = 1
def far(x): return x + STEP
def unused(): return 2
"""


@pytest.fixture
def codes(tmp_path):
    def read(module, **texts):
        paths = {}
        for name, text in {"visible": VISIBLE, "hidden": HIDDEN, "more": MORE, **texts}.items():
            paths[name] = tmp_path / f"{name}.py"
            paths[name].write_text(text)
        return code_of_entries(paths, module, "QUESTIONS")

    return read


def changed(codes, module, name, *texts_of_change):
    """The entries that a change of a module's text changes."""
    (old, new), texts = texts_of_change, {"visible": VISIBLE, "hidden": HIDDEN, "more": MORE}
    assert old in texts[name]
    before, after = codes(module), codes(module, **{name: texts[name].replace(old, new)})
    return {entry for entry in before if before[entry] != after[entry]} - {EVERYTHING}


CHANGES = [
    ("visible", "visible", "LIMIT = 3", "LIMIT = 4", {"one"}),
    ("visible", "visible", "def alone(x): return x", "def alone(x): return -x", {"two"}),
    ("visible", "visible", "5]", "6]", {"two"}),
    ("visible", "visible", "import numpy as np", "import numpy.ma as np", {"three"}),
    ("visible", "visible", "from elsewhere import helper", "from elsewhere import other", set()),
    ("visible", "visible", "A docstring", "Another", set()),
    ("visible", "visible", "LIMIT = 3", "LIMIT = 3  # a comment", set()),
    ("visible", "visible", "LIMIT = 3", "LIMIT = 3\nprint()", {"one", "two", "three"}),
    ("visible", "visible", "LIMIT = 3", "LIMIT = 3\nnp.x = 2", {"one", "two", "three"}),
    ("hidden", "visible", "LIMIT = 3", "LIMIT = 4", {"six"}),
    ("hidden", "visible", "def alone(x): return x", "def alone(x): return -x", {"four", "six"}),
    ("hidden", "more", "STEP = 1", "STEP = 2", {"five"}),
    ("hidden", "more", "return 2", "return 3", set()),
    ("hidden", "hidden", "near(2)", "near(3)", {"five"}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_reaches_the_questions_that_use_it(codes, change):
    *where, entries = change
    assert changed(codes, *where) == entries


def test_a_star_import_brings_all(codes):
    hidden = "from .more import *\nQUESTIONS = {'a': 1}"
    before = codes("hidden", hidden=hidden)["a"]
    assert codes("hidden", hidden=hidden, more=MORE + "x = 1")["a"] != before


@pytest.mark.parametrize(
    "table",
    [
        "QUESTIONS = dict(one=shared)",
        "QUESTIONS = {name: shared for name in 'ab'}",
        "QUESTIONS = {'one': shared}\nQUESTIONS['two'] = alone",
        "QUESTIONS = {'one': shared}\nQUESTIONS |= {'two': alone}",
    ],
)
def test_another_table_than_a_plain_dict_depends_on_everything(codes, table):
    text = VISIBLE.partition("QUESTIONS")[0]
    found = codes("visible", visible=text + table)
    assert set(found) == {EVERYTHING}
    assert "def alone" in found[EVERYTHING]


def test_code_that_does_not_parse_is_named_with_its_line(codes, tmp_path):
    with pytest.raises(AssignmentError, match=r"more\.py:2: "):
        codes("hidden", more="x = 1\nx = (")


COURSE = Path(__file__).parents[1] / "publish/course"


def test_a_check_asks_something_else_if_its_own_question_changes(tmp_path):
    root = shutil.copytree(COURSE, tmp_path / "course", ignore=shutil.ignore_patterns("__pycache__"))
    before = find_course(root, "affine").asked()
    definition = root / "source/affine/assignment.toml"
    definition.write_text(definition.read_text().replace("points = ", "points = 1"))
    assert find_course(root, "affine").asked() == before
    hidden = root / "reference/affine/questions.py"
    hidden.write_text(hidden.read_text().replace("1e-", "2e-"))
    after = find_course(root, "affine").asked()
    differing = {name for name in before if before[name] != after[name]}
    assert differing
    assert differing < set(before)
