"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

course_option = click.option(
    "--course",
    default=".",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The course's root folder, if not this one.",
)
assignment_option = click.option("--assignment", help="Which assignment, if the course has several.")
reports_argument = click.argument(
    "reports", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
