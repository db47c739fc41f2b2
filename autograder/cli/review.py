"""``autograder review``: give points and remarks in a browser."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.place import Place, of_gradebook
from autograder.errors import UsageError


@click.command()
@of_gradebook
@click.option(
    "--reports",
    default="reports",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The folder that `autograder grade` wrote; stored plots are read from there.",
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port; else a free one.")
@click.option("--anonymous", is_flag=True, help="Show nowhere whose work it is.")
@click.option("--no-browser", is_flag=True, help="Print the link only.")
def command(place: Place, reports: Path, port: int, anonymous: bool, no_browser: bool) -> None:
    """Give points and remarks on a page in your browser, question by question.

    The page is served to this machine alone, to whoever opens the printed link first. `autograder gradebook
    import` brings the reports in. Several people share a gradebook in PostgreSQL (--db), each with a page of
    their own; --as says who you are.
    """
    with place.opened() as gradebook:
        try:
            from autograder.pages.review.desk import Desk
            from autograder.pages.review.serve import serve
        except ModuleNotFoundError as error:
            raise UsageError(
                f"the review page needs {error.name}, which is not installed",
                "pip install -e '.[instructor]' in the course's folder",
            ) from error
        assignment = place.rubric(gradebook).assignment
        if not gradebook.names(assignment):
            raise UsageError(
                f"the gradebook has no reports on `{assignment}`",
                "Bring them in first: autograder gradebook import reports",
            )

        def say(link: str) -> None:
            click.echo(f"Reviewing `{assignment}` as {gradebook.who}: {link}")
            click.echo("The link opens the page once. Press Ctrl-C to end.")

        serve(Desk(gradebook, assignment, anonymous=anonymous), reports, port, say, browser=not no_browser)
