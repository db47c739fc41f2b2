"""Run the commands of ``tools/measure``."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import click

COURSE = click.option(
    "--course",
    default=".",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The course's root folder.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")


REPORTS = click.option(
    "--reports",
    default="out/demo",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Real reports, which the learners get in turn: `make demo` writes them.",
)


SAMPLES = click.option(
    "--samples",
    default="tests/samples/hw5",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of submissions, used in turn.",
)
WITHOUT = click.option(
    "--without",
    default=("s011", "s012"),
    show_default=True,
    multiple=True,
    help="A sample to leave out, such as one that takes long, or meets its limits in another way each time.",
)


def _chosen(samples: Path, without: Collection[str]) -> tuple[Path, ...]:
    """Give the folders of the samples that are not left out."""
    folders = (path for path in sorted(samples.iterdir()) if path.is_dir())
    return tuple(path.resolve() for path in folders if path.name not in without)


def _drawn(seed: int | None) -> int:
    """Give the seed, or draw one where none is named."""
    return random.randrange(1 << 31) if seed is None else seed


@click.group()
def command() -> None:
    """Measure speed on this machine; each figure has a yardstick from the same run."""


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
    help="Submissions for nbgrader; 0: none.",
)
@JSON
def grading(course: Path, submission: Path, copies: int, nbgrader_copies: int, as_json: bool) -> None:
    """Measure the start, a submission, a batch against nbgrader's autograde, and memory."""
    from bench import measure

    _show(list(measure(course.resolve(), submission.resolve(), copies, nbgrader_copies)), as_json)


def _show(figures: Sequence[Any], as_json: bool) -> None:
    import json

    import msgspec
    from rich.console import Console
    from rich.table import Table

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


@command.command()
@COURSE
@click.option(
    "--submission",
    default="tests/samples/hw5/s001",
    show_default=True,
    type=click.Path(path_type=Path, exists=True),
    help="A solved submission.",
)
@click.option("--copies", default=600, show_default=True, type=click.IntRange(1), help="Submissions.")
@JSON
def review(course: Path, submission: Path, copies: int, as_json: bool) -> None:
    """Measure the review page: how long a browser waits, in a class of hundreds."""
    from bench.review import measure_course

    _show(list(measure_course(course.resolve(), submission.resolve(), copies)), as_json)


def _measure_suite(
    name: str,
    course: Path,
    only: Sequence[str],
    *,
    before: Path | None,
    rounds: int,
    seconds: float,
    as_json: bool,
    plot: Path | None,
) -> None:
    import json

    from rich.console import Console

    from autograder.course import find_course
    from bench import shown
    from bench.interleave import take_turns
    from bench.machine import describe
    from bench.suite import load_suite

    root = course.resolve()
    suite = load_suite(find_course(root), name).only(only)
    if before is not None:
        suite = suite.beside("before", before.resolve())
    machine = describe()
    found = list(take_turns(root, name, suite, rounds, seconds))
    figures = shown.figures(suite, machine.at_best(describe()), found)
    if plot is not None:
        shown.plot(figures, plot)
    if as_json:
        click.echo(json.dumps(figures, indent=2))
    else:
        Console().print(shown.render(figures))


def _add_suite(name: str, about: str) -> None:
    """Add a command for one of the homework's own suites."""

    @command.command(name=name, help=about)
    @COURSE
    @click.option(
        "--only", multiple=True, metavar="CANDIDATE", help="Measure this one beside ours; may be repeated."
    )
    @click.option(
        "--before",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="A folder with an earlier build of our module, which takes turns too.",
    )
    @click.option(
        "--rounds", default=5, show_default=True, type=click.IntRange(1), help="Turns for everybody."
    )
    @click.option(
        "--seconds", default=0.5, show_default=True, type=click.FloatRange(0.001), help="Length of a turn."
    )
    @JSON
    @click.option(
        "--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the figures into this file."
    )
    def measure_suite(**options: Any) -> None:
        _measure_suite(name, **options)


_add_suite("layers", "Time the fast layers beside PyTorch, plain NumPy and the limit of the machine.")
_add_suite("training", "Time a training step of the homework's network beside PyTorch.")
_add_suite("scaling", "Time the fast layers on twice as many images, filters, channels, pixels.")


