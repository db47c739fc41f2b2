"""``autograder freeze``: store the outputs of an assignment's reference in files."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import course_option
from autograder.execution.environment import one_blas_thread


@click.command()
@click.argument("assignment", required=False)
@course_option
@click.option("--check", "only_check", is_flag=True, help="Write nothing; fail if a frozen file differs.")
def command(assignment: str | None, course: Path, only_check: bool) -> None:
    """Write the files that are named in the table FROZEN of reference/ASSIGNMENT/questions.py.

    Exit status: 0 done, 1 a frozen file differs, 2 wrong usage.
    """
    one_blas_thread()
    from autograder.course import find_course
    from autograder.publish.freeze import differing, freeze

    root = course.resolve()
    identity = find_course(root, assignment).assignment.id
    if not only_check:
        written = freeze(root, identity)
        for path in written:
            click.echo(f"wrote {path}")
        if not written:
            click.echo("Nothing to write: the frozen outputs are up to date.")
        return
    paths = differing(root, identity)
    for path in paths:
        click.echo(f"differs: {path}", err=True)
    if paths:
        click.echo(f"If the new numbers are right, freeze them: autograder freeze {identity}", err=True)
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)
    click.echo("The frozen outputs are up to date.")
