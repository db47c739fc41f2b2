"""A grading run's sandbox is made from the assignment's table ``[sandbox]``."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.batch import Done, Ledger, RunOptions, plan_run, seed_to_resume
from autograder.batch.grading_run import policy_for, seed_of
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


def test_a_seed_is_drawn_for_each_run_and_enters_its_key():
    runs = [plan_run(RunOptions(root=ROOT, training=False, slowness=1, unsandboxed=True)) for _ in range(2)]
    one, other = (run.facts.grader.seed for run in runs)
    assert one != other
    assert [seed_of(run.key) for run in runs] == [one, other]
    assert len({run.key.partition("-")[0] for run in runs}) == 1
    named = plan_run(RunOptions(root=ROOT, training=False, slowness=1, unsandboxed=True, seed=5))
    assert (named.facts.grader.seed, seed_of(named.key)) == (5, 5)


@pytest.mark.parametrize(
    ("key", "seed"), [("ab-0", 0), ("ab-12", 12), ("12", None), ("", None), ("12-ab", None)]
)
def test_a_key_s_seed(key, seed):
    assert seed_of(key) == seed


def test_the_seed_to_go_on_with_is_that_of_the_last_row(tmp_path):
    assert seed_to_resume(tmp_path) is None
    assert not list(tmp_path.iterdir())

    def record(identity, key):
        with Ledger(tmp_path / "ledger.sqlite3") as ledger:
            done = Done(
                id=identity,
                attempt=1,
                outcome="graded",
                message="",
                final=1.0,
                fingerprint="f",
                report_sha256="0",
                seconds=1.0,
            )
            ledger.record(done, key)

    with Ledger(tmp_path / "ledger.sqlite3"):
        assert seed_to_resume(tmp_path) is None
    for identity, key in (("a", "k-1"), ("b", "k-1"), ("a", "k-2")):
        record(identity, key)
    assert seed_to_resume(tmp_path) == 2
