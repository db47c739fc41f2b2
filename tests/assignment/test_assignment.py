"""An assignment.toml is read strictly, and whatever is wrong in it is said with its line."""

from pathlib import Path

import pytest

from autograder.assignment import read_assignment, read_table
from autograder.assignment.lines import line_of
from autograder.errors import AssignmentError

GOOD = """
id = "tiny"
title = "Tiny"
version = "1"
notebook = "tiny.ipynb"
definitions = ["f"]
[files]
rules = [{ suffix = ".ipynb" }]
[limits.default]
[[items]]
id = "f"
title = "f"
step = 1
points = 3
[[items.checks]]
kind = "files"
id = "files"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "assignment.toml"
    path.write_text(text)
    return path


def test_a_good_one_reads(tmp_path):
    assignment = read_assignment(write(tmp_path, GOOD))
    assert assignment.max_score == 3
    assert assignment.items[0].checks[0].weight == 1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("[limits.default]", "[limits.default"), ":9: not valid TOML"),
        (("points = 3", "points = 3\npoints = 4"), ":15: not valid TOML"),
        (("[[items.checks]]", "[items.checks]"), ":15: `f`: expected a list of tables: [[items.checks]]"),
        (("[[items]]", "[items]"), ":10: expected a list of tables: [[items]]"),
        (('title = "Tiny"', 'titel = "Tiny"'), ":3: unknown key `titel`; did you mean `title`?"),
        (("[limits.default]", "[limits.default]\nmemory = 3"), "did you mean `memory_mb`?"),
        (
            ("[limits.default]", "[limits.default]\nopen_files = 0"),
            ":10: Expected `int` >= 1",
        ),
        (
            ('kind = "files"', 'kind = "comments"\nfull_coverage = 0\ndefinitions = ["f"]'),
            ":17: `f`: check files of kind comments: Expected `float` > 0.0",
        ),
        (
            ('kind = "files"', 'kind = "outputs"\nquestions = []'),
            ":17: `f`: `files`: questions is empty, so nothing would be judged",
        ),
        (("points = 3", "points = nan"), ":14: `f`: Expected `float` >= 0.0"),
        (("step = 1", "step = 1\nchecs = 2"), ":14: `f`: unknown key `checs`; did you mean `checks`?"),
        (("step = 1", 'step = "one"'), ":13: `f`: Expected `int`, got `str`"),
        (("points = 3", 'points = "3"'), ":14: `f`: Expected `float`, got `str`"),
        (("points = 3", "points = -3"), ":14: `f`: Expected `float` >= 0.0"),
        (('kind = "files"', 'kind = "filez"'), ":16: `f`: kind = 'filez'; did you mean `files`?"),
        (('kind = "files"', "kind = 7"), "known are: comments, files, manual,"),
        (
            ('id = "files"', 'id = "files"\nwieght = 1'),
            ":18: `f`: check files of kind files: unknown key `wieght`; did you mean `weight`?",
        ),
        (
            ('id = "files"', 'id = "files"\nlimits = "huge"'),
            ":18: `f`: `files`: limits = 'huge'; known are: default",
        ),
        (
            ('title = "Tiny"', 'title = "Tiny"\ndue_at = "2027-03-01T23:59:00"'),
            ":4: due_at = '2027-03-01T23:59:00', expected a time with its zone",
        ),
        (('title = "Tiny"', 'title = "Tiny"\ndue_at = "soon"'), "expected a time with its zone"),
        (
            ('title = "Tiny"', 'title = "Tiny"\ndue_at = 2027-03-01T23:59:00'),
            ":4: due_at = '2027-03-01T23:59:00', expected a time with its zone",
        ),
        (('title = "Tiny"', 'title = "Tiny"\ndue_at = 2027-03-01'), "expected a time with its zone"),
        (
            ('title = "Tiny"', 'title = "Tiny"\nbudget_seconds = 5'),
            "must be at least the longest wall_seconds",
        ),
        (('kind = "files"', 'kind = "pdf"'), "needs `pypdf` among the tools of [sandbox]"),
        (('id = "files"', 'id = "files"\nweight = 0'), "at least one check with a positive weight"),
        (
            (
                'id = "files"',
                'id = "files"\nweight = -1\n[[items.checks]]\nkind = "files"\nid = "b"\nweight = 2',
            ),
            ":18: `f`: check files of kind files: Expected `float` >= 0.0",
        ),
        (('suffix = ".ipynb"', 'suffix = ".pdf"'), 'one of the rules must have suffix = ".ipynb"'),
        (("[limits.default]", "[limits.other]"), "known are: other"),
        (
            ("[limits.default]", "[limits.default]\ncpu_seconds = 10\nwall_seconds = 29"),
            "[limits.default]: wall_seconds = 29 must be at least 3 times cpu_seconds = 10",
        ),
        (
            ('id = "files"', 'id = "files"\n[[items.checks]]\nkind = "files"\nid = "files"'),
            "two checks are called `files`",
        ),
    ],
)
def test_a_broken_one_says_where(tmp_path, change, says):
    path = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(AssignmentError) as error:
        read_assignment(path)
    assert str(path) in str(error.value)
    assert says in str(error.value)


def test_all_that_is_wrong_is_said_at_once(tmp_path):
    text = GOOD.replace("[files]", "budget_seconds = 5\n[files]").replace(
        "[limits.default]", "[limits.other]"
    )
    with pytest.raises(AssignmentError) as error:
        read_assignment(write(tmp_path, text))
    assert error.value.message.count("assignment.toml:") == 3


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("a",), 1),
        (("t", "x"), 4),
        (("t", "absent"), 3),
        (("rows", 1, "x"), 8),
        (("rows", 1, "inner", 0, "y"), 10),
        (("rows", 1, "inner", 1), 11),
        (("limits", "...", "z"), 13),
        (("nowhere",), 1),
    ],
)
def test_a_place_has_its_line(place, line):
    text = (
        "a = 1\n# b\n[t]\nx = [\n]\n[[rows]]\n[[rows]]  # two\nx = 2\n"
        "[[rows.inner]]\ny = 1\n[[rows.inner]]\n[limits.big]\nz = 1\n"
    )
    assert line_of(text, place) == line


def test_one_that_is_not_there(tmp_path):
    with pytest.raises(AssignmentError, match="can't be read"):
        read_assignment(tmp_path / "assignment.toml")


def test_a_byte_order_mark_before_the_definition_is_no_error(tmp_path):
    source = next((Path(__file__).parents[2] / "source").glob("*/assignment.toml"))
    marked = tmp_path / "assignment.toml"
    marked.write_bytes(b"\xef\xbb\xbf" + source.read_bytes())
    assert read_table(marked) == read_table(source)


def test_a_due_date_may_be_one_of_toml_s_own_times(tmp_path):
    text = GOOD.replace('title = "Tiny"', 'title = "Tiny"\ndue_at = 2027-03-01T23:59:00+01:00')
    assert read_assignment(write(tmp_path, text)).due_at == "2027-03-01T23:59:00+01:00"
