"""``autograder status``: say how far a batch is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli.exit_status import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autograder.batch import BatchStatus

_SHOWN = 8


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(folder: Path, as_json: bool) -> None:
    """Say how far the batch is that writes, or wrote, to the folder DIR.

    It may run on this machine, or have ended, or have been killed.

    Exit status: 0 it runs, or all is done; 1 it stopped before its end (go on with --resume); 2 wrong usage.
    """
    import msgspec

    from autograder.batch import BatchState, status_of
    from autograder.cli.batch_view import GRADED
    from autograder.text import harmless

    status = status_of(folder, GRADED)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(status), indent=2))
    else:
        for line in describe(status):
            click.echo(harmless(line))
    stopped = status.state is BatchState.STOPPED
    raise click.exceptions.Exit(ExitStatus.SOME_FAILED if stopped else ExitStatus.DONE)


def describe(status: BatchStatus) -> Iterator[str]:
    """Give the lines that say how far a batch is."""
    part = f", shard {status.shard}" if status.shard else ""
    why = f": {status.reason}" if status.reason else ""
    yield f"{status.state.value}{part}{why}"
    kept = f" ({status.kept} graded before)" if status.kept else ""
    yield f"{status.done} of {status.submissions} done{kept}, {status.left} left"
    if status.seconds_left is not None:
        minutes, seconds = divmod(round(status.seconds_left), 60)
        yield f"about {minutes} min {seconds} s to go with {status.jobs} at a time"
    yield f"started {status.started_at}, last word {status.last_at}"
    yield from _section("outcomes", [f"{count} {name}" for name, count in sorted(status.outcomes.items())])
    yield from _section("not graded", [f"{one.id}: {one.outcome}: {one.message}" for one in status.ungraded])
    yield from _section("tried again", [f"{one.id}: {one.reason}" for one in status.retried])
    yield from _section("slowest", [f"{one.id}: {one.seconds:.1f} s" for one in status.slowest])


def _section(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield f"{title}:"
        yield from (f"  {line}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        yield f"  and {len(lines) - _SHOWN} more"
