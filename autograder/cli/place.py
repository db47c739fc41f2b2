"""The gradebook and the assignment that a command's options name."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from autograder.cli.options import assignment_option, course_option

if TYPE_CHECKING:
    from autograder.grades.rubric import Rubric
    from autograder.grades.store import Gradebook

database_option = click.option(
    "--db", metavar="URL", help="The database: sqlite:///FILE or postgresql://…; else the course's own file."
)
who_option = click.option("--as", "who", metavar="NAME", help="Whose name stands beside what is recorded.")


class Place(NamedTuple):
    """The gradebook and the assignment that the options name, and who records."""

    db: str | None
    course: Path
    assignment: str | None
    who: str | None

    @contextlib.contextmanager
    def opened(self) -> Iterator[Gradebook]:
        """Open the gradebook."""
        from autograder.errors import UsageError

        try:
            from autograder.grades.store import Gradebook, database_url
        except ModuleNotFoundError as error:
            raise UsageError(
                f"a gradebook needs {error.name}, which is not installed",
                "pip install -e '.[instructor]' in the course's folder",
            ) from error
        with Gradebook(database_url(self.db, self.course.resolve()), self.who or "") as gradebook:
            yield gradebook

    def own_rubric(self) -> Rubric:
        """Read the rubric from the course's assignment.toml."""
        from autograder.course import find_course
        from autograder.grades.rubric import rubric_of

        return rubric_of(find_course(self.course.resolve(), self.assignment))

    def rubric(self, gradebook: Gradebook) -> Rubric:
        """Give the rubric that is applied; the course's own becomes that where there is none yet."""
        own = self.own_rubric()
        applied = gradebook.applied(own.assignment)
        if applied is None:
            gradebook.apply(own)
            return own
        if applied != own:
            click.echo(
                f"note: the rubric of `{own.assignment}` has changed since it was applied; "
                "`autograder gradebook rescore` shows what it would change",
                err=True,
            )
        return applied


def of_gradebook(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that name the gradebook, the assignment and the person, as its `place`."""

    @functools.wraps(function)
    def placed(db: str | None, course: Path, assignment: str | None, who: str | None, **others: Any) -> None:
        function(Place(db, course, assignment, who), **others)

    for option in (who_option, assignment_option, course_option, database_option):
        placed = option(placed)
    return placed
