"""A notebook that is older than its work is told by what ran and when; what is not known is not claimed."""

import time

import pytest

from autograder.intake.running import Kernel, Ran
from autograder.selfcheck.choosing import defining
from autograder.selfcheck.unsaved import span, unsaved

ASKED = defining(("conv", "pool"))
OLD, NEW = "def conv(x):\n    return None\n", "def conv(x):\n    return x\n"
CHECK = "import autograder; autograder.check()"


def said(saved, *ran, started=None, saved_at=1000.0):
    cells = tuple(Ran(source=source, number=n, began=began) for n, (source, began) in enumerate(ran, 1))
    return unsaved("a.ipynb", saved, saved_at, Kernel(cells=cells, started=started), ASKED)


def test_nothing_is_said_where_the_file_has_what_ran():
    assert said([OLD, CHECK], (NEW, 1100.0), (OLD, 1200.0), (CHECK, 1300.0)) == ""
    assert said(["def conv(x):   \n    return None", CHECK], (OLD, None), (CHECK, 900.0)) == ""
    assert said([], ("1 + 1", None)) == ""
    assert unsaved("a.ipynb", [], 1.0, Kernel(cells=()), ASKED) == ""


def test_a_cell_that_ran_after_the_file_was_saved():
    shown = said([OLD, CHECK], ("def pool(): pass", 1100.0), (NEW, 1720.0), (CHECK, 1800.0))
    assert shown == (
        "Save first: a.ipynb is 12 minutes older than the cell that ran as [2] (`conv`). "
        "The older code was judged."
    )


def test_the_last_cell_that_defines_something_counts():
    assert "[3] (`conv`, `pool`)" in said(
        [OLD], (OLD, 1100.0), (NEW, 1200.0), (NEW + "def pool(): 1", 1300.0)
    )


def test_a_file_that_was_saved_after_the_cell_ran_is_newer():
    shown = said([OLD, CHECK], (NEW, 900.0), (CHECK, 1800.0))
    assert shown == (
        "a.ipynb was saved after the cell that ran as [1] (`conv`), and has other code. That was judged; "
        "run its cell again."
    )


def test_without_the_cell_s_time_the_kernel_s_start_may_tell():
    shown = said([OLD, CHECK], (NEW, None), (CHECK, 1800.0), started=1500.0)
    assert shown == (
        "Save first: a.ipynb was saved before this kernel started, so it lacks the cell that ran as [1] "
        "(`conv`)."
    )


def test_where_no_time_tells_both_are_said():
    saved_at = time.time() - 3 * 3600 - 60
    shown = said([OLD, CHECK], (NEW, None), (CHECK, time.time()), started=1.0, saved_at=saved_at)
    assert shown == (
        "a.ipynb has other code than the cell that ran as [1] (`conv`). The file's code was judged, as it "
        "was saved 3 hours ago: if you changed it since, save first."
    )


def test_a_file_without_the_cell_that_checks():
    assert said([OLD], (OLD, None), (CHECK, 1040.0)) == (
        "Save first: a.ipynb is 40 seconds older than this cell, and does not have it."
    )
    assert said([OLD], (OLD, None), (CHECK, 990.0)) == ""
    assert said([OLD], (OLD, None), (CHECK, None)) == ""


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 second"), (7200, "2 hours"), (86_400, "1 day")])
def test_lengths_of_time(seconds, words):
    assert span(seconds) == words
