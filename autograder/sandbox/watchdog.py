"""Watch a sandbox's processes where no control group can be made, and end them as a group would.

Children can't fork, and each has a limit of its own, so their sum is bounded without a watchdog. It is for
memory that such limits do not see.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from autograder.model import Struct

INTERVAL = 0.1
# The depth of the harness, below bubblewrap's first process: a deeper process is a child.
OWN_DEPTH = 2
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process(Struct, frozen=True):
    """A process of the tree: its depth below the first one, and its resident memory in bytes."""

    pid: int
    depth: int
    memory: int


def process_tree(first: int) -> Iterator[Process]:
    """Give a process and all its descendants, except those that end meanwhile."""
    waiting = [(first, 0)]
    while waiting:
        pid, depth = waiting.pop()
        with contextlib.suppress(OSError, ValueError, IndexError):
            resident = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
            yield Process(pid=pid, depth=depth, memory=resident * _PAGE)
            for task in Path(f"/proc/{pid}/task").iterdir():
                children = (task / "children").read_text(encoding="ascii").split()
                waiting += [(int(child), depth + 1) for child in children]


def victim(processes: list[Process], limit: int) -> Process | None:
    """Choose the process to end if their sum exceeds a limit in bytes: the largest child, else the first."""
    if sum(process.memory for process in processes) <= limit:
        return None
    children = [process for process in processes if process.depth >= OWN_DEPTH]
    return max(children or processes[:1], key=lambda process: process.memory)


class Watchdog:
    """Ends the largest child if the sandbox as a whole takes too much memory.

    `first` is the sandbox's first process, as seen from outside.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._limit: int | None = None
        self._killed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def limit(self, memory_mb: int) -> None:
        """Cap the memory of everything in the sandbox together."""
        self._limit = memory_mb << 20

    def killed_for_memory(self) -> int:
        """Count the processes that were ended for want of memory."""
        return self._killed

    def remove(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(INTERVAL):
            if self._limit is None:
                continue
            chosen = victim(list(process_tree(self._first)), self._limit)
            if chosen is not None:
                # counted before it is killed, so that the reason is there when its end is seen
                self._killed += 1
                with contextlib.suppress(ProcessLookupError):
                    os.kill(chosen.pid, signal.SIGKILL)
