"""``autograder data``: fetch the data set, or say where it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.options import assignment_option, course_option, data_option

if TYPE_CHECKING:
    from autograder.assignment import DataSpec


@click.group()
def command() -> None:
    """Fetch the data set, or say where it is."""


@command.command()
@course_option
@assignment_option
def fetch(course: Path, assignment: str | None) -> None:
    """Download the real data set into the cache, or resume an interrupted download."""
    from autograder.data import fetch_data

    spec, _ = _spec(course, assignment)
    click.echo(f"ready: {fetch_data(spec)}")


@command.command()
@course_option
@assignment_option
@data_option
def where(course: Path, assignment: str | None, data: Path | None) -> None:
    """Read a part of the data set that grading would use, and say where it is."""
    from autograder.course import find_course
    from autograder.data import data_loader, find_data

    spec, root = _spec(course, assignment)
    folder = find_data(data, spec, root)
    read = data_loader(find_course(course, assignment), folder)(1)
    click.echo(f"{folder}: {read.name}")


def _spec(root: Path, assignment: str | None) -> tuple[DataSpec, Path]:
    from autograder.course import find_course
    from autograder.errors import UsageError

    course = find_course(root, assignment)
    if course.assignment.data is None:
        raise UsageError(f"{course.definition}: has no [data]")
    return course.assignment.data, course.work