@command.command()
@COURSE
@SAMPLES
@WITHOUT
@click.option(
    "--hostile",
    default="tests/tools/soak/hostile",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of attacks; every tenth submission gets one.",
)
@click.option("--count", default=2000, show_default=True, type=click.IntRange(1), help="Submissions.")
@click.option(
    "--kills", default=10, show_default=True, type=click.IntRange(0), help="How often the grader is killed."
)
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Submissions at a time.")
@click.option("--seed", type=int, help="For the moments and the order of the attacks; by default a new one.")
def soak(  # noqa: PLR0917 - click calls it by name
    course: Path,
    samples: Path,
    without: tuple[str, ...],
    hostile: Path,
    count: int,
    kills: int,
    jobs: int,
    seed: int | None,
) -> None:
    """Grade many submissions twice, undisturbed and while the grader is killed again and again; compare.

    Exit status: 0 all is well, 1 something is wrong.
    """
    from bench.soak import Plan
    from bench.soak import soak as run

    plan = Plan(
        root=course.resolve(),
        samples=_chosen(samples, without),
        hostile=hostile.resolve(),
        count=count,
        kills=kills,
        jobs=jobs,
        seed=_drawn(seed),
    )
    done = run(plan, click.echo)
    click.echo(f"undisturbed {done.calm_seconds} s, disturbed {done.disturbed_seconds} s")
    click.echo("memory {:.0f} MB, later {:.0f} MB; ".format(*done.memory), nl=False)
    click.echo("open files {:.0f}, later {:.0f}".format(*done.files))
    for sentence in done.wrong:
        click.echo(f"wrong: {sentence}")
    click.echo("all is well" if not done.wrong else f"{len(done.wrong)} things are wrong")
    raise click.exceptions.Exit(int(bool(done.wrong)))


@command.command()
@COURSE
@SAMPLES
@WITHOUT
@click.option("--count", default=200, show_default=True, type=click.IntRange(4), help="Submissions.")
@click.option(
    "--workers", default=2, show_default=True, type=click.IntRange(1), help="Workers, and jobs here."
)
@click.option(
    "--kills", default=10, show_default=True, type=click.IntRange(0), help="Workers that are killed."
)
@click.option("--seed", type=int, help="For the moments of the kills; by default a new one.")
def cluster(  # noqa: PLR0917 - click calls it by name
    course: Path,
    samples: Path,
    without: tuple[str, ...],
    count: int,
    workers: int,
    kills: int,
    seed: int | None,
) -> None:
    """Grade a class here, on a Dask cluster, and once more while workers are killed; compare.

    Exit status: 0 all is well, 1 something is wrong.
    """
    from bench.cluster import measure_cluster
    from bench.soak import Plan

    plan = Plan(
        root=course.resolve(),
        samples=_chosen(samples, without),
        hostile=Path("tests/tools/soak/hostile").resolve(),
        count=count,
        kills=kills,
        jobs=workers,
        seed=_drawn(seed),
    )
    done = measure_cluster(plan, click.echo)
    click.echo(f"here {done.here_seconds:.1f} s, on the cluster {done.cluster_seconds:.1f} s: ", nl=False)
    click.echo(f"throughput {done.ratio:.2f}; {done.deaths} deaths {done.disturbed_seconds:.1f} s")
    for sentence in done.wrong:
        click.echo(f"wrong: {sentence}")
    click.echo("all is well" if not done.wrong else f"{len(done.wrong)} things are wrong")
    raise click.exceptions.Exit(int(bool(done.wrong)))


@command.command()
@COURSE
@click.option(
    "--batch",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of a batch that graded the samples: its log has their times.",
)
@SAMPLES
@click.option("--count", default=10_000, show_default=True, type=click.IntRange(1), help="Submissions.")
@click.option("--readers", default=4, show_default=True, type=click.IntRange(1), help="Processes that read.")
def cluster_scale(course: Path, batch: Path, samples: Path, count: int, readers: int) -> None:
    """Simulate a large class on 1 to 512 workers, from the times of each step on this machine."""
    from rich.console import Console
    from rich.table import Table

    from bench.cluster_scale import mean, measure_steps, simulate

    steps = measure_steps(course.resolve(), batch, samples)
    for name in ("grading", "reading", "writing"):
        click.echo(f"{name} {1000 * mean(getattr(steps, name)):.1f} ms, ", nl=False)
    click.echo(f"exchange {1000 * steps.exchange:.1f} ms, alone {1000 * steps.latency:.1f} ms")
    table = Table("workers", "minutes", "a second", "grading", "readers", "exchange", "writer", box=None)
    for workers in (1 << power for power in range(10)):
        one = simulate(steps, workers, count, seed=workers, readers=readers)
        busy = (f"{share:.0%}" for share in (one.grading, one.reader, one.exchange, one.writer))
        table.add_row(str(workers), f"{one.seconds / 60:.1f}", f"{count / one.seconds:.1f}", *busy)
    Console().print(table)


