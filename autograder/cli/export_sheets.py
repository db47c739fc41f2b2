"""``autograder export canvas`` and its like: fill grades into the tables of learning platforms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.export_source import Origin, write
from autograder.cli.place import Place
from autograder.delivery import showing
from autograder.delivery.outgoing import Outgoing, plan
from autograder.delivery.results import NOBODY, from_gradebook, from_reports
from autograder.delivery.sheets import PLATFORMS, fill, in_cents, read_sheet
from autograder.errors import UsageError
from autograder.text import BYTE_ORDER_MARK, spreadsheet

if TYPE_CHECKING:
    from autograder.delivery.sheets import Filling


class Results(NamedTuple):
    """The results of one assignment, and the names by which a platform may know it."""

    results: list[Outgoing]
    titles: tuple[str, ...]


def results_of(source: Origin) -> Results:
    """Read results from reports, or from the gradebook where none are named.

    Raises `UsageError` if the reports are of several assignments, or there is no gradebook.
    """
    if not source.reports:
        return _of_gradebook(source)
    reports = source.read()
    found = {one.assignment.id: one.assignment for one in reports}
    if source.assignment is not None:
        reports = [one for one in reports if one.assignment.id == source.assignment]
        found = {name: facts for name, facts in found.items() if name == source.assignment}
    if len(found) != 1:
        names = ", ".join(sorted(found)) or f"none of `{source.assignment}`"
        raise UsageError(f"expected reports of one assignment, found {names}", "Name one with --assignment.")
    (facts,) = found.values()
    people = source.people()
    made = from_reports(reports, source.now, roster=people or NOBODY, published=source.published)
    return Results(made, (facts.title, facts.id))


def _of_gradebook(source: Origin) -> Results:
    from autograder.course import find_course
    from autograder.grades.store import FILE_NAME

    if source.roster:
        raise UsageError(
            "--roster goes with reports: a gradebook has its own",
            "`autograder gradebook roster FILE` records it.",
        )
    if source.db is None and not (source.course / FILE_NAME).exists():
        raise UsageError(
            f"no reports, and no {FILE_NAME} in {source.course.resolve()}",
            "Name reports, or a gradebook with --db or --course.",
        )
    place = Place(source.db, source.course, source.assignment, None)
    assignment = find_course(source.course.resolve(), source.assignment).assignment
    with place.opened() as gradebook:
        made = from_gradebook(gradebook, place.rubric(gradebook), source.now, published=source.published)
    return Results(made, (assignment.title, assignment.id))


class Filler(NamedTuple):
    """The use of the results: the platform, its file, its column, and the new file."""

    form: str
    into: Path | None
    column: str | None
    output: Path | None
    dry_run: bool
    provisional: bool

    def run(self, source: Origin) -> None:
        """Fill the platform's file, or make a new one, and say what changes and who is left behind."""
        made = results_of(source)
        if self.into is None:
            self._new_file(made)
        else:
            self._fill(self.into, made)

    def _fill(self, into: Path, made: Results) -> None:
        sheet = read_sheet(into)
        titles = (self.column,) if self.column else made.titles
        layout = PLATFORMS[self.form].layout(sheet, titles)
        done = fill(sheet, layout, made.results, provisional=self.provisional)
        _say(done)
        if not self.dry_run:
            write(done.data, self.output)
        if done.plan.unmatched:
            raise click.exceptions.Exit(ExitStatus.SOME_FAILED)

    def _new_file(self, made: Results) -> None:
        """Make a file without the platform's own: nobody can be unmatched, and nothing compared."""
        fresh = PLATFORMS[self.form].fresh
        if fresh is None:
            raise UsageError(
                f"`{self.form}` needs the file that the platform exports", "Name it with --into FILE."
            )
        done = plan(in_cents(made.results), (), provisional=self.provisional)
        going = [result for result, _ in done.unmatched]
        for line in showing.left_behind(done):
            click.echo(line, err=True)
        click.echo(f"{len(going)} results, {len(done.held)} held back.", err=True)
        if not self.dry_run:
            text = spreadsheet(fresh(going, self.column or made.titles[0]))
            write(text.removeprefix(BYTE_ORDER_MARK), self.output)


def _say(done: Filling) -> None:
    # the file itself may go to the standard output
    for line in showing.changes(done.plan):
        click.echo(line, err=True)
    for line in (*showing.left_behind(done.plan), *showing.failures(done.plan, done.refuses)):
        click.echo(line, err=True)
    click.echo(showing.counted(done.plan, done.refuses), err=True)
