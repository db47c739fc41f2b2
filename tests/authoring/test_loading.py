"""An assignment's own modules: what they define, and what is said of those that can't be loaded."""

import pytest

from autograder.authoring.loading import load_authored
from autograder.errors import AssignmentError


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("QUESTIONS = [", r"questions\.py:1: can't be loaded: SyntaxError"),
        ("\nimport nowhere_to_be_found", r"questions\.py:2: can't be loaded: ModuleNotFoundError"),
        ("def f():\n    return 1 / 0\n\nf()", r"questions\.py:2: can't be loaded: ZeroDivisionError"),
        ("import sys\nsys.exit(3)", r"questions\.py:2: can't be loaded: SystemExit: 3"),
        ("from . import nothing", "cannot import name 'nothing' from 'test_broken"),
        ("x = 1", "must define a table QUESTIONS"),
        ("QUESTIONS = [1]", "QUESTIONS is a list, expected a dict"),
        ("QUESTIONS = {'a': 1}", r"QUESTIONS\['a'\] is an int, expected a record of autograder\.authoring"),
        ("QUESTIONS = {}\nKINDS = {'a': 1}", r"KINDS\['a'\] is an int, expected a CheckKind"),
        (
            "QUESTIONS = {}\nFROZEN = {'a': 1}",
            r"FROZEN\['a'\] is an int, expected a function",
        ),
    ],
)
def test_broken_questions_are_named(tmp_path, content, says):
    path = tmp_path / "questions.py"
    path.write_text(content)
    with pytest.raises(AssignmentError, match=says):
        load_authored(path)


def test_an_error_in_a_neighbour_is_placed_there(tmp_path):
    (tmp_path / "questions.py").write_text("from . import beside\nQUESTIONS = {}")
    (tmp_path / "beside.py").write_text("\n\n1 / 0")
    with pytest.raises(AssignmentError, match=r"beside\.py:3: can't be loaded: ZeroDivisionError"):
        load_authored(tmp_path / "questions.py")


def test_a_module_that_is_not_there(tmp_path):
    with pytest.raises(AssignmentError, match=r"questions\.py: no such file\n  assignment\.toml names it"):
        load_authored(tmp_path / "questions.py")


def test_two_questions_of_one_name(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "questions.py").write_text(
            "from autograder.authoring import Probe\nQUESTIONS = {'q': Probe(judge=None)}"
        )
    with pytest.raises(AssignmentError, match="defines `q`, which"):
        load_authored(tmp_path / "a/questions.py", tmp_path / "b/questions.py")


def test_the_hidden_module_finds_the_visible_one_and_its_neighbours(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    probe = "from autograder.authoring import Probe\n"
    (tmp_path / "a/questions.py").write_text(probe + "QUESTIONS = {'seen': Probe(judge=None)}\nX = 1")
    (tmp_path / "b/beside.py").write_text("Y = 2")
    (tmp_path / "b/questions.py").write_text(
        probe
        + "from . import beside, visible\n"
        + "QUESTIONS = {'hidden': Probe(judge=None, samples=visible.X + beside.Y)}"
    )
    authored = load_authored(tmp_path / "a/questions.py", tmp_path / "b/questions.py")
    assert authored.visible == {"seen"}
    assert authored.questions["hidden"].samples == 3
