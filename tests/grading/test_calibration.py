"""Limits of time grow on a slow machine, and never shrink."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from autograder.assignment import scaled
from autograder.authoring.student import Limits
from autograder.batch import RunOptions, grading_run, open_pipeline, plan_run
from autograder.course import find_course
from autograder.grading import calibration
from autograder.grading.calibration import MOST, REFERENCE_SECONDS, slowness_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("ratio", "factor"),
    [(0.01, 1.0), (0.6, 1.0), (1.0, 1.0), (1.01, 1.5), (1.6, 2.0), (3.3, 3.5), (7.9, MOST), (1e6, MOST)],
)
def test_the_factor_follows_the_loop_in_steps(ratio: float, factor: float) -> None:
    assert slowness_of(ratio * REFERENCE_SECONDS) == factor


@pytest.mark.parametrize("factor", [1.0, 1.5, MOST])
def test_only_limits_of_time_are_scaled(factor: float) -> None:
    given = Limits(cpu_seconds=4, wall_seconds=40, memory_mb=7, output_kb=6, result_mb=5, tmp_mb=3, threads=2)
    assignment = replace(find_course(ROOT).assignment, limits={"default": given}, budget_seconds=50.0)
    slower = scaled(assignment, factor)
    found = slower.limits["default"]
    assert (found.cpu_seconds, found.wall_seconds) == (4 * factor, 40 * factor)
    assert replace(found, cpu_seconds=4, wall_seconds=40) == given
    assert replace(slower, limits=assignment.limits, budget_seconds=50.0) == assignment
    assert slower.budget_seconds == 50 * factor


def test_the_loop_is_measured() -> None:
    assert calibration.naive_loop() == 40000.0
    assert 0 < calibration.measure() < 60


def test_a_factor_that_is_named_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading_run, "measure", None)
    run = plan_run(RunOptions(root=ROOT, slowness=3.0, unsandboxed=True, training=False))
    assert run.slowness == 3.0


def test_everybody_sees_the_limits_of_the_machine() -> None:
    run = plan_run(RunOptions(root=ROOT, slowness=2.0, unsandboxed=True, training=False))
    pipeline = open_pipeline(run)
    written = find_course(ROOT).assignment
    assert pipeline.assignment == scaled(written, 2.0)
    assert pipeline.shared.limits == pipeline.assignment.limits
    found = pipeline.facts.environment.limits
    assert (found["slowness"], found["cpu_seconds"]) == (2.0, 2 * written.limits["default"].cpu_seconds)
