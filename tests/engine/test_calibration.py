"""Limits of time grow on a slow machine, and never shrink."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from autograder.batch.setup import Options, build_pipeline

from autograder import calibration, grading
from autograder.authoring.student import Limits
from autograder.course import find_course
from autograder.grading.calibration import MOST, REFERENCE_SECONDS, scaled, slowness
from autograder.grading.submission import Place

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("ratio", "factor"),
    [(0.01, 1.0), (0.6, 1.0), (1.0, 1.0), (1.01, 1.5), (1.6, 2.0), (3.3, 3.5), (7.9, MOST), (1e6, MOST)],
)
def test_the_factor_follows_the_loop_in_steps(ratio: float, factor: float) -> None:
    assert slowness(ratio * REFERENCE_SECONDS) == factor


@pytest.mark.parametrize("factor", [1.0, 1.5, MOST])
def test_only_limits_of_time_are_scaled(factor: float) -> None:
    given = Limits(cpu_seconds=4, wall_seconds=40, memory_mb=7, output_kb=6, result_mb=5, tmp_mb=3, threads=2)
    found = scaled(given, factor)
    assert (found.cpu_seconds, found.wall_seconds) == (4 * factor, 40 * factor)
    assert msgspec.structs.replace(found, cpu_seconds=4, wall_seconds=40) == given


def test_the_loop_is_measured() -> None:
    assert calibration.naive_loop() == 40000.0
    assert 0 < calibration.measure() < 60


def test_a_factor_that_is_named_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "measure", None)
    options = Options(root=ROOT, slowness=3.0, unsandboxed=True)
    assert grading.place_for(find_course(ROOT), options).slowness == 3.0


def test_a_pipeline_has_the_limits_of_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading, "self_test", None)  # the place is given: nothing is measured or tried
    monkeypatch.setattr(grading, "measure", None)
    place = Place(open_session=None, kind="none", slowness=2.0)
    pipeline = build_pipeline(Options(root=ROOT), place, {})
    written = find_course(ROOT).assignment.limits
    for name, limits in pipeline.materials.assignment.limits.items():
        assert limits == scaled(written[name], 2.0)
    assert pipeline._environment().limits["slowness"] == 2.0
    assert pipeline._environment().limits["cpu_seconds"] == 2 * written["default"].cpu_seconds
