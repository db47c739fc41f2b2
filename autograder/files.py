"""Files: an author's texts are read with a reason where that fails; the engine's own are written whole."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from autograder.errors import AssignmentError, UsageError

# What the name of a file ends with as long as it is being written.
HALF = ".half"
# What is written about learners is for its owner alone.
PRIVATE = 0o600


def cache_dir() -> Path:
    """Give the folder of this user's cache: $XDG_CACHE_HOME/autograder, or ~/.cache/autograder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder"


def read_text(path: Path) -> str:
    """Read a text file that an author wrote, in UTF-8 with or without a byte-order mark.

    Raises
    ------
    AssignmentError
        The file can't be read, or is not UTF-8; names the line.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AssignmentError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise AssignmentError(
            f"{path}:{line}: the byte 0x{error.object[error.start]:02x} is not UTF-8",
            "Save the file as UTF-8.",
        ) from error


def write_atomically(path: Path, content: str | bytes, mode: int = 0o644) -> None:
    """Write a file so that readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode("utf-8") if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=HALF)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def require_new(path: Path) -> None:
    """Raise `UsageError` if a file is there already that is never overwritten."""
    if path.exists():
        raise UsageError(f"{path}: exists, and a key is never overwritten", "Choose another name.")


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Write a key's file, which nobody else can read for a moment.

    Raises `UsageError` if it is there already.
    """
    require_new(path)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except BaseException:
        path.unlink()
        raise


def sweep_halves(folder: Path) -> None:
    """Remove what killed processes left of files that they wrote here; nobody else may write meanwhile."""
    for half in folder.glob(f".*{HALF}"):
        half.unlink(missing_ok=True)
