"""The folder of a batch: one writer at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from autograder.errors import UsageError
from autograder.execution.tempdirs import is_locked, lock_file
from autograder.files import sweep_halves

_LOCK = ".lock"


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other batches out of the folder, and remove half-written files that a killed one left there.

    Raises `UsageError` if another batch is in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = lock_file(folder / _LOCK)
    if lock is None:
        raise UsageError(
            f"{folder}: another batch is writing its reports there",
            "Wait until it has ended, or choose another -o DIR.",
        )
    try:
        for place in (folder, *folder.glob("reports/**/"), *folder.glob("pictures/**/")):
            sweep_halves(place)
        yield
    finally:
        if lock >= 0:
            os.close(lock)


def is_busy(folder: Path) -> bool:
    """Say whether a batch is writing to the folder on this machine."""
    return is_locked(folder / _LOCK)
