"""``autograder validate``: check reports against the published schema."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import reports_argument
from autograder.cli.status import ExitStatus
from autograder.errors import ReportError
from autograder.report import read_report, report_files


@click.command()
@reports_argument
def command(reports: tuple[Path, ...]) -> None:
    """Check REPORTS (files, or folders of them) against the published JSON Schema.

    Each report that does not fit is named, with the place of the first problem.
    """
    bad, paths = 0, report_files(reports)
    for path in paths:
        try:
            read_report(path)
        except ReportError as error:
            bad += 1
            click.echo(f"error: {error}", err=True)
    click.echo(f"{len(paths) - bad} of {len(paths)} reports are valid.")
    if bad:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)
