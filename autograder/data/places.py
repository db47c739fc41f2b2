"""Keep data sets between runs, and let only one process at a time make each of them."""

from __future__ import annotations

import contextlib
import glob
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.errors import DataError


def made_once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Make a folder, whole or not at all, unless it is there already.

    `make` fills an empty folder, which is then renamed. Raises `DataError` if the parent can't be written to.
    """
    try:
        with _only_one(folder) as alone:
            if alone:
                _sweep(folder)
            if not folder.is_dir():
                _make_beside(folder, make)
    except OSError as error:
        what = f"{folder}: can't be made: {error.strerror or error}"
        raise DataError(what, "Set XDG_CACHE_HOME to a writable folder with enough room.") from error
    return folder


def _sweep(folder: Path) -> None:
    """Remove folders that killed processes left half made. The lock proves that none is being made now."""
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
    """Lock the folder's name against other processes; give whether this system has locks.

    The system releases the lock of a process that dies.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("a") as lock:
        locked = False
        with contextlib.suppress(ImportError):  # Windows has no fcntl: there the rename alone decides
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
            locked = True
        yield locked
