"""Run the visible checks on a student's own machine, with the same code as grading.

The machine and the code are the student's own, so nothing has to be hidden and nobody kept out. The code
runs in a plain subprocess with time limits, and the report has the same form.
"""

from __future__ import annotations

import functools
from pathlib import Path

from msgspec.structs import replace

from autograder.authoring.questions import DataSet
from autograder.course import Course, find_release
from autograder.errors import GraderFault, UsageError
from autograder.execution.plain import open_session
from autograder.grading.reading import read_candidate
from autograder.grading.setup import assignment_context, describe_environment, describe_grader, kinds_of
from autograder.grading.submission import Pipeline
from autograder.intake import candidate_for, read_notebook
from autograder.model import Report
from autograder.report import ReportFacts, build_report

REMAINING = "visible checks passed; hidden ones remain"


def check(notebook: Path | None = None, start: Path | None = None) -> Report:
    """Run the visible checks on a notebook; by default the one in the release.

    The release is the folder `start` or a folder above it. By default `start` is the notebook's folder, or
    else the working directory. Raises `UsageError` if there is no release, or no such notebook.
    """
    where = (start or (notebook.parent if notebook else Path.cwd())).resolve()
    course = find_release(where)
    path = (notebook or course.work / course.assignment.notebook).resolve()
    if not path.exists():
        raise UsageError(f"{path}: there is no such notebook", "Name yours: autograder check NOTEBOOK")
    pipeline = pipeline_for(course)
    candidate = candidate_for(path, course.assignment.files.rules)
    try:
        report = pipeline.grade(candidate).report
    except GraderFault as fault:
        report = build_report(course.assignment, candidate.unread(), pipeline.facts, fault=str(fault))
    return replace(report, integrity=())  # these notices are for the person who grades


def pipeline_for(course: Course) -> Pipeline:
    """Make the pipeline of a release, with a plain subprocess and without reference and data."""
    given = read_notebook(course.given_notebook)
    kinds = kinds_of(course)
    extension = course.extension()
    return Pipeline(
        assignment=course.assignment,
        shared=assignment_context(course, given, _no_data, {}, seed=0),
        kinds=kinds,
        read=functools.partial(read_candidate, course=course, given=given, kinds=kinds),
        open_session=functools.partial(open_session, course.support, (extension,) if extension else ()),
        facts=ReportFacts(
            grader=describe_grader(course, seed=0),
            environment=describe_environment(course, "none (a plain subprocess on your own machine)"),
        ),
        training=False,
    )


def _no_data(_: int) -> DataSet:
    raise UsageError("a visible check needs the data set, which a self-check does not have")


def closing_line(report: Report) -> str:
    """Give the last line of a self-check: never "all passed" while hidden checks remain."""
    bad = [item for item in report.items if item.status.value in ("failed", "error", "timeout")]
    if report.score is None:
        return report.message
    if bad:
        return f"{len(bad)} of {len(report.items)} parts need work: {', '.join(item.id for item in bad)}"
    return REMAINING
