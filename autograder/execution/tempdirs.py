"""Folders to work in that do not stay behind, not even where their maker is killed.

A maker holds a lock on its folder, which the system frees however the process ends. So who makes the
next one can tell which are nobody's any more, and removes them. Where there are no such locks (Windows),
what a killed process left stays.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "autograder-run-"


class TempDir:
    """An empty folder in the system's place for temporary files; `cleanup` removes it.

    Attributes
    ----------
    name : str
        Its path.
    """

    def __init__(self) -> None:
        sweep(Path(tempfile.gettempdir()))
        self._lock: int | None = None
        while self._lock is None:
            self.name = tempfile.mkdtemp(prefix=PREFIX)
            # a sweep between the two lines takes it for nobody's: then make another
            self._lock = lock_folder(Path(self.name))

    def cleanup(self) -> None:
        """Remove the folder and all that is in it, as far as it lets itself be removed."""
        shutil.rmtree(self.name, ignore_errors=True)
        lock, self._lock = self._lock, None
        if lock is not None and lock >= 0:
            os.close(lock)


def sweep(place: Path) -> None:
    """Remove this user's folders there whose makers are gone."""
    for folder in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = lock_folder(folder) if folder.lstat().st_uid == _own_user() else None
            if lock is not None and lock >= 0:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _own_user() -> int | None:
    return os.getuid() if hasattr(os, "getuid") else None


def lock_folder(folder: Path) -> int | None:
    """Lock a folder until the descriptor that is given is closed, at the latest by the process's end.

    Returns
    -------
    int or None
        None where another has the lock, or there is no such folder; -1 where there are no locks.
    """
    try:
        import fcntl
    except ImportError:
        return -1
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(opened)
        return None if isinstance(error, BlockingIOError) else -1
    if folder.exists():
        return opened
    os.close(opened)
    return None
