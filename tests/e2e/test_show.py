"""`autograder show`: a report in a terminal of any width, in a pipe, and beside broken ones."""

import os
import subprocess
import sys

import pytest
from classroom import report, write
from rich.cells import cell_len


def show(*arguments, **environment):
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
    command = [sys.executable, "-m", "autograder", "show", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env | environment)


def test_points_reasons_the_first_failing_case_and_the_total(tmp_path):
    (path,) = write(tmp_path, report("s001"))
    done = show(path)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    for words in (
        "✗ The smoothing function 10 / 20 The ends are 0 where 2 was expected.",
        "? Comments in the code 7 / 10",
        "first: smooth-check",
        "expected yours │ │ [2 3 2]",
        "looks like ends-left-out: Which values has the first one beside it?",
        "s001: Graded, except for what a person has yet to judge. 17 of 35 points.",
    ):
        assert words in said, words


@pytest.mark.parametrize(("columns", "most"), [(None, 80), ("80", 80), ("60", 60), ("120", 120)])
def test_no_line_is_wider_than_the_terminal_and_a_pipe_has_no_colours(tmp_path, columns, most):
    (path,) = write(tmp_path, report("s001"))
    done = show(path, **({"COLUMNS": columns} if columns else {}))
    assert max(map(cell_len, done.stdout.splitlines())) <= most
    assert "\x1b" not in done.stdout


def test_a_terminal_without_colours_gets_none(tmp_path):
    (path,) = write(tmp_path, report("s001"))
    coloured = show(path, FORCE_COLOR="1", TERM="xterm-256color")
    plain = show(path, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1")
    assert "\x1b[3" in coloured.stdout
    assert "\x1b[3" not in plain.stdout


def test_a_terminal_that_has_ascii_alone_gets_plain_signs(tmp_path):
    (path,) = write(tmp_path, report("s001"))
    done = show(path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "x  The smoothing function" in done.stdout


def test_a_folder_shows_all_and_what_can_t_be_read_is_named(tmp_path):
    write(tmp_path, report("s001"), report("s002"))
    (tmp_path / "reports" / "s003").mkdir()
    (tmp_path / "reports" / "s003" / "1.json").write_text("[")
    done = show(tmp_path)
    assert done.returncode == 1
    assert "s001: Graded" in done.stdout
    assert "s002: Graded" in done.stdout
    assert "s003/1.json: is not JSON" in done.stderr


def test_a_report_that_is_not_there_is_named(tmp_path):
    done = show(tmp_path / "none.json")
    assert done.returncode == 2
    assert "none.json" in done.stderr
