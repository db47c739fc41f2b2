"""The release proves itself: the solved source earns every point, the untouched release only its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment import Assignment
from autograder.errors import ReleaseError
from autograder.grading import Options, build_pipeline, prepare
from autograder.intake import discover
from autograder.model import ItemReport, Report, Status
from autograder.pipeline import Pipeline
from autograder.publish import solved_submission, untouched_submission

# What the release as it was handed out may earn: it is one of the two files.
UNTOUCHED_AT_MOST = 0.02


def prove_release(root: Path, identity: str) -> Iterator[str]:
    """Grade the solved source and the untouched release; yields what was shown.

    Raises
    ------
    ReleaseError
        Naming the item, what was expected and what came.
    """
    options = Options(root=root, assignment=identity)
    place, baselines = prepare(options)
    pipeline = build_pipeline(options, place, baselines)
    with tempfile.TemporaryDirectory(prefix="autograder-proof-") as scratch:
        solved = _grade(pipeline, solved_submission(root, identity, Path(scratch) / "solved"))
        check_solved(solved)
        yield f"the solved source earns {_points(solved)}"
        untouched = _grade(pipeline, untouched_submission(root, identity, Path(scratch) / "untouched"))
        check_untouched(untouched, pipeline.course.assignment)
        yield f"the untouched release earns {_points(untouched)}"


def _grade(pipeline: Pipeline, submission: Path) -> Report:
    (candidate,) = discover([submission], pipeline.course.assignment).candidates
    return pipeline.grade(candidate).report


def _points(report: Report) -> str:
    score = report.score
    return "no score" if score is None else f"{score.final:g} of {score.max:g} points"


def check_solved(report: Report) -> None:
    """Every item that is not extra must have all its points."""
    if report.score is None:
        raise ReleaseError(f"the solved source has no score: {report.message}")
    for item in report.items:
        if not item.extra_credit and item.score != item.max_score:
            raise ReleaseError(
                f"the solved source earns {_score(item)} of {item.max_score:g} points "
                f"for `{item.id}`: {item.message}",
                "Mend the source, the reference, or the item in assignment.toml.",
            )


def check_untouched(report: Report, assignment: Assignment) -> None:
    """Nothing was done, so nothing is earned but the share of a file that is there."""
    if report.score is None:
        raise ReleaseError(f"the untouched release has no score: {report.message}")
    if report.score.final > UNTOUCHED_AT_MOST * assignment.max_score:
        earned = [f"{i.id} {i.score:g}" for i in report.items if i.score and i.status is not Status.SKIPPED]
        raise ReleaseError(
            f"the untouched release earns {report.score.final:g} points: {', '.join(earned)}",
            "A check passes where nothing was done.",
        )


def _score(item: ItemReport) -> str:
    return "no" if item.score is None else f"{item.score:g}"
