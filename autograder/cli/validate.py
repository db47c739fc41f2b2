"""``autograder validate``: check reports against the published schema."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import reports_argument
from autograder.errors import ReportError
from autograder.model import Report
from autograder.report import read_report, report_files, upgrade_file
from autograder.report.sums import problems


@click.command()
@reports_argument
@click.option("--upgrade", is_flag=True, help="Write reports of older schemas anew, in today's.")
def command(reports: tuple[Path, ...], upgrade: bool) -> None:
    """Check REPORTS (files, or folders of them) against the published JSON Schema, and add their points up.

    Each report that does not fit is named, with the place of the first problem, and with each sum that is not
    right.
    """
    bad, upgraded, paths = 0, 0, report_files(reports)
    for path in paths:
        try:
            if upgrade:
                upgraded += upgrade_file(path)
            _add_up(path, read_report(path))
        except ReportError as error:
            bad += 1
            click.echo(f"error: {error}", err=True)
    click.echo(f"{len(paths) - bad} of {len(paths)} reports are valid.")
    if upgrade:
        click.echo(f"{upgraded} were written anew.")
    if bad:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)


def _add_up(path: Path, report: Report) -> None:
    """Raise `ReportError` with all sums of a report that are not right."""
    wrong = list(problems(report))
    if wrong:
        raise ReportError("\n  ".join(f"{path}: {one}" for one in wrong), "Was the report edited by hand?")
