"""``autograder export``: render reports and grades for learning platforms and other programs."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from pathlib import Path

import click
from msgspec.structs import replace

from autograder.cli.export_source import Origin, write
from autograder.cli.options import assignment_option, course_option
from autograder.delivery import FORMATS, Format
from autograder.errors import UsageError, suggestion
from autograder.files import PRIVATE, write_atomically
from autograder.model import Report
from autograder.report.student import student_view

# The platforms' tables, which `export_sheets` fills; named here so that help needs no database.
SHEETS = ("blackboard", "brightspace", "canvas", "moodle", "moodle-gradebook")


@click.command()
@click.argument("form", metavar="FORMAT")
@click.argument("reports", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file or folder to write to.")
@click.option("--all-attempts", is_flag=True, help="Every attempt, not the newest of each submission.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The platform's own file, to fill the grades into.",
)
@click.option("--column", help="The title of the platform's column, if it is not the assignment's.")
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@click.option("--provisional", is_flag=True, help="Let grades go that a person has yet to finish.")
@click.option("--published", is_flag=True, help="Grades are published: learners may see what waits for that.")
@click.option(
    "--roster",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="The class as CSV, with the ids of the platform; a gradebook has its own.",
)
@click.option("--db", metavar="URL", help="The gradebook, if not the course's own.")
@course_option
@assignment_option
def command(  # noqa: PLR0917 - click calls it by name
    form: str,
    reports: tuple[Path, ...],
    output: Path | None,
    all_attempts: bool,
    into: Path | None,
    column: str | None,
    dry_run: bool,
    provisional: bool,
    published: bool,
    roster: Path | None,
    db: str | None,
    course: Path,
    assignment: str | None,
) -> None:
    """Render REPORTS (files, or folders of them), or the gradebook's grades, as FORMAT.

    Of reports: csv, gradescope, student (what its learner may see), classroom, prairielearn, ctrf, junit. If
    a format's file holds one report and there are several, -o names a folder for the files.

    Of grades: canvas, moodle, moodle-gradebook, brightspace, blackboard. Without REPORTS they are the
    gradebook's. With --into FILE, the file that the platform exported is filled: nothing else in it changes.

    Exit status: 1 if a learner has no place in the platform's file.
    """
    source = Origin(reports, db, course, assignment, roster, published, datetime.datetime.now(datetime.UTC))
    if form in SHEETS:
        from autograder.cli.export_sheets import Filler

        filler = Filler(form, into, column, output, dry_run=dry_run, provisional=provisional)
        filler.run(source)
    elif form in FORMATS:
        if into or column or dry_run or provisional or db:
            raise UsageError(f"`{form}` is made of reports", f"These options are for {', '.join(SHEETS)}.")
        _export(form, source, output, all_attempts=all_attempts)
    else:
        known = ", ".join(f"{name} ({f.about})" for name, f in FORMATS.items())
        hint = f"There is: {known}; and of grades {', '.join(SHEETS)}."
        raise UsageError(f"no format `{form}`; {suggestion(form, [*FORMATS, *SHEETS])}", hint)


def _export(form: str, source: Origin, output: Path | None, *, all_attempts: bool) -> None:
    chosen = FORMATS[form]
    read = list(_as_asked(chosen, source.read(all_attempts=all_attempts), source))
    if not chosen.single or len(read) == 1:
        write(chosen.render(read), output)
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


def _as_asked(chosen: Format, reports: Iterable[Report], source: Origin) -> Iterable[Report]:
    """Give the reports with the roster's ids, as students' views where the format is for them."""
    people = source.people()
    for report in reports:
        ids = people.ids(report.learner.id) if people else ()
        named = replace(report, learner=replace(report.learner, ids=ids)) if ids else report
        if chosen.for_students:
            yield student_view(named, source.now, published=source.published)
        else:
            yield named
