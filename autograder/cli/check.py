"""``autograder check``: run the visible checks on your own machine."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.exit_status import ExitStatus
from autograder.report import to_json
from autograder.selfcheck import REMAINING, check, closing_line, page


@click.command()
@click.argument("notebook", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(notebook: Path | None, as_json: bool) -> None:
    """Run the visible checks on NOTEBOOK, or on the one in a folder.

    By default that is the homework that was saved last here. The checks run on your machine, offline, in
    seconds. Save the notebook first. Exit status: 0 the visible checks passed, 1 some did not.
    """
    found = check(notebook)
    if as_json:
        click.echo(to_json(found.report), nl=False)
    else:
        Console().print(page(found))
    passed = closing_line(found.report) == REMAINING
    raise click.exceptions.Exit(ExitStatus.DONE if passed else ExitStatus.SOME_FAILED)
