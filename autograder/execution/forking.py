"""Fork children from one process that has imported NumPy: on Linux, where that is safe and quick.

The mother imports what every child needs and runs no code of a student's. She takes one message at a time:
fork a child with these pipes, kill one, or wait for one. She alone reaps the children, so a number of hers
always means the same one. She ends when the other end of her socket closes.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.execution.spares import ENVIRONMENT, code_to_run
from autograder.execution.tempdirs import TempDir

_KILLED = -9


class Mother:
    """A process that forks children; with `take`, each comes with an empty folder and pipes of its own."""

    def __init__(self, python: Path) -> None:
        ours, hers = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with hers:
            self._process = subprocess.Popen(
                [str(python), "-B", "-P", "-c", code_to_run(f"plain.fork_children({hers.fileno()})")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **ENVIRONMENT},
                pass_fds=[hers.fileno()],
            )
        self._socket = ours
        self._count = 0

    def take(self) -> Forked:
        """Give a child that begins when it gets its settings."""
        self._count += 1
        return Forked(self, self._count)

    def tell(self, message: Mapping[str, Any], pipes: list[int]) -> None:
        """Send a message with the ends of pipes. If she is gone, whoever waits for an answer finds out."""
        with contextlib.suppress(OSError):
            socket.send_fds(self._socket, [json.dumps(message).encode()], pipes)

    def ask(self, message: Mapping[str, Any]) -> Any:
        """Send a message, and give the answer, or None if she is gone."""
        self.tell(message, [])
        try:
            return json.loads(self._socket.recv(1 << 10))
        except (OSError, ValueError):
            return None

    def close(self) -> None:
        """End her; her children end when their pipes close."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


class Forked:
    """A forked child, with as much of `subprocess.Popen` as is needed. It is its own `process`."""

    def __init__(self, mother: Mother, number: int) -> None:
        self._mother = mother
        self._number = number
        self._status: int | None = None
        self.folder = TempDir()
        self.process = self
        pipes = [os.pipe() for _ in range(3)]
        self._hers = [pipes[0][0], pipes[1][1], pipes[2][1]]
        self.stdin = os.fdopen(pipes[0][1], "wb", buffering=0)
        self.stdout = os.fdopen(pipes[1][0], "rb", buffering=0)
        self.stderr = os.fdopen(pipes[2][0], "rb", buffering=0)

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Have it forked with these settings; see `autograder.guest.plain.main`."""
        message = {"fork": self._number, "folder": self.folder.name, "settings": settings}
        self._mother.tell(message, self._hers)
        for end in self._hers:
            os.close(end)

    def kill(self) -> None:
        """End it, if it has not ended."""
        if self._status is None:
            self._mother.tell({"kill": self._number}, [])

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give the exit status. Raises `subprocess.TimeoutExpired`."""
        if self._status is None:
            answer = self._mother.ask({"wait": self._number, "seconds": timeout})
            if answer == "running":
                raise subprocess.TimeoutExpired("a child", timeout or 0.0)
            self._status = answer if isinstance(answer, int) else _KILLED
        return self._status
