"""The options of ``autograder grade`` for a cluster."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from autograder.batch.cluster import Cluster
    from autograder.batch.run import WorkOff

_MOST_READERS = 4
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OPTIONS = (
    click.option("--scheduler", metavar="ADDRESS", help="Grade on the workers of the Dask scheduler there."),
    click.option("--tls-ca", type=_FILE, help="Whose certificates scheduler and workers have."),
    click.option("--tls-cert", type=_FILE, help="This side's certificate."),
    click.option("--tls-key", type=_FILE, help="The key of this side's certificate."),
)


def cluster_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for a cluster, which the command gets as one: `cluster`."""

    @functools.wraps(command)
    def with_cluster(
        scheduler: str | None, tls_ca: Path | None, tls_cert: Path | None, tls_key: Path | None, **others: Any
    ) -> None:
        command(cluster=_cluster(scheduler, tls_ca, tls_cert, tls_key), **others)

    return functools.reduce(lambda made, option: option(made), reversed(_OPTIONS), with_cluster)


def _cluster(scheduler: str | None, *files: Path | None) -> Cluster | None:
    from autograder.batch.cluster import cluster_of

    if scheduler is not None:
        return cluster_of(scheduler, *files)
    if any(files):
        raise UsageError("files for TLS are named, and no scheduler", "Add --scheduler tls://HOST:PORT.")
    return None


def readers_for(cluster: Cluster | None) -> int:
    """Give the number of processes that read submissions: many workers are faster than one reader."""
    return min(_MOST_READERS, os.cpu_count() or 1) if cluster else 1


def work_off_on(cluster: Cluster | None, jobs: int, unsandboxed: bool, console: Console) -> WorkOff | None:
    """Give the way to work off a batch on a cluster; None stands for this machine's own processes.

    Raises `UsageError` if Dask is missing, or an option is only for this machine.
    """
    if cluster is None:
        return None
    if jobs > 1:
        raise UsageError(
            f"--jobs {jobs}: is for this machine", "Leave it out: each worker grades one at a time."
        )
    if unsandboxed:
        raise UsageError("--scheduler: nothing is graded without a sandbox there", "Leave one of them out.")
    try:
        from autograder.batch.cluster.crew import on_cluster
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("distributed", "dask", "cloudpickle"):
            raise
        raise UsageError(
            f"--scheduler needs Dask: {error.name} is not installed",
            "pip install -e '.[cluster]' in the course's folder",
        ) from error
    return on_cluster(
        cluster, functools.partial(console.print, style="yellow", markup=False, highlight=False)
    )
