"""Make folders to work in that do not stay behind, even if their maker is killed.

A maker holds a lock on its folder. The system frees the lock however the process ends, so the maker of the
next folder can tell which ones are abandoned, and removes them. On systems without such locks (Windows) the
folders of a killed process stay.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "autograder-run-"


class TempDir:
    """An empty folder in the system's place for temporary files: `name` is its path, `cleanup` removes it."""

    def __init__(self) -> None:
        sweep(Path(tempfile.gettempdir()))
        self._lock: int | None = None
        while self._lock is None:
            self.name = tempfile.mkdtemp(prefix=PREFIX)
            # a sweep between these two lines takes the folder for abandoned: then make another
            self._lock = lock_folder(Path(self.name))

    def cleanup(self) -> None:
        """Remove the folder and everything in it, as far as the system allows."""
        shutil.rmtree(self.name, ignore_errors=True)
        lock, self._lock = self._lock, None
        if lock is not None and lock >= 0:
            os.close(lock)


def sweep(place: Path) -> None:
    """Remove this user's folders whose makers have ended."""
    for folder in place.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            is_own = hasattr(os, "getuid") and folder.lstat().st_uid == os.getuid()
            lock = lock_folder(folder) if is_own else None
            if lock is not None and lock >= 0:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def lock_folder(folder: Path) -> int | None:
    """Lock a folder until the returned descriptor is closed, at the latest when the process ends.

    Gives None if another process has the lock or there is no such folder, and -1 on systems without locks.
    """
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except AttributeError:  # Windows has none of these
        return -1
    except OSError:
        return None
    lock = _locked(opened)
    if lock is None or lock < 0 or folder.exists():
        return lock
    os.close(lock)
    return None


def lock_file(path: Path) -> int | None:
    """Lock a file of this user's alone, which is made if it is missing; gives the same as `lock_folder`."""
    opened = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    return _locked(opened)


def is_locked(path: Path) -> bool:
    """Say whether a process holds the lock of a file; False where that can't be known."""
    try:
        import fcntl

        with path.open("rb") as file:
            # a shared lock, and for a moment only: it keeps nobody out who comes later
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return False
    return False


def _locked(opened: int) -> int | None:
    try:
        import fcntl

        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError) as error:
        os.close(opened)
        return None if isinstance(error, BlockingIOError) else -1
    return opened
