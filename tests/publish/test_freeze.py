"""Frozen outputs: written once, held against the reference up to rounding, refused where changed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring import read_frozen
from autograder.authoring.frozen import hash_path
from autograder.errors import AssignmentError
from autograder.publish.freeze import differing, freeze

ROOT = Path(__file__).parents[2]
FROZEN, QUESTIONS = "reference/affine/expected.npz", "reference/affine/questions.py"


def edit(path, before, after):
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize(("root", "name"), [(ROOT, "hw5"), (Path(__file__).parent / "course", "affine")])
def test_the_committed_outputs_are_what_the_reference_gives(root, name):
    assert differing(root, name) == {}


def test_equal_numbers_give_equal_bytes(course):
    path = course / FROZEN
    before = path.read_bytes()
    path.unlink()
    assert freeze(course, "affine") == [path]
    assert path.read_bytes() == before
    assert sorted(read_frozen(path)) == ["flat", "images"]


def test_rounding_alone_changes_no_file(course):
    edit(course / QUESTIONS, "axes=1) + b", "axes=1) * (1 + 1e-15) + b")
    assert differing(course, "affine") == {}
    assert freeze(course, "affine") == []


@pytest.mark.parametrize(
    "after", ["axes=1) * 1.001 + b", "axes=1)[:1] + b", "axes=1).astype(np.float32) + b.astype(np.float32)"]
)
def test_other_numbers_are_seen_and_frozen(course, after):
    edit(course / QUESTIONS, "axes=1) + b", after)
    assert list(differing(course, "affine")) == [course / FROZEN]
    freeze(course, "affine")
    assert differing(course, "affine") == {}


def test_a_case_more_is_seen(course):
    edit(course / QUESTIONS, 'SHAPES = {"flat"', 'SHAPES = {"more": (2, 2), "flat"')
    assert list(differing(course, "affine")) == [course / FROZEN]


def test_a_file_that_was_changed_is_refused(course):
    path = course / FROZEN
    np.savez(path, flat=np.zeros((3, 3)))
    with pytest.raises(
        AssignmentError, match=r"its SHA-256 differs\n  Write it again: autograder freeze affine"
    ):
        read_frozen(path)
    assert list(differing(course, "affine")) == [path]


def test_a_file_that_is_not_there_is_named(course):
    hash_path(course / FROZEN).unlink()
    with pytest.raises(
        AssignmentError, match=r"expected\.npz: the frozen outputs can't be read: .*No such file"
    ):
        read_frozen(course / FROZEN)


def test_a_reference_without_a_table(course):
    edit(course / QUESTIONS, "FROZEN = {FROZEN_OUTPUTS.name: freeze}\n", "")
    with pytest.raises(AssignmentError, match="has no table FROZEN, so there is nothing to freeze"):
        freeze(course, "affine")


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ("return 1 / 0", "FROZEN\\['expected.npz'\\] gives no arrays by name: ZeroDivisionError"),
        ("return [1]", "gives no arrays by name: AttributeError"),
        ("return {'a': np.array([None])}", "gives no arrays by name: ValueError"),
    ],
)
def test_a_function_that_fails_changes_nothing(course, after, says):
    before = (course / FROZEN).read_bytes()
    edit(course / QUESTIONS, "return {case.id: compute(case) for case in fixed_cases()}", after)
    with pytest.raises(AssignmentError, match=says):
        freeze(course, "affine")
    assert (course / FROZEN).read_bytes() == before


def test_a_table_of_something_else(course):
    edit(course / QUESTIONS, "FROZEN_OUTPUTS.name: freeze", "FROZEN_OUTPUTS.name: 3")
    with pytest.raises(AssignmentError, match="is an int, expected a function that gives arrays by name"):
        freeze(course, "affine")


def run(course, *arguments):
    command = [sys.executable, "-m", "autograder", "freeze", "affine", "--course", str(course), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command(course):
    assert run(course).stdout == "Nothing to write: the frozen outputs are up to date.\n"
    assert run(course, "--check").stdout == "The frozen outputs are up to date.\n"
    edit(course / QUESTIONS, "axes=1) + b", "axes=1) - b")
    differs = run(course, "--check")
    assert (differs.returncode, differs.stderr.splitlines()[0]) == (1, f"differs: {course / FROZEN}")
    assert "autograder freeze affine" in differs.stderr
    assert run(course).stdout == f"wrote {course / FROZEN}\n"
