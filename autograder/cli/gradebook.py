"""``autograder gradebook``: attempts, a person's points, extensions, and the grades that follow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.exit_status import ExitStatus
from autograder.cli.options import reports_argument
from autograder.cli.place import Place, of_gradebook

if TYPE_CHECKING:
    from autograder.grades.store import Gradebook


@click.group()
def command() -> None:
    """Keep attempts, a person's points, extensions and grades of a course.

    The gradebook is gradebook.sqlite3 in the course's folder, or any database with --db.
    """


@command.command("import")
@reports_argument
@of_gradebook
def import_(
    place: Place,
    reports: tuple[Path, ...],
) -> None:
    """Record REPORTS (files, or folders of them); those that are here already stay as they are.

    Exit status: 1 if a report could not be read.
    """
    from autograder.report import report_files

    paths = report_files(reports)
    with place.opened() as gradebook:
        from autograder.grades.importing import import_reports

        place.rubric(gradebook)
        done = import_reports(gradebook, paths)
    for message in done.refused:
        click.echo(f"error: {message}", err=True)
    click.echo(f"{done.new} new, {done.known} known, {len(done.refused)} refused.")
    if done.refused:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)


@command.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--whole-class", is_flag=True, help="Take everybody else off the roster.")
@of_gradebook
def roster(place: Place, file: Path, whole_class: bool) -> None:
    """Record the class of FILE: CSV with a row for each learner, the id first.

    Columns with names, e-mail addresses, sections and the ids of learning platforms are known by their
    headers. Who is on the roster and hands in nothing has a grade, too: missing.
    """
    from autograder.grades.roster import read_roster

    persons = read_roster(file).persons
    with place.opened() as gradebook:
        from autograder.grades.deciding import record_roster

        done = record_roster(gradebook, persons, is_whole=whole_class)
    click.echo(f"{done.new} new or changed, {len(persons) - done.new} as before.")
    if done.others and whole_class:
        click.echo(f"{len(done.others)} others are off the roster now; what they handed in stays.")
    elif done.others:
        click.echo(f"{len(done.others)} others stay on the roster; --whole-class takes them off.")


@command.command()
@click.argument("learner")
@click.option("--until", metavar="TIME", help="Date, time and zone: 2027-03-03T23:59+01:00.")
@click.option("--undo", is_flag=True, help="Take the extension back: the assignment's date holds again.")
@click.option("--reason", required=True, help="Stands in the grade's explanation, or in the history.")
@of_gradebook
def extend(
    place: Place,
    learner: str,
    until: str | None,
    reason: str,
    undo: bool,
) -> None:
    """Give LEARNER a later date. An extension never costs points."""
    if undo == (until is not None):
        raise click.UsageError("Give either --until TIME, or --undo.")
    with place.opened() as gradebook:
        from autograder.grades import deciding

        rubric = place.rubric(gradebook)
        if until is None:
            deciding.take_back_extension(gradebook, rubric, learner, reason)
        else:
            deciding.extend(gradebook, rubric, learner, until, reason)
        _show_grade(gradebook, place, learner)


@command.command()
@click.argument("learner")
@click.option("--undo", is_flag=True, help="Expect the assignment again.")
@click.option("--reason", required=True, help="Stands in the grade's explanation, or in the history.")
@of_gradebook
def excuse(
    place: Place,
    learner: str,
    reason: str,
    undo: bool,
) -> None:
    """Expect nothing from LEARNER; the grade is then excused, not 0."""
    with place.opened() as gradebook:
        from autograder.grades import deciding

        record = deciding.take_back_excuse if undo else deciding.excuse
        record(gradebook, place.rubric(gradebook), learner, reason)
        _show_grade(gradebook, place, learner)


@command.command()
@click.argument("learner")
@click.argument("item")
@click.argument("points", required=False)
@click.option("--undo", is_flag=True, help="Take a person's points back: the report's hold again.")
@click.option("--reason", required=True, help="Stands in the grade's explanation, or in the history.")
@of_gradebook
def override(
    place: Place,
    *,
    learner: str,
    item: str,
    points: str | None,
    reason: str,
    undo: bool,
) -> None:
    """Give the attempt of LEARNER that counts other POINTS for ITEM.

    The work of a group has the same points for all of them.
    """
    if undo == (points is not None):
        raise click.UsageError("Give either POINTS, or --undo.")
    with place.opened() as gradebook:
        from autograder.grades import deciding

        rubric = place.rubric(gradebook)
        if points is None:
            name = deciding.take_back_points(gradebook, rubric, learner, item, reason)
        else:
            name = deciding.override(gradebook, rubric, learner, item, points=points, reason=reason)
        _show_grade(gradebook, place, name)


def _show_grade(gradebook: Gradebook, place: Place, learner: str) -> None:
    rubric = gradebook.applied(place.own_rubric().assignment)
    assert rubric is not None  # a decision was just recorded under it
    from autograder.grades.views import one_line

    for grade in gradebook.grades(rubric, learner):
        click.echo(one_line(grade))


@command.command()
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), help="Write one row a learner.")
@click.option(
    "--json", "folder", type=click.Path(path_type=Path, file_okay=False), help="Write one file a learner."
)
@click.option("--explain", metavar="LEARNER", help="Show each step of one learner's grade.")
@of_gradebook
def grades(
    place: Place,
    csv_file: Path | None,
    folder: Path | None,
    explain: str | None,
) -> None:
    """Compute the grades from the reports, a person's points, the policy and the extensions."""
    with place.opened() as gradebook:
        from autograder.files import PRIVATE, write_atomically
        from autograder.grades import views as shown
        from autograder.grades.deciding import known_people

        rubric = place.rubric(gradebook)
        if explain is not None:
            known_people(gradebook, rubric, explain)
            asked = gradebook.grades(rubric, explain)
            click.echo("\n".join(line for one in asked for line in shown.explained(one)))
            if csv_file is None and folder is None:
                return
        computed = gradebook.grades(rubric)
        if csv_file is not None:
            write_atomically(csv_file, shown.to_csv(computed, gradebook.roster()), PRIVATE)
            click.echo(f"written: {csv_file}")
        if folder is not None:
            for name, text in shown.to_json(computed, rubric).items():
                write_atomically(folder / name, text, PRIVATE)
            click.echo(f"written: {len(computed)} files in {folder}")
        if csv_file is None and folder is None:
            nothing = "No grades: the gradebook has neither reports nor a roster."
            click.echo("\n".join(map(shown.one_line, computed)) or nothing)


