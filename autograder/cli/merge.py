"""``autograder merge``: put the shards of a class together."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli.exit_status import ExitStatus

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=_FOLDER)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the whole class: a new one, or one from an earlier merge of these shards.",
)
def command(folders: tuple[Path, ...], output: Path) -> None:
    """Merge the folders DIR... that `autograder grade --shard I/N` wrote, one for each shard.

    The new folder is like that of a batch that graded the whole class. Nothing is merged if a shard is
    missing, named twice or unfinished, or if the shards were graded in different ways.

    Exit status: 0 all graded, 1 some ungradable, 2 wrong usage.
    """
    from rich.console import Console

    from autograder.batch import merge
    from autograder.cli.batch_view import GRADED, summarise

    done = merge(folders, output)
    summarise(done, output, None, Console(stderr=True))
    good = all(one.outcome in GRADED for one in done)
    raise click.exceptions.Exit(ExitStatus.DONE if good else ExitStatus.SOME_FAILED)
