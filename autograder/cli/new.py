"""``autograder new``: a small working assignment to begin with."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("assignment")
@click.option(
    "--course",
    default=".",
    type=click.Path(path_type=Path, file_okay=False),
    help="The course's root folder; it is made where there is none.",
)
def command(assignment: str, course: Path) -> None:
    """Write source/ASSIGNMENT/: a notebook, a module of questions and a TOML file that work at once."""
    from autograder.publish.new import new_assignment

    folder = new_assignment(course.resolve(), assignment)
    click.echo(f"wrote {folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    click.echo("docs/assignments.md describes each of them. Next:")
    click.echo(f"  autograder release {assignment}")
