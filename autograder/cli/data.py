"""``autograder data``: fetch the data set, or say where it is."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.assignment import DataSpec
from autograder.cli.options import assignment_option, course_option, data_option
from autograder.course import Course, find_course
from autograder.data import data_loader, fetch_data, find_data
from autograder.errors import UsageError


@click.group()
def command() -> None:
    """Fetch the data set, or say where it is."""


@command.command()
@course_option
@assignment_option
def fetch(course: Path, assignment: str | None) -> None:
    """Download the real data set into the cache, or resume an interrupted download."""
    spec, _ = _spec(course, assignment)
    click.echo(f"ready: {fetch_data(spec)}")


@command.command()
@course_option
@assignment_option
@data_option
def where(course: Path, assignment: str | None, data: Path | None) -> None:
    """Read a part of the data set that grading would use, and say where it is."""
    spec, found = _spec(course, assignment)
    folder = find_data(data, spec, found.work)
    click.echo(f"{folder}: {data_loader(found, folder)(1).name}")


def _spec(root: Path, assignment: str | None) -> tuple[DataSpec, Course]:
    course = find_course(root, assignment)
    if course.assignment.data is None:
        raise UsageError(f"{course.definition}: has no [data]")
    return course.assignment.data, course
