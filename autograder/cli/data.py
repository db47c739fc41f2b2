"""``autograder data``: fetch the data set, or say where it is."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.assignment import DataSpec
from autograder.cli.options import assignment_option, course_option, data_option
from autograder.course import Course, find_course, find_release
from autograder.data import data_loader, fetch_data, find_data
from autograder.errors import AssignmentError, UsageError


@click.group()
def command() -> None:
    """Fetch the data set, or say where it is."""


@command.command()
@course_option
@assignment_option
def fetch(course: Path, assignment: str | None) -> None:
    """Download the real data set, or resume an interrupted download.

    In a course's folder it goes into the cache. In a release it goes beside the notebook, which looks for it
    there.
    """
    spec, found = _spec(course, assignment)
    beside = found.work if found.reference is None else None
    click.echo(f"ready: {fetch_data(spec, beside)}")


@command.command()
@course_option
@assignment_option
@data_option
def where(course: Path, assignment: str | None, data: Path | None) -> None:
    """Read a part of the data set that grading would use, and say where it is."""
    spec, found = _spec(course, assignment)
    folder = find_data(data, spec, found.work)
    # a release has no reader
    name = spec.folder if found.reference is None else data_loader(found, folder)(1).name
    click.echo(f"{folder}: {name}")


def _spec(root: Path, assignment: str | None) -> tuple[DataSpec, Course]:
    course = _course(root, assignment)
    if course.assignment.data is None:
        raise UsageError(f"{course.definition}: has no [data]")
    return course.assignment.data, course


def _course(root: Path, assignment: str | None) -> Course:
    """Find the course in a folder, or else the release around it."""
    try:
        return find_course(root, assignment)
    except AssignmentError:
        raise
    except UsageError as error:
        try:
            return find_release(root.resolve())
        except AssignmentError:
            raise
        except UsageError:
            raise error from None