@command.command()
@click.option("--apply", "apply_", is_flag=True, help="Let it decide the grades from now on.")
@of_gradebook
def rescore(
    place: Place,
    apply_: bool,
) -> None:
    """Score all reports by the course's assignment.toml as it is now, without running anything.

    Old and new grades are shown side by side. What only a run can judge is named:
    `autograder grade --resume` asks it.
    """
    with place.opened() as gradebook:
        from autograder.grades.applying import apply, preview
        from autograder.grades.views import compared

        rubric = place.own_rubric()
        found = preview(gradebook, rubric)
        for line in compared(found.changes):
            click.echo(line)
        is_applied = gradebook.applied(rubric.assignment) == rubric
        for check, count in sorted(found.unasked.items()):
            click.echo(
                f"note: `{check}` was not asked in {count} reports; `autograder grade --resume` asks it"
            )
        if is_applied:
            click.echo("Nothing to apply: assignment.toml is as it was when it was applied.")
        elif apply_:
            apply(gradebook, rubric)
            click.echo("applied.")
        else:
            click.echo("Nothing was recorded; --apply lets it decide.")


@command.group()
def points() -> None:
    """Give points in a spreadsheet, for those who do not use the review page."""


@points.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@of_gradebook
def points_export(
    place: Place,
    file: Path,
) -> None:
    """Write all items that wait for a person, or that one has judged, to FILE."""
    from autograder.files import PRIVATE, write_atomically

    with place.opened() as gradebook:
        from autograder.grades.deciding import export_points

        text = export_points(gradebook, place.rubric(gradebook))
    write_atomically(file, text, PRIVATE)
    click.echo(f"written: {file} ({text.count(chr(10)) - 1} rows)")


@points.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@of_gradebook
def points_import(
    place: Place,
    file: Path,
) -> None:
    """Record the points in FILE: all of its rows, or none."""
    with place.opened() as gradebook:
        from autograder.grades.deciding import import_points

        count = import_points(gradebook, place.rubric(gradebook), file)
    click.echo(f"{count} recorded.")


@command.command()
@click.argument("learner")
@of_gradebook
def history(
    place: Place,
    learner: str,
) -> None:
    """Show all that was recorded about LEARNER: when, by whom, from what to what."""
    with place.opened() as gradebook:
        from autograder.grades.deciding import known_people
        from autograder.grades.history import history as read

        events = read(gradebook, learner)
        if not events:
            known_people(gradebook, place.own_rubric(), learner)
    for one in events:
        change = f"{one.old} → {one.new}" if one.old else one.new
        click.echo(f"{one.at}  {one.who}  {one.about}: {change}")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@of_gradebook
def backup(
    place: Place,
    file: Path,
) -> None:
    """Copy the gradebook to FILE, whole, while others may work on it."""
    with place.opened() as gradebook:
        from autograder.grades.upkeep import backup as copy

        copy(gradebook, file)
    click.echo(f"written: {file}")


@command.command()
@of_gradebook
def check(place: Place) -> None:
    """Check that all in the gradebook fits together: texts, hashes, points, reviews."""
    with place.opened() as gradebook:
        from autograder.grades.upkeep import problems

        found = list(problems(gradebook))
    for problem in found:
        click.echo(f"error: {problem}", err=True)
    click.echo("All fits." if not found else f"{len(found)} problems.")
    if found:
        raise click.exceptions.Exit(ExitStatus.SOME_FAILED)


@command.group()
def nbgrader() -> None:
    """Work with nbgrader's gradebook and its formgrader."""


url_option = click.option(
    "--gradebook", "url", metavar="URL", help="nbgrader's database, if not the one of nbgrader_config.py."
)


@nbgrader.command()
@url_option
@click.option("--copies/--no-copies", default=True, help="Write what the formgrader shows into autograded/.")
@of_gradebook
def push(place: Place, url: str | None, copies: bool) -> None:
    """Write points, comments and lateness into nbgrader's gradebook; only what changed.

    What people gave there is pulled first.
    """
    from autograder.cli.gradebook_nbgrader import push as push_to

    with place.opened() as gradebook:
        push_to(gradebook, place.rubric(gradebook), place.course, url, copies=copies)


@nbgrader.command()
@url_option
@of_gradebook
def pull(place: Place, url: str | None) -> None:
    """Record the points and comments that people gave in nbgrader, as reviews by `nbgrader`."""
    from autograder.cli.gradebook_nbgrader import pull as pull_from

    with place.opened() as gradebook:
        pull_from(gradebook, place.rubric(gradebook), place.course, url)
