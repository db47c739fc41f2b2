"""``autograder new``: write a small working assignment."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.publish.new import new_assignment


@click.command()
@click.argument("assignment")
@click.option(
    "--course",
    default=".",
    type=click.Path(path_type=Path, file_okay=False),
    help="The course's root folder; it is made if it does not exist.",
)
def command(assignment: str, course: Path) -> None:
    """Write source/ASSIGNMENT/ with a notebook, a module of questions and a TOML file that work at once."""
    folder = new_assignment(course.resolve(), assignment)
    click.echo(f"wrote {folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    click.echo("docs/assignments.md describes each of them. Next:")
    click.echo(f"  autograder release {assignment}")
