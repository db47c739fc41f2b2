"""An item and a place are told apart by their form, and one item may be judged alone."""

from pathlib import Path

import pytest

from autograder.course import find_release
from autograder.errors import UsageError
from autograder.selfcheck.choosing import asked_for, only

RELEASE = Path(__file__).parents[2] / "release" / "hw5"


@pytest.fixture(scope="module")
def assignment():
    return find_release(RELEASE).assignment


@pytest.mark.parametrize(
    "what", [Path("conv-forward"), Path("x.ipynb"), "x.ipynb", "./pdf", "a/b", r"C:\hw5", ".", "..", "a/"]
)
def test_a_path_is_a_place(what):
    assert asked_for(what) == (Path(what), "")
    assert asked_for(what, "pdf") == (Path(what), "pdf")


def test_any_other_text_is_an_item():
    assert asked_for("conv-forward") == (None, "conv-forward")
    assert asked_for(None) == asked_for("") == (None, "")
    assert asked_for(None, "pdf") == (None, "pdf")


def test_two_items_are_refused():
    with pytest.raises(
        UsageError, match=r"^conv-forward, pdf: two items were named, expected one\n.*\./conv-"
    ):
        asked_for("conv-forward", "pdf")


def test_one_item_is_left(assignment):
    assert [one.id for one in only(assignment, "pdf").items] == ["pdf"]
    assert only(assignment, "") == assignment


def test_an_unknown_item_gets_the_nearest_name(assignment):
    with pytest.raises(
        UsageError,
        match=r"^conv-forwrd: no item of HW5: Convolutional Networks has this name; "
        r"did you mean `conv-forward`\?\n"
        r"  A notebook is named by its file, a folder with a slash: \./conv-forwrd$",
    ):
        only(assignment, "conv-forwrd")
    with pytest.raises(UsageError, match=r"known are: comments, conv-backward-db, .*, run-order\n"):
        only(assignment, "zzz")
