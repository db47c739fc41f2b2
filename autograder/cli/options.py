"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)

course_option = click.option(
    "--course", default=".", type=_FOLDER, help="The course's root folder, if not this one."
)
assignment_option = click.option("--assignment", help="Which assignment, if the course has several.")
data_option = click.option(
    "--data",
    type=_FOLDER,
    help="The unpacked data set. By default the real one if it is on this machine, else a generated one.",
)
paths_argument = click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
reports_argument = click.argument(
    "reports", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
training_option = click.option(
    "--training/--no-training", default=True, help="Judge the items that train (seconds each)."
)
training_images_option = click.option(
    "--training-images", type=click.IntRange(200), help="Train on fewer images than the assignment says."
)
