"""``autograder grade``: submissions in, one JSON report each out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.options import assignment_option, course_option
from autograder.cli.status import ExitStatus
from autograder.execution.environment import one_blas_thread

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.batch import Done, RunOptions
    from autograder.intake import Candidate

_GRADED = ("graded", "pending_manual")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    default="reports",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for reports, pictures, summary.csv and the ledger.",
)
@course_option
@assignment_option
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1, 256), help="Submissions at a time."
)
@click.option("--resume", is_flag=True, help="Skip what an interrupted batch has already graded.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The unpacked data set; else the one that is named, fetched, or generated.",
)
@click.option("--training/--no-training", default=True, help="Judge the items that train (seconds each).")
@click.option(
    "--training-images", type=click.IntRange(200), help="Train on fewer images than the assignment says."
)
@click.option("--seed", default=0, show_default=True, help="Draws each submission's own cases.")
@click.option(
    "--slowness",
    type=click.FloatRange(1, 8),
    help="How many times longer the limits of time are; measured on this machine where it is not named.",
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
    data: Path | None,
    training: bool,
    training_images: int | None,
    seed: int,
    slowness: float | None,
    unsandboxed: bool,
) -> None:
    """Grade PATHS: one JSON report a submission, and a summary.

    A path is a notebook, a zip, a folder of submissions, nbgrader's submitted/, or a download of all
    submissions from Canvas or Moodle.

    Exit status: 0 all graded, 1 some ungradable, 2 wrong usage, 3 no sandbox, 130 interrupted (finished
    reports are kept; go on with --resume).
    """
    from autograder.batch import RunOptions

    options = RunOptions(
        root=course.resolve(),
        assignment=assignment,
        data=data.resolve() if data else None,
        training=training,
        training_images=training_images,
        seed=seed,
        slowness=slowness,
        unsandboxed=unsandboxed,
    )
    one_blas_thread()
    done = _run(options, paths, output, jobs, resume)
    raise click.exceptions.Exit(
        ExitStatus.DONE if all(d.outcome in _GRADED for d in done) else ExitStatus.SOME_FAILED
    )


def _run(options: RunOptions, paths: tuple[Path, ...], output: Path, jobs: int, resume: bool) -> list[Done]:
    from rich.console import Console

    from autograder.batch import Batch, grade_all, plan_run
    from autograder.course import find_course
    from autograder.intake import discover
    from autograder.intake.isolation import archive_lister

    console = Console(stderr=True)
    found = discover(paths, find_course(options.root, options.assignment).assignment, archive_lister())
    for notice in found.notices:
        console.print(f"note: {notice.where}: {notice.message}", style="yellow", markup=False)
    run = plan_run(options)
    if options.unsandboxed:
        console.print("UNSANDBOXED: students' code runs with your rights on this machine.", style="bold red")
    batch = Batch(run=run, candidates=found.candidates, folder=output, jobs=jobs, resume=resume)
    done: list[Done] = []
    try:
        for one in _watch(grade_all(batch), found.candidates, console):
            done.append(one)
    except KeyboardInterrupt:
        console.print(f"\n{len(done)} of {len(found.candidates)} graded and kept; go on with --resume.")
        raise
    _summarise(done, output, console)
    return done


def _watch(work: Iterator[Done], candidates: tuple[Candidate, ...], console: Console) -> Iterator[Done]:
    """Show a progress bar with the time left, and name each submission that could not be graded."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("grading", total=len(candidates))
        for one in work:
            progress.advance(task)
            if one.outcome not in _GRADED:
                progress.console.print(
                    f"{one.id}: {one.outcome}: {one.message}", style="yellow", markup=False
                )
            yield one


def _summarise(done: list[Done], output: Path, messages: Console) -> None:
    from rich.console import Console

    from autograder.batch import report_path
    from autograder.delivery import to_csv
    from autograder.files import write_atomically
    from autograder.report import read_report
    from autograder.report.terminal import render_summary

    reports = [read_report(report_path(output, one.id)) for one in done]
    write_atomically(output / "summary.csv", to_csv(reports))
    Console().print(render_summary(reports))
    messages.print(f"reports: {output / 'reports'}   summary: {output / 'summary.csv'}", markup=False)
