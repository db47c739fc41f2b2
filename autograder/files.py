"""Files of the engine's own: written whole or not at all, and the user's cache."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# What the name of a file ends with as long as it is being written.
HALF = ".half"
# What is written about learners is for its owner alone.
PRIVATE = 0o600


def cache_dir() -> Path:
    """Give the folder of this user's cache: $XDG_CACHE_HOME/autograder, or ~/.cache/autograder."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder"


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


def sweep_halves(folder: Path) -> None:
    """Remove what killed processes left of files that they wrote here; nobody else may write meanwhile."""
    for half in folder.glob(f".*{HALF}"):
        half.unlink(missing_ok=True)
