"""Where data sets are kept between runs, and how several processes make one only once."""

from __future__ import annotations

import contextlib
import glob
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.errors import DataError


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
        with _only_one(folder) as alone:
            if alone:
                _sweep(folder)
            if not folder.is_dir():
                _make_beside(folder, make)
    except OSError as error:
        raise DataError(
            f"{folder}: can't be made: {error.strerror or error}",
            "Set XDG_CACHE_HOME to a folder with room that can be written.",
        ) from error
    return folder


def _sweep(folder: Path) -> None:
    """Remove what a killed process made by half; whoever makes one now would hold the lock."""
    for half in folder.parent.glob(f".{glob.escape(folder.name)}-*"):
        shutil.rmtree(half, ignore_errors=True)


def _make_beside(folder: Path, make: Callable[[Path], None]) -> None:
    half = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        make(half)
        half.chmod(0o755)
        half.rename(folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[bool]:
    """Wait for the other processes that make the same folder; the system frees the lock of a dead one.

    Gives whether there was a lock to wait for.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("a") as lock:
        locked = False
        with contextlib.suppress(ImportError):  # on Windows the rename alone has to do
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
            locked = True
        yield locked
