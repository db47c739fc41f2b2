"""``autograder release``: what students receive, built, searched for leaks, and proved."""

from __future__ import annotations

import functools
from pathlib import Path

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import course_option
from autograder.execution.environment import one_blas_thread


@click.command()
@click.argument("assignment", required=False)
@course_option
@click.option("--check", "only_check", is_flag=True, help="Build nothing; fail if the release is stale.")
@click.option(
    "--prove/--no-prove", default=True, help="Grade the solved source and the untouched release, too."
)
def command(assignment: str | None, course: Path, only_check: bool, prove: bool) -> None:
    """Build release/ASSIGNMENT/ and its zip from source/ASSIGNMENT/, byte for byte the same each time.

    Nothing private goes out: the build refuses if a solution's line, a hidden case or an expected value is
    found in it. Then the release proves itself. Exit status: 0 done, 1 stale or unproved, 2 wrong usage.
    """
    from autograder.course import find_course

    one_blas_thread()
    root = course.resolve()
    identity = find_course(root, assignment).assignment.id
    if only_check:
        _check(root, identity)
        return
    from autograder.publish import build

    built = build(root, identity, root / "release", functools.partial(_prove, root, identity, prove))
    click.echo(f"built {built.folder} ({built.files} files) and {built.archive.name}")
    if built.left_out:
        click.echo(f"left out (hand_out in assignment.toml can name them): {', '.join(built.left_out)}")


def _prove(root: Path, identity: str, wanted: bool) -> None:
    if wanted:
        from autograder.publish.verify import prove_release

        for line in prove_release(root, identity):
            click.echo(line)


def _check(root: Path, identity: str) -> None:
    from autograder.publish import stale

    differing = stale(root, identity)
    for name in differing:
        click.echo(f"differs: {name}", err=True)
    if differing:
        click.echo(f"The release is stale. Build it: autograder release {identity}", err=True)
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)
    click.echo("The release is what the source gives.")
