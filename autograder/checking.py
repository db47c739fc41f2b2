"""The self-check: the visible checks on a student's own machine, through the same checks as grading.

There is nothing to hide here and nobody to keep out: the code is the student's own, so it runs in a
plain subprocess with limits of time, and the report is of the same form.
"""

from __future__ import annotations

import functools
from pathlib import Path

from msgspec.structs import replace

from autograder.course import Course, find_release
from autograder.errors import UsageError
from autograder.intake import candidate_for, read_notebook
from autograder.model import Report
from autograder.pipeline import Pipeline, Place, definitions_of
from autograder.questions import Images
from autograder.subprocess_student import open_session
from autograder.workbench import Materials

REMAINING = "visible checks passed; hidden ones remain"


def check(notebook: Path | None = None, start: Path | None = None) -> Report:
    """Run the visible checks of a notebook.

    Parameters
    ----------
    notebook : Path, optional
        The notebook; the release's own where none is named.
    start : Path, optional
        A folder in the release; the notebook's, or else the working directory.

    Returns
    -------
    Report

    Raises
    ------
    UsageError
        There is no release here, or no such notebook.
    """
    where = (start or (notebook.parent if notebook else Path.cwd())).resolve()
    course = find_release(where)
    path = (notebook or course.work / course.assignment.notebook).resolve()
    if not path.exists():
        raise UsageError(f"{path}: there is no such notebook", "Name yours: autograder check NOTEBOOK")
    report = pipeline_for(course).grade(candidate_for(path, course.assignment.files.rules)).report
    return replace(report, integrity=())  # that is for a person who grades


def pipeline_for(course: Course) -> Pipeline:
    """The pipeline of a release: no reference, no images, a plain subprocess."""
    given = read_notebook(course.given_notebook)
    materials = Materials(
        assignment=course.assignment,
        questions=course.questions(),
        given=given,
        given_definitions=definitions_of(given, course.assignment),
        load_images=_no_images,
        baselines={},
        salt=0,
        suspects=course.suspects(),
    )
    extension = course.extension()
    modules = (extension,) if extension else ()
    place = Place(
        open_session=functools.partial(open_session, course.support, modules),
        kind="none (a plain subprocess on your own machine)",
    )
    return Pipeline(course, materials, place, training=False)


def _no_images(_: int) -> Images:
    raise UsageError("a visible check trains, which a self-check does not")


def closing_line(report: Report) -> str:
    """What a self-check ends with: never "all passed" where hidden checks remain."""
    bad = [item for item in report.items if item.status.value in ("failed", "error", "timeout")]
    if report.score is None:
        return report.message
    if bad:
        return f"{len(bad)} of {len(report.items)} parts need work: {', '.join(item.id for item in bad)}"
    return REMAINING
