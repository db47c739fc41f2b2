"""``autograder bench``: this machine's figures."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--course",
    default=".",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The course's root folder.",
)
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
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(course: Path, submission: Path, copies: int, nbgrader_copies: int, as_json: bool) -> None:
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
