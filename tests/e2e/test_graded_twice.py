"""Submissions that are graded twice with one seed: the reports are equal but for times and speeds."""

import json
import shutil
from pathlib import Path

from autograder.batch import RunOptions, open_pipeline, plan_run
from autograder.intake import discover
from autograder.report import to_json
from autograder.report.stable import stable

ROOT = Path(__file__).parents[2]


def graded(folder):
    for identity in ("s005", "s010"):
        shutil.copytree(ROOT / "tests/samples/hw5" / identity, folder / identity)
    pipeline = open_pipeline(plan_run(RunOptions(root=ROOT, training=False, seed=7)))
    candidates = discover([folder], pipeline.assignment).candidates
    return [json.loads(to_json(pipeline.grade(candidate).report)) for candidate in candidates]


def test_two_runs_give_equal_reports(tmp_path):
    for one, other in zip(graded(tmp_path / "a"), graded(tmp_path / "b/c"), strict=True):
        assert one != other
        assert json.dumps(stable(one)) == json.dumps(stable(other))