@command.command()
@COURSE
@REPORTS
@click.option(
    "--learners", default=10_000, show_default=True, type=click.IntRange(8), help="The largest class."
)
@click.option("--attempts", default=3, show_default=True, type=click.IntRange(1), help="Of each learner.")
@JSON
def gradebook(course: Path, reports: Path, learners: int, attempts: int, as_json: bool) -> None:
    """Measure the gradebook in SQLite with an eighth, a quarter, a half and all of the learners."""
    from autograder.course import find_course
    from autograder.grades.rubric import rubric_of
    from autograder.report import read_report, report_files
    from bench.gradebook import measure_gradebook

    read = [read_report(path) for path in report_files([reports])]
    rubric = rubric_of(find_course(course.resolve()))
    _show_growth(list(measure_gradebook(read, rubric, _sizes(learners), attempts)), as_json)


def _sizes(most: int) -> list[int]:
    return [most // part for part in (8, 4, 2, 1)]


def _show_growth(rows: Sequence[dict[str, float]], as_json: bool) -> None:
    """Show a row for each size: numbers of things and of KiB are whole, all else are seconds."""
    import json

    from rich.console import Console
    from rich.table import Table

    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    plain = {name for name, value in rows[0].items() if isinstance(value, int)}
    table = Table(*(name if name in plain else f"{name}, s" for name in rows[0]), box=None)
    for row in rows:
        table.add_row(
            *(f"{value:.3g}" if isinstance(value, float) else f"{value:,}" for value in row.values())
        )
    Console().print(table)


@command.command()
@COURSE
@REPORTS
@click.option("--learners", default=600, show_default=True, type=click.IntRange(8), help="The largest class.")
@JSON
def dashboard(course: Path, reports: Path, learners: int, as_json: bool) -> None:
    """Measure the class page and the similarity page with an eighth, a quarter, a half and all of a class."""
    from autograder.course import find_course
    from autograder.grades.rubric import rubric_of
    from autograder.report import read_report, report_files
    from bench.dashboard import measure_dashboard, measure_similarity

    read = [read_report(path) for path in report_files([reports])]
    rubric = rubric_of(find_course(course.resolve()))
    _show_growth(list(measure_dashboard(read, rubric, _sizes(learners))), as_json)
    _show_growth(list(measure_similarity(_sizes(learners))), as_json)


@command.command()
@COURSE
@REPORTS
@click.option("--learners", default=500, show_default=True, type=click.IntRange(1), help="The class.")
@click.option(
    "--gradebook", "url", metavar="URL", help="An empty database; a new SQLite file if none is named."
)
@JSON
def nbgrader(course: Path, reports: Path, learners: int, url: str | None, as_json: bool) -> None:
    """Measure a push of a class into nbgrader's gradebook, a second one, and a pull of points for all."""
    import json

    from autograder.course import find_course
    from autograder.grades.rubric import rubric_of
    from autograder.report import read_report, report_files
    from bench.nbgrader import measure_nbgrader

    found = find_course(course.resolve())
    read = [read_report(path) for path in report_files([reports])]
    rubric = rubric_of(found)
    figures = measure_nbgrader(read, rubric, found.given_notebook, learners, url)
    if as_json:
        click.echo(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        click.echo(f"{name}: {value:,}" if name == "learners" else f"{name}: {value:.3g} s")


@command.command()
@COURSE
@click.option(
    "--half",
    default="tests/samples/hw5/s005",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with half-done work.",
)
@click.option(
    "--done",
    default="tests/samples/hw5/s001",
    show_default=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder with a solved notebook.",
)
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="Turns for everybody.")
@JSON
def selfcheck(course: Path, half: Path, done: Path, rounds: int, as_json: bool) -> None:
    """Measure how long a student waits for `autograder check`, and what an unchanged notebook saves."""
    import json

    import msgspec
    from rich.console import Console
    from rich.table import Table

    from autograder.course import find_course
    from bench.selfcheck import measure_selfcheck

    release = find_course(course.resolve()).given_notebook.parent
    waits = measure_selfcheck(release, half.resolve(), done.resolve(), rounds)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(waits), indent=2))
        return
    table = Table("what", "median", "range", "times the first", box=None)
    for one in waits:
        seconds = f"{one.least:.2f} to {one.greatest:.2f}"
        table.add_row(one.name, f"{one.median:.2f} s", seconds, f"{one.ratio:g}")
    Console().print(table)
