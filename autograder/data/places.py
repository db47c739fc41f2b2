"""Where data sets are kept between runs, and how several processes make one only once."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.errors import DataError


def cache_dir() -> Path:
    """The folder of this user's cache: $XDG_CACHE_HOME/autograder, or ~/.cache/autograder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder"


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """A folder that exists whole or not at all, made by whichever process comes first.

    Parameters
    ----------
    folder : Path
        What is wanted. Its parent is made where it is missing.
    make : callable
        Fills an empty folder, which is then renamed to `folder`.

    Raises
    ------
    DataError
        The place can't be written.
    """
    try:
        with _only_one(folder):
            if not folder.is_dir():
                _make_beside(folder, make)
    except OSError as error:
        raise DataError(
            f"{folder}: can't be made: {error.strerror or error}",
            "Set XDG_CACHE_HOME to a folder with room that can be written.",
        ) from error
    return folder


def _make_beside(folder: Path, make: Callable[[Path], None]) -> None:
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make(half)
        half.chmod(0o755)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Wait for the other processes that make the same folder; the system frees the lock of a dead one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("a") as lock:
        with contextlib.suppress(ImportError):  # on Windows the rename alone has to do
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
