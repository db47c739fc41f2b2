"""A grading run's sandbox is made from the assignment's table ``[sandbox]``."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.batch.grading_run import policy_for
from autograder.course import find_course

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("preamble", "preload"),
    [
        (("import numpy as np", "from HW5_code.layers import *"), ("numpy", "HW5_code.layers")),
        (("import numpy", "from numpy import linalg"), ("numpy",)),
        (("x = 1", "pass", "from . import layers", "importlib = 3"), ()),
        ((), ()),
    ],
)
def test_the_preamble_s_imports_are_made_once_before_a_child_is_forked(preamble, preload):
    course = find_course(ROOT, "hw5")
    sandbox = replace(course.assignment.sandbox, preamble=preamble)
    course = replace(course, assignment=replace(course.assignment, sandbox=sandbox))
    assert policy_for(course).preload == preload
