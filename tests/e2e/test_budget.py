"""A submission whose code sleeps just below every limit is given up, without a score."""

import shutil
from pathlib import Path

from msgspec.structs import replace

from autograder.batch import RunOptions, open_pipeline, plan_run
from autograder.intake import candidate_for
from autograder.model import Outcome

ROOT = Path(__file__).parents[2]


def test_code_that_sleeps_in_every_call_is_given_up(tmp_path):
    shutil.copy(ROOT / "tests/samples/hw5/s001/HW5.ipynb", tmp_path)
    notebook = tmp_path / "HW5.ipynb"
    text = notebook.read_text(encoding="utf-8")
    assert text.count("    cache = (x, w, b, conv_param)") == 1
    sleeping = "    __import__('time').sleep(0.2); cache = (x, w, b, conv_param)"
    notebook.write_text(text.replace("    cache = (x, w, b, conv_param)", sleeping), encoding="utf-8")
    pipeline = open_pipeline(plan_run(RunOptions(root=ROOT, training=False)))
    pipeline = replace(pipeline, assignment=replace(pipeline.assignment, budget_seconds=2.0))
    candidate = candidate_for(notebook, pipeline.assignment.files.rules)
    report = pipeline.grade(candidate).report
    assert (report.outcome, report.score) == (Outcome.TIMEOUT, None)
    assert "the 2 s that one submission may take" in report.message
    checks = {check.id: check for item in report.items for check in item.checks}
    assert checks["forward-notebook"].status.value == "passed"
    assert "some checks were not made" in checks["dx-basic"].message
