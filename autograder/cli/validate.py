"""``autograder validate``: reports against the published schema."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.status import ExitStatus
from autograder.errors import ReportError


@click.command()
@click.argument(
    "reports", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def command(reports: tuple[Path, ...]) -> None:
    """Check REPORTS against the published JSON Schema; each that does not fit is named, with the place."""
    from autograder.report import read_report

    bad = 0
    for path in reports:
        try:
            read_report(path)
        except ReportError as error:
            bad += 1
            click.echo(f"error: {error}", err=True)
    click.echo(f"{len(reports) - bad} of {len(reports)} reports are valid.")
    if bad:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)
