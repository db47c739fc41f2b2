"""Run a student's own code on the student's own machine: in a plain subprocess, without walls.

The runner and the messages are the sandbox's, so that a self-check finds what grading would. Neither Linux
nor any privilege is needed. The limit of the clock holds everywhere, those of processor time and memory on
systems that have them. `Session` and `Student` are in `autograder.authoring.student`.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from autograder.authoring.student import FaultKind, Limits, Student, StudentFault
from autograder.errors import GraderFault
from autograder.execution import faults
from autograder.execution.conversation import converse
from autograder.execution.forking import Forked, Mother
from autograder.execution.printed import Flooded, Marked, Printed
from autograder.execution.spares import Spare, Spares
from autograder.guest import wire
from autograder.model import Definitions

WALLS = ("none: a plain subprocess",)
READY_SECONDS = 60.0
# Seconds that an answer waits for the output before it: the code may have closed its output.
MARK_SECONDS = 0.5
_CHUNK = 1 << 20


class _Ended(Exception):
    """The child has closed its end."""


class PlainChild:
    """A child without walls; see `autograder.execution.conversation.Child`.

    Requests go to standard input, answers come from standard output, and the code's own output from
    standard error. Threads read both, since Windows can't wait for a pipe. A mark in the output says that
    the output of a call is complete.
    """

    def __init__(
        self, spare: Spare | Forked, folders: Sequence[Path], limits: Limits, printed: Printed
    ) -> None:
        self._limits = limits
        self._printed = printed
        self._mark = os.urandom(16)
        self._marks = threading.Semaphore(0)
        self._folder = spare.folder
        self._fault: FaultKind | None = None
        self._ready = False
        self._process = spare.process
        spare.begin(
            {
                "max_bytes": limits.result_mb << 20,
                "folders": [str(folder) for folder in folders],
                "wall_seconds": limits.wall_seconds,
                "limits": {"cpu_seconds": limits.cpu_seconds, "memory_mb": limits.memory_mb},
                "mark": self._mark.hex(),
            }
        )
        self._answers: queue.Queue[bytes] = queue.Queue(maxsize=16)
        self._buffer = b""
        self._readers = [
            threading.Thread(target=target, daemon=True)
            for target in (self._read_answers, self._read_printed)
        ]
        for reader in self._readers:
            reader.start()

    # --- the readers' threads ---

    def _read_answers(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            while data := self._process.stdout.read(_CHUNK):
                self._answers.put(data)
        self._answers.put(b"")

    def _read_printed(self) -> None:
        assert self._process.stderr is not None
        marked = Marked(self._printed, self._mark)
        try:
            with contextlib.suppress(OSError, ValueError):
                while data := self._process.stderr.read(1 << 16):
                    if count := marked.add(data):
                        self._marks.release(count)
            marked.finish()
        except Flooded:
            self._stop(FaultKind.OUTPUT)

    def _stop(self, kind: FaultKind) -> None:
        self._fault = self._fault or kind
        self._process.kill()

    # --- wire.Source ---

    def take(self, count: int) -> bytes:
        """Give exactly that many bytes of the answer."""
        while len(self._buffer) < count:
            self._buffer += self._next()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def fill(self, view: memoryview) -> None:
        """Fill the view with bytes of the answer."""
        ready = 0
        while ready < len(view):
            data = self._buffer or self._next()
            used = min(len(data), len(view) - ready)
            view[ready : ready + used] = data[:used]
            self._buffer = data[used:]
            ready += used

    def _next(self) -> bytes:
        data = self._answers.get()
        if not data:
            self._answers.put(b"")
            raise _Ended
        return data

    # --- Child ---

    def exchange(self, parts: Sequence[wire.Part], adopt: wire.Adopt, who: str) -> Any:
        """See `autograder.execution.conversation.Child.exchange`."""
        self._wait_until_ready()
        watch = threading.Timer(faults.last_moment(self._limits), self._stop, (FaultKind.WALL,))
        watch.daemon = True
        watch.start()
        try:
            self._send(parts)
            answer = wire.decode(wire.ANSWER, self, adopt, self._limits.result_mb << 20)
            self._marks.acquire(timeout=MARK_SECONDS)
            return answer
        except _Ended as error:
            raise self._why(who) from error
        finally:
            watch.cancel()

    def _send(self, parts: Sequence[wire.Part]) -> None:
        assert self._process.stdin is not None
        try:
            for part in parts:
                view = memoryview(part)
                while view:
                    view = view[self._process.stdin.write(view) :]
        except OSError as error:
            raise _Ended from error

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        watch = threading.Timer(READY_SECONDS, self._process.kill)
        watch.daemon = True
        watch.start()
        try:
            self._ready = wire.decode_word(self) == wire.READY
        except (wire.Malformed, wire.TooLarge, _Ended) as error:
            self.close()
            raise GraderFault(f"Python could not be started: {self._printed.text().text}") from error
        finally:
            watch.cancel()

    def _why(self, who: str) -> StudentFault:
        """Say why the child closed its end."""
        code = self._finish()
        self._readers[1].join(0.5)  # what was printed last may say where it ended
        if self._fault is FaultKind.OUTPUT:
            return faults.make(FaultKind.OUTPUT, who, self._limits, faults.printed_too_much(self._limits))
        if self._fault is not None:
            return faults.make(self._fault, who, self._limits)
        kind = faults.kind_of_ending(code, 0.0, self._limits, out_of_memory=False)
        return faults.made_by_ending(kind, who, self._limits, code, self._printed.place_of_crash())

    def _finish(self) -> int:
        """Wait a moment for the child to end, then end it; give its exit status."""
        try:
            return self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def close(self) -> None:
        """See `autograder.execution.conversation.Child.close`."""
        self._process.kill()
        self._process.wait()
        while any(reader.is_alive() for reader in self._readers):
            with contextlib.suppress(queue.Empty):
                self._answers.get_nowait()
            self._readers[0].join(0.01)
            self._readers[1].join(0.01)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._folder.cleanup()


class PlainSession:
    """See `Session`. The children, which `spares` gives, also find the modules in `folders`."""

    walls = WALLS

    def __init__(self, spares: Spares | Mother, folders: Sequence[Path]) -> None:
        self._spares = spares
        self._folders = folders

    def student(self, definitions: Definitions, limits: Limits) -> AbstractContextManager[Student]:
        """See `Session.student`."""

        def open_child(printed: Printed) -> PlainChild:
            return PlainChild(self._spares.take(), self._folders, limits, printed)

        return converse(definitions, limits, open_child)


@contextlib.contextmanager
def open_session(
    support: Sequence[Path] = (),
    extra_modules: Sequence[Path] = (),
    python: Path | None = None,
    spare: int = 0,
) -> Iterator[PlainSession]:
    """Give a session of plain subprocesses; each handle has a process and an empty folder to work in.

    The code can import the `support` folders and the single files in `extra_modules` by their names. `python`
    is the interpreter, by default the running one. If children are wanted in advance, so many are started
    as `spare`, or on Linux one process from which all are forked.
    """
    folders = dict.fromkeys(path.resolve().parent for path in (*support, *extra_modules))
    inside = {path.resolve() for path in support}
    interpreter = python or Path(sys.executable)
    spares = Mother(interpreter) if spare and sys.platform == "linux" else Spares(interpreter, spare)
    try:
        yield PlainSession(spares, [folder for folder in folders if folder not in inside])
    finally:
        spares.close()
