"""``autograder similarity``: passages that submissions have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from autograder.assignment import Assignment
from autograder.cli.options import assignment_option, course_option, paths_argument
from autograder.course import find_course
from autograder.errors import AutograderError, UsageError
from autograder.files import PRIVATE, write_atomically
from autograder.intake import discover, read_notebook
from autograder.intake.isolation import NotRead, ReaderProcess, limited_search
from autograder.similarity import Compared, Work, compare_all, read_work, work_of


@click.command()
@paths_argument
@click.option(
    "-o",
    "--output",
    default="similarity.html",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The page to write.",
)
@course_option
@assignment_option
@click.option(
    "--least-share",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="List only pairs that share at least this part of what one of them wrote.",
)
@click.option(
    "--least-tokens",
    default=100,
    show_default=True,
    type=click.IntRange(1),
    help="List only pairs that share at least this many tokens (names, signs and words).",
)
def command(  # noqa: PLR0917 - click calls it by name
    paths: tuple[Path, ...],
    output: Path,
    course: Path,
    assignment: str | None,
    least_share: float,
    least_tokens: int,
) -> None:
    """Show the passages that submissions in PATHS have in common, without the homework's own text.

    Nothing is run and nothing is scored: the page is for a person to read.
    """
    try:
        from autograder.pages.similarity.render import render_page
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the page needs {error.name}, which is not installed",
            "pip install -e '.[instructor]' in the course's folder",
        ) from error
    found = find_course(course.resolve(), assignment)
    works = _read(paths, found.assignment)
    given = work_of("release", read_notebook(found.given_notebook))
    compared = compare_all(works, given, least_share, least_tokens)
    page = render_page(compared, len(works), found.assignment.title, (least_share, least_tokens))
    write_atomically(output, page, PRIVATE)
    _summarise(compared, len(works), output)


def _read(paths: Sequence[Path], assignment: Assignment) -> list[Work]:
    """Read each submission within limits; name and leave out those that can't be read."""
    reader = ReaderProcess({"work": partial(read_work, assignment=assignment)})
    works = []
    for candidate in discover(paths, assignment, *limited_search()).candidates:
        reason = "has no notebook that can be read"
        try:
            work = reader.call(Work | None, "work", candidate)  # type: ignore[arg-type]  # a union is a type here
        except (NotRead, AutograderError) as error:
            work, reason = None, str(error)
        if work is None:
            click.echo(f"note: {candidate.id}: {reason}; it is left out", err=True)
        else:
            works.append(work)
    if len(works) < 2:
        raise UsageError(
            f"{', '.join(map(str, paths))}: submissions that can be read: {len(works)}; two are needed",
            "Name a folder with a class's submissions.",
        )
    return works


def _summarise(found: Compared, count: int, output: Path) -> None:
    for pair in found.pairs:
        shares = f"{pair.share_first:.0%} and {pair.share_second:.0%} of what they wrote"
        click.echo(f"{pair.first} and {pair.second}: {pair.tokens} tokens in common, {shares}")
    figures = f"Pairs: {len(found.pairs)}, groups: {len(found.groups)}, of {count} submissions"
    click.echo(f"{figures}; to read: {output}")
