"""Prove a release: the solved source must earn every point, and the untouched release none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment import Assignment
from autograder.batch import RunOptions, open_pipeline, plan_run
from autograder.errors import ReleaseError
from autograder.grading.submission import Pipeline
from autograder.intake import discover
from autograder.model import ItemReport, Report, Status
from autograder.publish import solved_submission, untouched_submission


def prove_release(root: Path, identity: str) -> Iterator[str]:
    """Grade the solved source and the untouched release, and yield a sentence about each.

    Raises `ReleaseError` if one of them does not earn the expected points.
    """
    pipeline = open_pipeline(plan_run(RunOptions(root=root, assignment=identity, seed=0)))
    with tempfile.TemporaryDirectory(prefix="autograder-proof-") as scratch:
        solved = _grade(pipeline, solved_submission(root, identity, Path(scratch) / "solved"))
        check_solved(solved, pipeline.assignment)
        yield f"the solved source earns {_points(solved)}"
        untouched = _grade(pipeline, untouched_submission(root, identity, Path(scratch) / "untouched"))
        check_untouched(untouched, pipeline.assignment)
        yield f"the untouched release earns {_points(untouched)}"


def _grade(pipeline: Pipeline, submission: Path) -> Report:
    (candidate,) = discover([submission], pipeline.assignment).candidates
    return pipeline.grade(candidate).report


def _points(report: Report) -> str:
    score = report.score
    if score is None:
        return "no score"
    waiting = f"; {score.pending:g} wait for a person" if score.pending else ""
    return f"{score.final:g} of {score.max:g} points{waiting}"


def check_solved(report: Report, assignment: Assignment) -> None:
    """Require all points of every check that needs no person, and that it was run; except in extra credit."""
    if report.score is None:
        raise ReleaseError(f"the solved source has no score: {report.message}")
    waiting = {check.id for check in assignment.checks if check.waits_for_person}
    for item in report.items:
        judged = [check for check in item.checks if check.id not in waiting]
        lost = [c for c in judged if c.score != c.max_score or c.status is Status.SKIPPED]
        if lost and not item.extra_credit:
            raise ReleaseError(
                f"the solved source earns {_score(item)} of {item.max_score:g} points "
                f"for `{item.id}`, by the check `{lost[0].id}`: {lost[0].message}",
                "Fix the source, the reference, or the item in assignment.toml.",
            )


def check_untouched(report: Report, assignment: Assignment) -> None:
    """Require that the untouched release earns nothing, except by checks with `earns_untouched`."""
    if report.score is None:
        raise ReleaseError(f"the untouched release has no score: {report.message}")
    allowed = {check.id for check in assignment.checks if check.earns_untouched}
    for item in report.items:
        for check in item.checks:
            if check.score > 0 and check.id not in allowed:
                raise ReleaseError(
                    f"the untouched release earns {check.score:g} points for `{item.id}` by the check "
                    f"`{check.id}`, expected none: {check.message}",
                    "The check passes although nothing was done.",
                )


def _score(item: ItemReport) -> str:
    return "no" if item.score is None else f"{item.score:g}"
