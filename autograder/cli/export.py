"""``autograder export``: render reports for gradebooks and learning platforms."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.options import reports_argument
from autograder.delivery import FORMATS, newest_attempts
from autograder.errors import UsageError
from autograder.files import PRIVATE, write_atomically
from autograder.report import read_report, report_files
from autograder.text import BYTE_ORDER_MARK


@click.command()
@click.argument("form", metavar="FORMAT")
@reports_argument
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file or folder to write to.")
@click.option("--all-attempts", is_flag=True, help="Every attempt, not the newest of each submission.")
def command(form: str, reports: tuple[Path, ...], output: Path | None, all_attempts: bool) -> None:
    """Render REPORTS (files, or folders of them) as FORMAT: gradescope or csv.

    If a format's file holds one report and there are several, -o names a folder for the files.
    """
    if form not in FORMATS:
        known = ", ".join(f"{name} ({f.about})" for name, f in FORMATS.items())
        raise UsageError(f"no format `{form}`", f"There is: {known}.")
    chosen = FORMATS[form]
    read = [read_report(path) for path in report_files(reports)]
    read = read if all_attempts else newest_attempts(read)
    if not chosen.single or len(read) == 1:
        _write(chosen.render(read), output)
    elif output is None:
        raise UsageError(
            f"{len(read)} reports, but a file of `{form}` holds one", "Name a folder with -o DIR."
        )
    else:
        for report in read:
            one = report.submission
            folder = output / one.id / (str(one.attempt) if all_attempts else "")
            write_atomically(folder / chosen.file_name, chosen.render([report]), PRIVATE)
        click.echo(f"{len(read)} files in {output}")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text.removeprefix(BYTE_ORDER_MARK), nl=False)
    else:
        write_atomically(output, text, PRIVATE)
        click.echo(f"written: {output}")
