"""``autograder bench``: this machine's figures."""

from __future__ import annotations

from pathlib import Path

import click

COURSE = click.option(
    "--course",
    default=".",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The course's root folder.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")


@click.group()
def command() -> None:
    """Measure speed on this machine, each figure beside another of the same run."""


@command.command()
@COURSE
@click.option(
    "--submission",
    default="tests/samples/hw5/s001",
    show_default=True,
    type=click.Path(path_type=Path, exists=True),
    help="A solved submission.",
)
@click.option(
    "--copies", default=200, show_default=True, type=click.IntRange(1), help="Submissions in the batch."
)
@click.option(
    "--nbgrader-copies",
    default=8,
    show_default=True,
    type=click.IntRange(0),
    help="How many nbgrader gets; 0: none.",
)
@JSON
def grading(course: Path, submission: Path, copies: int, nbgrader_copies: int, as_json: bool) -> None:
    """Measure the start, a submission, a batch against nbgrader's autograde, and memory."""
    import json

    import msgspec
    from rich.console import Console
    from rich.table import Table

    from autograder.bench import measure

    figures = list(measure(course.resolve(), submission.resolve(), copies, nbgrader_copies))
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(figures), indent=2))
        return
    table = Table("what", "median", "range", "yardstick", "its median", "yardstick / ours", box=None)
    for f in figures:
        ratio = "" if f.ratio is None else f"{f.ratio:g}"
        other = "" if f.yardstick_median is None else f"{f.yardstick_median:g} {f.unit}"
        table.add_row(
            f.name, f"{f.median:g} {f.unit}", f"{f.least:g} to {f.greatest:g}", f.yardstick, other, ratio
        )
    Console().print(table)


def _suite(name: str, course: Path, *, rounds: int, seconds: float, as_json: bool, plot: Path | None) -> None:
    """Measure one of the homework's own suites."""
    import json

    from rich.console import Console

    from autograder.bench import shown
    from autograder.bench.machine import describe
    from autograder.bench.suite import load_suite
    from autograder.bench.turns import take_turns
    from autograder.course import find_course

    root = course.resolve()
    suite = load_suite(find_course(root), name)
    found = list(take_turns(root, name, suite, rounds, seconds))
    figures = shown.figures(suite, describe(), found)
    if plot is not None:
        shown.plot(figures, plot)
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        Console().print(shown.render(figures, suite.ours))


ROUNDS = click.option(
    "--rounds", default=5, show_default=True, type=click.IntRange(1), help="Turns for everybody."
)
SECONDS = click.option(
    "--seconds", default=0.5, show_default=True, type=click.FloatRange(0.001), help="Length of a turn."
)
PLOT = click.option(
    "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the figures into this file."
)


@command.command()
@COURSE
@ROUNDS
@SECONDS
@JSON
@PLOT
def layers(course: Path, rounds: int, seconds: float, as_json: bool, plot: Path | None) -> None:
    """Time the fast layers beside PyTorch and plain NumPy, and what the machine could do at most."""
    _suite("layers", course, rounds=rounds, seconds=seconds, as_json=as_json, plot=plot)


@command.command()
@COURSE
@ROUNDS
@SECONDS
@JSON
@PLOT
def training(course: Path, rounds: int, seconds: float, as_json: bool, plot: Path | None) -> None:
    """Time a training step of the homework's network beside PyTorch."""
    _suite("training", course, rounds=rounds, seconds=seconds, as_json=as_json, plot=plot)


@command.command()
@COURSE
@ROUNDS
@SECONDS
@JSON
@PLOT
def scaling(course: Path, rounds: int, seconds: float, as_json: bool, plot: Path | None) -> None:
    """Time the fast layers on twice as many images, filters, channels, pixels."""
    _suite("scaling", course, rounds=rounds, seconds=seconds, as_json=as_json, plot=plot)
