"""``autograder check``: run the visible checks on your own machine."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.exit_status import ExitStatus
from autograder.report import to_json
from autograder.selfcheck import REMAINING, check, closing_line, page
from autograder.selfcheck.progress import in_terminal


@click.command()
@click.argument("notebook", required=False, type=click.Path(path_type=Path))
@click.option("--item", default="", metavar="ID", help="Judge this item alone, such as `pdf`.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(notebook: Path | None, item: str, as_json: bool) -> None:
    """Run the visible checks on NOTEBOOK, or on the one in a folder.

    By default that is the homework that was saved last here. The checks run on your machine, offline, in
    seconds. Save the notebook first. Exit status: 0 the visible checks passed, 1 some did not.
    """
    console = Console()
    with in_terminal(console) as progress:
        found = check(notebook, item, progress)
    if as_json:
        click.echo(to_json(found.report), nl=False)
    else:
        console.print(page(found))
    passed = closing_line(found.report) == REMAINING
    raise click.exceptions.Exit(ExitStatus.DONE if passed else ExitStatus.SOME_FAILED)
