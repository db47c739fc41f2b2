"""``autograder grade``: grade submissions, with one JSON report for each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import (
    assignment_option,
    course_option,
    data_option,
    paths_argument,
    training_images_option,
    training_option,
)
from autograder.errors import UsageError
from autograder.execution.environment import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from autograder.batch import Batch, Done, Shard
    from autograder.course import Course
    from autograder.grades.roster import Roster
    from autograder.intake import Candidate


def shard_of(_: click.Context, __: click.Parameter, text: str | None) -> Shard | None:
    """Read the option ``--shard``."""
    from autograder.batch import parse_shard

    try:
        return parse_shard(text) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@paths_argument
@click.option(
    "-o",
    "--output",
    default="reports",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the reports, the pictures, summary.csv and the ledger.",
)
@course_option
@assignment_option
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 256), help="Submissions graded at a time."
)
@click.option("--resume", is_flag=True, help="Go on with an interrupted batch; keep its finished reports.")
@click.option("--dry-run", is_flag=True, help="List learners, files and times; run and write nothing.")
@click.option(
    "--roster",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The class as CSV, with an id first in each row; learners without a submission are named.",
)
@click.option(
    "--shard",
    metavar="I/N",
    callback=shard_of,
    help="Grade the I-th of N parts of the class, into a folder of its own; see `autograder merge`.",
)
@data_option
@training_option
@training_images_option
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    help="Repeat the batch whose reports name this seed. By default random; with --resume, the batch's own.",
)
@click.option(
    "--slowness",
    type=click.FloatRange(1, 8),
    help="Multiply the time limits by this factor. By default it is measured on this machine.",
)
@click.option(
    "--unsandboxed-my-own-files-only",
    "unsandboxed",
    is_flag=True,
    help="Run without a sandbox. Every report says so.",
)
def command(  # noqa: PLR0917 - click calls it by name
    paths: tuple[Path, ...],
    output: Path,
    course: Path,
    assignment: str | None,
    jobs: int,
    resume: bool,
    dry_run: bool,
    roster: Path | None,
    shard: Shard | None,
    data: Path | None,
    training: bool,
    training_images: int | None,
    seed: int | None,
    slowness: float | None,
    unsandboxed: bool,
) -> None:
    """Grade PATHS, and write one JSON report for each submission and a summary.

    A path is a notebook, a zip, a folder of submissions, nbgrader's submitted/, or a learning platform's
    download of all submissions.

    Exit status: 0 all graded, or as much as was asked for; 1 some ungradable, 2 wrong usage, 3 no sandbox,
    130 interrupted (finished reports are kept; go on with --resume).
    """
    one_blas_thread()
    from rich.console import Console

    from autograder.batch import Batch, RunOptions, plan_run, record_of, seed_to_resume
    from autograder.cli.batch_view import say_found
    from autograder.course import find_course
    from autograder.grades.roster import read_roster
    from autograder.intake import discover
    from autograder.intake.isolation import limited_search

    options = RunOptions(
        root=course.resolve(),
        assignment=assignment,
        data=data.resolve() if data else None,
        training=training,
        training_images=training_images,
        seed=seed_to_resume(output) if resume and seed is None else seed,
        slowness=slowness,
        unsandboxed=unsandboxed,
    )
    if shard and options.seed is None and not dry_run:
        raise UsageError(
            f"--shard {shard}: no seed is named, and all shards of a class need the same",
            "Add --seed NUMBER, the same for each shard; `--seed $RANDOM` once will do.",
        )
    console = Console(stderr=True)
    expected = read_roster(roster) if roster else None
    chosen = find_course(options.root, assignment)
    found = discover(paths, chosen.assignment, *limited_search())
    mine = [one for one in found.candidates if shard is None or shard.holds(one.learner)]
    if dry_run:
        good = _list(chosen, mine)
        say_found(found, expected, console)
    else:
        say_found(found, expected, console)
        if shard:
            console.print(f"shard {shard}: {len(mine)} of them", markup=False, highlight=False)
        run = plan_run(options)
        if expected is not None:
            run = run.with_ids({one.learner: expected.ids(one.learner) for one in found.candidates})
        record = record_of(shard, run.key, found.candidates) if shard else None
        batch = Batch(run=run, candidates=tuple(mine), folder=output, jobs=jobs, resume=resume, shard=record)
        good = _grade(batch, expected, console)
    raise click.exceptions.Exit(ExitStatus.DONE if good else ExitStatus.SOME_FAILED)


def _list(course: Course, candidates: Sequence[Candidate]) -> bool:
    """List the submissions without running or writing anything, and say whether all can be graded."""
    from rich.console import Console

    from autograder.cli.batch_view import listing
    from autograder.grading.reading import SubmissionReader
    from autograder.grading.setup import given_notebook, kinds_of

    reader = SubmissionReader(course, given_notebook(course), kinds_of(course))
    submissions = [reader.read(candidate).submission for candidate in candidates]
    Console().print(listing(submissions))
    return all(one.problem is None for one in submissions)


def _grade(batch: Batch, roster: Roster | None, console: Console) -> bool:
    """Grade a batch, show its progress and its summary, and say whether all were graded."""
    from autograder.batch import grade_all
    from autograder.cli.batch_view import GRADED, summarise, watch

    if batch.run.options.unsandboxed:
        console.print("UNSANDBOXED: students' code runs with your rights on this machine.", style="bold red")
    done: list[Done] = []
    try:
        for one in watch(grade_all(batch), batch.candidates, console):
            done.append(one)
    except KeyboardInterrupt:
        console.print(f"\n{len(done)} of {len(batch.candidates)} graded and kept; go on with --resume.")
        raise
    summarise(done, batch.folder, roster, console)
    return all(one.outcome in GRADED for one in done)
