"""``autograder feedback``: one page for each student."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import reports_argument
from autograder.errors import ReportError, UsageError

if TYPE_CHECKING:
    from autograder.pages.feedback.gather import Feedback, Filed


@click.command()
@reports_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the pages.",
)
@click.option(
    "--db", metavar="URL", help="A gradebook: adds the grade with its steps, and what people gave and said."
)
@click.option("--published", is_flag=True, help="Grades are published: show what is shown after that.")
@click.option("--pdf", is_flag=True, help="Print each page to a PDF file beside it, too.")
def command(reports: tuple[Path, ...], output: Path, db: str | None, published: bool, pdf: bool) -> None:
    """Write a page for each submission in REPORTS (files, or the folder of a batch).

    A page shows what its student may see now: nothing hidden, and what is shown after the due date or after
    publication only then. It is one file that loads nothing. Of several attempts it shows the newest, or with
    --db the one that counts. Exit status: 1 if a report could not be read.
    """
    try:
        from autograder.pages.feedback.page import feedback_page
    except ModuleNotFoundError as error:
        raise UsageError(
            f"feedback pages need {error.name}, which is not installed",
            "pip install -e '.[instructor]' in the course's folder",
        ) from error
    from autograder.files import PRIVATE, write_atomically
    from autograder.pages.feedback.printing import find_browser, print_page
    from autograder.report import report_files

    browser = find_browser() if pdf else ""
    paths = report_files(reports)
    read = list(_read(paths))
    now = datetime.datetime.now().astimezone()
    written = []
    for name, one in _gathered(read, db).items() if read else ():
        path = output / f"{name}.html"
        write_atomically(path, feedback_page(one, now, published=published), PRIVATE)
        written.append(path)
    for path in written if pdf else ():
        print_page(browser, path, path.with_suffix(".pdf"))
    click.echo(f"{len(written)} page{'s' if len(written) != 1 else ''} in {output}")
    if len(read) < len(paths):
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)


def _read(paths: Sequence[Path]) -> Iterator[Filed]:
    from autograder.pages.feedback.gather import filed

    for path in paths:
        try:
            yield filed(path)
        except ReportError as error:
            click.echo(f"error: {error}", err=True)


def _gathered(read: Sequence[Filed], db: str | None) -> dict[str, Feedback]:
    from autograder.grades.store import Gradebook
    from autograder.pages.feedback.gather import by_name, from_gradebook, from_reports

    if db is None:
        return by_name(from_reports(read))
    with Gradebook(db) as gradebook:
        return by_name(from_gradebook(gradebook, read))
