"""``autograder check``: run the visible checks on your own machine."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.status import ExitStatus
from autograder.report import to_json
from autograder.report.terminal import render
from autograder.selfcheck import REMAINING, check, closing_line


@click.command()
@click.argument("notebook", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(notebook: Path | None, as_json: bool) -> None:
    """Run the visible checks on NOTEBOOK, by default the homework's own.

    The checks run on your machine, offline, in seconds. Save the notebook first. Exit status: 0 the visible
    checks passed, 1 some did not.
    """
    report = check(notebook)
    closing = closing_line(report)
    if as_json:
        click.echo(to_json(report), nl=False)
    else:
        console = Console()
        console.print(render(report, points=False))
        console.print(closing, style="bold green" if closing == REMAINING else "bold", markup=False)
    raise click.exceptions.Exit(ExitStatus.DONE if closing == REMAINING else ExitStatus.SOME_FAILED)
