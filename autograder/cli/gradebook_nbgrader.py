"""Push to nbgrader's gradebook and formgrader, and pull from them: ``autograder gradebook nbgrader``."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Sequence
from pathlib import Path

import click

from autograder.course import Course, find_course
from autograder.errors import UsageError
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.grading.setup import given_notebook
from autograder.publish.notebook import read_config
from autograder.text import few

try:
    from autograder.delivery import nbgrader
    from autograder.delivery.nbgrader.pull import Pulled
except ImportError as error:
    raise UsageError(
        f"this needs {error.name}, which is not installed",
        "pip install -e '.[instructor]' in the course's folder",
    ) from error

_LISTED = 10


def push(gradebook: Gradebook, rubric: Rubric, root: Path, url: str | None, *, copies: bool) -> None:
    """Pull, write what changed into nbgrader's gradebook, and write the formgrader's copies."""
    course, url, course_id = _of_nbgrader(root, rubric, url)
    released = nbgrader.read_released(course.given_notebook)
    pulled = nbgrader.pull(gradebook, rubric, url, released.path.stem, create=True)
    _show(pulled)
    given = nbgrader.read_class(gradebook, rubric, pulled.kept, now=datetime.datetime.now(datetime.UTC))
    if given.left_out:
        click.echo(f"note: left out, as nbgrader can't have such ids: {_some(given.left_out)}", err=True)
    exact_time = functools.partial(nbgrader.exact_time, root, rubric.assignment)
    written, times = nbgrader.push(given, url, released, course_id, exact_time)
    click.echo(f"{len(times)} submissions in nbgrader's gradebook, {written} rows written.")
    if copies:
        read = nbgrader.reader(course.assignment, given_notebook(course))
        made, missing = nbgrader.write_copies(given, times, root, released, read)
        click.echo(f"{made} notebooks written for the formgrader.")
        if missing:
            click.echo(
                f"note: no notebook is where it was graded, or it is another one now: {_some(missing)}; "
                "the points are in nbgrader, but the formgrader can't show the work",
                err=True,
            )


def _some(learners: Sequence[str]) -> str:
    return few([one[:80] for one in learners], _LISTED)


def pull(gradebook: Gradebook, rubric: Rubric, root: Path, url: str | None) -> None:
    """Record what people gave in nbgrader."""
    course, url, _ = _of_nbgrader(root, rubric, url)
    _show(nbgrader.pull(gradebook, rubric, url, course.given_notebook.stem))


def _show(pulled: Pulled) -> None:
    for note in pulled.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{pulled.recorded} decisions came from nbgrader, {len(pulled.notes)} could not.")


def _of_nbgrader(root: Path, rubric: Rubric, url: str | None) -> tuple[Course, str, str]:
    """Give the course, nbgrader's database and the course's id there."""
    course = find_course(root.resolve(), rubric.assignment)
    given_notebook(course)  # says if it is not built yet
    config = read_config(root / "nbgrader_config.py").CourseDirectory
    configured = config.get("db_url", f"sqlite:///{root.resolve() / 'gradebook.db'}")
    return course, url or configured, config.get("course_id", "default_course")
