"""What goes out beside the notebook, what stays, and the lines that name what stays."""

import json
import shutil

import pytest
from click.testing import CliRunner

from autograder.cli import cli
from autograder.course import find_course
from autograder.errors import AssignmentError, ReleaseError
from autograder.publish import build
from autograder.publish.build import release_files
from autograder.publish.handout import dangling, left_out

PICTURE = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def source(course):
    """The source folder, with files of kinds that are no support code."""
    folder = course / "source/affine"
    for name in ("figures/net.png", "figures/two words.png", "affine_code/table.csv", "data.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(PICTURE)
    return folder


def hand_out(source, *patterns):
    definition = source / "assignment.toml"
    definition.write_text(f"hand_out = {json.dumps(patterns)}\n" + definition.read_text())


def say(source, text):
    """Put a text into the notebook's first cell."""
    path = source / "affine.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = f"# Affine\n\n{text}\n"
    path.write_text(json.dumps(notebook))


def test_what_is_left_out_is_named(course, source):
    built = build(course, "affine", course / "release")
    assert built.left_out == (
        "affine_code/table.csv",
        "data.json",
        "figures/net.png",
        "figures/two words.png",
    )


def test_the_command_names_what_is_left_out(course, source):
    done = CliRunner().invoke(cli, ["release", "--no-prove", "--course", str(course)])
    assert done.exit_code == 0, done.output
    assert (
        "left out (hand_out in assignment.toml can name them): affine_code/table.csv, data.json"
        in done.output
    )


def test_the_command_says_nothing_where_nothing_is_left_out(course):
    done = CliRunner().invoke(cli, ["release", "--no-prove", "--course", str(course)])
    assert done.exit_code == 0, done.output
    assert "left out" not in done.output


def test_hand_out_names_what_goes_out_at_its_place(course, source):
    hand_out(source, "figures/*", "affine_code/table.csv")
    files = release_files(course, "affine")
    assert files["figures/net.png"] == files["affine_code/table.csv"] == PICTURE
    assert left_out(find_course(course, "affine"), files) == ["data.json"]


def test_hand_out_never_gives_the_definition_or_the_source_notebook(course, source):
    before = release_files(course, "affine")
    hand_out(source, "*")
    files = release_files(course, "affine")
    assert files["affine.ipynb"] == before["affine.ipynb"]
    assert {"assignment.toml", "README.student.md", "questions.py"}.isdisjoint(files)


def test_hand_out_is_searched_for_leaks(course, source):
    shutil.copy(course / "reference/affine/expected.npz", source / "data.npz")
    hand_out(source, "data.npz")
    with pytest.raises(ReleaseError, match=r"would give away"):
        release_files(course, "affine")


def test_a_pattern_that_names_nothing_is_refused_with_its_line(course, source):
    hand_out(source, "figures/nets.png")
    with pytest.raises(AssignmentError) as refused:
        release_files(course, "affine")
    place = f"{source / 'assignment.toml'}:1: "
    assert refused.value.message.startswith(
        f"{place}hand_out = 'figures/nets.png' names no file here; did you mean"
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("![the net](figures/net.png)", "figures/net.png"),
        ('<img src="./figures/net.png" width=10>', "figures/net.png"),
        ("![](figures/two%20words.png)", "figures/two words.png"),
        ("The numbers are in `data.json`.", "data.json"),
        ("see net.png", "net.png"),
    ],
)
def test_a_line_that_names_a_file_which_stays_is_refused(course, source, text, named):
    say(source, text)
    with pytest.raises(ReleaseError) as refused:
        release_files(course, "affine")
    assert refused.value.message == (
        f"affine.ipynb, cell 1, line 3: names `{named}`, which students would not receive"
    )
    assert refused.value.hint.startswith("Name each of these files in hand_out in ")


def test_support_code_that_opens_a_file_which_stays_is_refused(course, source):
    module = source / "affine_code/__init__.py"
    module.write_text(module.read_text() + "\nTABLE = open('table.csv')\n")
    with pytest.raises(ReleaseError, match=r"affine_code/__init__\.py:\d+: names `table\.csv`"):
        release_files(course, "affine")
    hand_out(source, "affine_code/*.csv")
    assert "affine_code/table.csv" in release_files(course, "affine")


@pytest.mark.parametrize("line", ["my-net.png", "net.pngs", "net_png", "subnet.png"])
def test_other_names_are_left_alone(line):
    assert list(dangling({"README.md": line.encode()}, ["figures/net.png"])) == []


def test_a_last_part_that_a_released_file_has_too_is_no_name_of_the_other():
    released = {"README.md": b"This is README.md.\nnotes/README.md"}
    (problem,) = dangling(released, ["notes/README.md"])
    assert problem == "README.md:2: names `notes/README.md`, which students would not receive"
