"""Start children before they are needed: importing NumPy takes longer than most checks.

A spare child has imported what every child needs, and waits for a line with its settings. It has run no code
of a student's, so it does not matter for whom it was started.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder import guest
from autograder.execution.environment import ONE_BLAS_THREAD
from autograder.execution.tempdirs import TempDir

# What makes runs alike, over the student's own environment.
ENVIRONMENT = {
    "MPLBACKEND": "Agg",
    **ONE_BLAS_THREAD,
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
}


class Spare:
    """A child that waits for its settings, in an empty folder of its own."""

    def __init__(self, python: Path) -> None:
        self.folder = TempDir()
        self.process = subprocess.Popen(
            [str(python), "-B", "-P", "-c", code_to_run("plain.main(**plain.settings())")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder.name,
            env={**os.environ, **ENVIRONMENT},
            bufsize=0,
        )

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Send the settings, which are short enough for any pipe; see `autograder.guest.plain.main`."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(settings).encode() + b"\n")
        except OSError:  # it has ended: who asks it will find out why
            return

    def close(self) -> None:
        """End the child, which nobody has used."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.folder.cleanup()


class Spares:
    """Keeps some children ready. With `count` 0 each is started when it is taken."""

    def __init__(self, python: Path, count: int) -> None:
        self._python = python
        self._count = count
        self._ready: list[Spare] = []
        self._fill()

    def take(self) -> Spare:
        """Give a child, and start the next."""
        taken = self._ready.pop(0) if self._ready else Spare(self._python)
        self._fill()
        return taken

    def _fill(self) -> None:
        while len(self._ready) < self._count:
            self._ready.append(Spare(self._python))

    def close(self) -> None:
        """End the children that were not taken."""
        self._count = 0
        while self._ready:
            self._ready.pop().close()


def code_to_run(call: str) -> str:
    """Give the code of a process that calls a function of `guest.plain`, and finds nothing else of ours."""
    home = str(Path(guest.__file__).parent.parent)
    return f"import sys; sys.path.append({home!r}); from guest import plain; sys.path.pop(); {call}"
