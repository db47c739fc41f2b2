"""``autograder send``: send grades to a learning platform, and compare what is there then."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import assignment_option, course_option
from autograder.cli.place import Place, database_option
from autograder.errors import UsageError
from autograder.files import PRIVATE, write_new
from autograder.grades.compute import written

try:
    from autograder.delivery.destinations import open_place
    from autograder.delivery.preparing import Failure, Prepared, prepare
    from autograder.delivery.sending import Sent, send
    from autograder.delivery.sent import FILE_NAME, opened, read
except ImportError as error:
    raise UsageError(
        f"`autograder send` needs {error.name}, which is not installed",
        "pip install -e '.[instructor]' in the course's folder",
    ) from error

if TYPE_CHECKING:
    from autograder.delivery.outgoing import Outgoing, SendPlan, Transfer


@click.command()
@click.argument("place", required=False)
@click.argument("reports", nargs=-1, type=click.Path(exists=True, path_type=Path))
@course_option
@assignment_option
@database_option
@click.option("--dry-run", is_flag=True, help="Show what would change, and send nothing.")
@click.option(
    "--provisional", is_flag=True, help="Send grades, too, of which a person has yet to judge some."
)
@click.option("--comments/--no-comments", default=True, help="Send the comment that explains the points.")
@click.option("--published", is_flag=True, help="Grades are published: comments say what is shown only then.")
@click.option(
    "--log",
    "log_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where it is noted what was sent; sent.jsonl beside the gradebook by default.",
)
@click.option(
    "--new-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a new private key for LTI into a file, and print its public half for the platform.",
)
@click.option(
    "--show-key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Print the public half of a private key for LTI.",
)
def command(
    *,
    place: str | None,
    reports: tuple[Path, ...],
    course: Path,
    assignment: str | None,
    db: str | None,
    dry_run: bool,
    provisional: bool,
    comments: bool,
    published: bool,
    log_file: Path | None,
    new_key: Path | None,
    show_key: Path | None,
) -> None:
    """Send the gradebook's grades, or those of REPORTS, to PLACE, a table of places.toml.

    Only what PLACE does not have yet is sent. Then it is read back and compared. To send again what failed,
    run the same command.

    Exit status: 1 if a learner is not known there, or a grade did not arrive.
    """
    if new_key or show_key:
        _keys(new_key, show_key)
        return
    if place is None:
        raise UsageError("no PLACE is named", "Name a table of places.toml; docs/sending.md describes it.")
    root = course.resolve()
    destination = open_place(root, place, comments=comments)
    results = _results(Place(db, course, assignment, None), reports, published=published)
    path = log_file or _beside(db, root) / FILE_NAME
    if dry_run:
        prepared = prepare(
            destination,
            results,
            read(path, destination.name),
            provisional=provisional,
            comments=comments,
        )
        _say(_planned(prepared))
        failures: Sequence[Failure] = (*prepared.failures, *prepared.waiting)
    else:
        with opened(path, destination.name) as log:
            sent = send(destination, results, log, provisional=provisional, comments=comments)
        _say(_done(sent))
        failures = sent.failures
        if failures:
            click.echo("The same command sends again what failed.", err=True)
    if failures:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)


def _keys(new: Path | None, shown: Path | None) -> None:
    from autograder.delivery.lti import key_set, new_key, read_key

    if new is not None:
        write_new(new, new_key(), PRIVATE)
        click.echo(f"{new}: private, for its owner alone; the platform gets this:", err=True)
    path = new or shown
    assert path is not None  # one of the two is given
    click.echo(key_set(read_key(path)))


def _results(place: Place, reports: Sequence[Path], *, published: bool) -> list[Outgoing]:
    """Make the results of reports, or of the gradebook; a gradebook that is named tells who is who."""
    from autograder.delivery.results import from_gradebook, from_reports

    now = datetime.datetime.now(datetime.UTC)
    if not reports:
        if place.db is None and not (file := _own_gradebook(place.course)).exists():
            raise UsageError(f"{file}: there is no gradebook", "Name it with --db URL, or name reports.")
        with place.opened() as gradebook:
            return from_gradebook(gradebook, place.rubric(gradebook), now, published=published)
    from autograder.delivery import newest_attempts
    from autograder.report import read_report, report_files

    read_reports = [read_report(path) for path in report_files(reports)]
    ids = sorted({one.assignment.id for one in read_reports})
    if len(ids) > 1:
        raise UsageError(f"the reports are of several assignments: {', '.join(ids)}", "Name those of one.")
    newest = newest_attempts(read_reports)
    if place.db is None:
        return from_reports(newest, now, published=published)
    with place.opened() as gradebook:
        return from_reports(newest, now, roster=gradebook.roster(), published=published)


def _own_gradebook(course: Path) -> Path:
    from autograder.grades.store import FILE_NAME as GRADEBOOK

    return course.resolve() / GRADEBOOK


def _beside(db: str | None, root: Path) -> Path:
    """Give the folder of the gradebook, where it is a file."""
    name = (db or "").removeprefix("sqlite:///")
    return Path(name).resolve().parent if db and name != db else root


# --- words ------------------------------------------------------------------------------------------------


def _say(lines: Iterator[tuple[str, bool]]) -> None:
    with contextlib.suppress(BrokenPipeError):
        for line, is_error in lines:
            click.echo(line, err=is_error)


def _planned(prepared: Prepared) -> Iterator[tuple[str, bool]]:
    """Say what would be done, line by line; those of failures go to standard error."""
    plan = prepared.plan
    width = _width(prepared.plan)
    for one in plan.transfers:
        yield f"{one.outgoing.learner:{width}}  {_change(one)}", False
    yield from _others(plan, (*prepared.failures, *prepared.waiting), width)
    yield f"{len(plan.transfers)} would be sent, {_counts(plan)}.", False


def _done(sent: Sent) -> Iterator[tuple[str, bool]]:
    plan, width = sent.plan, _width(sent.plan)
    for one in sent.arrived:
        yield f"{one.outgoing.learner:{width}}  {_change(one)}", False
    yield from _others(plan, sent.failures, width)
    if sent.stopped:
        yield f"error: stopped: {sent.stopped}", True
    yield f"{len(sent.arrived)} sent, {len(sent.failures)} failed, {_counts(plan)}.", False


def _change(one: Transfer) -> str:
    """Say what changes for a learner: the points, the comment, or both."""
    result, old = one.outgoing, one.there.points
    assert result.points is not None  # only results with points go
    comment = "" if result.comment in ("", one.there.comment) else "  with a comment"
    if old == result.points:
        return f"{written(old)} as before{comment}"
    return f"{'none' if old is None else written(old)} → {written(result.points)}{comment}"


def _others(plan: SendPlan, failures: Sequence[Failure], width: int) -> Iterator[tuple[str, bool]]:
    for held in plan.held:
        yield f"{held.learner:{width}}  held back: {held.why}", False
    for one in failures:
        yield f"error: {one.result.learner}: {one.why}", True
    if plan.missing:
        known = ", ".join(one.key for one in plan.missing[:10])
        more = ", …" if len(plan.missing) > 10 else ""
        yield f"note: {len(plan.missing)} learners there have no result here: {known}{more}", True


def _counts(plan: SendPlan) -> str:
    return f"{len(plan.unchanged)} already there, {len(plan.held)} held back, {len(plan.unmatched)} unmatched"


def _width(plan: SendPlan) -> int:
    names = (one.learner for one in (*(t.outgoing for t in plan.transfers), *plan.held))
    return max(map(len, names), default=0)
