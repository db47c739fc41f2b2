"""``autograder dashboard``: the class page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.place import Place, of_gradebook
from autograder.errors import UsageError

if TYPE_CHECKING:
    from autograder.pages.dashboard.links import Places
    from autograder.pages.dashboard.records import ClassRecord


@click.command()
@click.argument("reports", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "-o",
    "--output",
    default="class.html",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page to write.",
)
@click.option(
    "--csv",
    "tables",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write every table of the page into this folder, too.",
)
@click.option(
    "--feedback",
    metavar="DIR",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Lead to the students' feedback in this folder, <id>.html, as `autograder feedback` writes it.",
)
@click.option("--review", metavar="URL", help="Lead to the review page there: http://127.0.0.1:PORT.")
@of_gradebook
def command(  # noqa: PLR0917 - click calls it by name
    place: Place,
    reports: tuple[Path, ...],
    output: Path,
    tables: Path | None,
    feedback: Path | None,
    review: str | None,
) -> None:
    """Show a class on one page: points, items, reasons, attempts, times, and what waits.

    The class is that of REPORTS (files, or folders of them) as they were graded. Without REPORTS it is that
    of the gradebook, with a person's points, lateness and extensions.
    """
    try:
        from autograder.pages.dashboard.render import render
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the class page needs {error.name}, which is not installed",
            "pip install -e '.[instructor]' in the course's folder",
        ) from error
    from autograder.files import PRIVATE, write_atomically
    from autograder.pages.dashboard.tables import to_csv
    from autograder.pages.dashboard.views import all_tables

    room = _read_reports(reports) if reports else _read_gradebook(place)
    places = _places(room, output, feedback, review)
    write_atomically(output, render(room, places), PRIVATE)
    click.echo(f"written: {output} ({len(room.students)} students, {len(room.counted)} with a grade)")
    if tables is not None:
        written = all_tables(room, places)
        for one in written:
            write_atomically(tables / f"{one.id}.csv", to_csv(one), PRIVATE)
        click.echo(f"written: {len(written)} tables in {tables}")


def _read_reports(reports: tuple[Path, ...]) -> ClassRecord:
    from autograder.pages.dashboard.from_reports import read_class
    from autograder.report import report_files

    return read_class(report_files(reports))


def _read_gradebook(place: Place) -> ClassRecord:
    with place.opened() as gradebook:
        from autograder.pages.dashboard.from_gradebook import read_gradebook

        room = read_gradebook(gradebook, place.rubric(gradebook))
    if not room.students:
        raise UsageError(
            f"the gradebook has no students on `{room.assignment}`",
            "Bring reports in first: autograder gradebook import reports",
        )
    return room


def _places(room: ClassRecord, output: Path, feedback: Path | None, review: str | None) -> Places:
    from autograder.pages.dashboard.links import Places, feedback_links, review_address

    identities = [one.id for one in room.students if one.id]
    return Places(
        feedback={} if feedback is None else feedback_links(feedback, output, identities),
        review="" if review is None else review_address(review),
    )
