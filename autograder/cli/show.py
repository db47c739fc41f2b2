"""``autograder show``: a report in the terminal."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import reports_argument
from autograder.errors import ReportError


@click.command()
@reports_argument
def command(reports: tuple[Path, ...]) -> None:
    """Show REPORTS (files, or the folder of a batch): points, reasons, and the first failing case.

    That is the whole report, hidden checks included; `autograder feedback` writes pages for students. Exit
    status: 1 if a report could not be read.
    """
    from autograder.report import read_report, report_files
    from autograder.report.terminal import closing, render

    console, bad = Console(highlight=False), 0
    for path in report_files(reports):
        try:
            report = read_report(path)
        except ReportError as error:
            bad += 1
            click.echo(f"error: {error}", err=True)
            continue
        console.print(render(report))
        console.print(closing(report), markup=False)
    if bad:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)
