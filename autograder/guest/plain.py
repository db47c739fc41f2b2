"""Serve as a child without walls, on a student's own machine: on any system, and on Linux by forking.

Requests come on standard input and answers go to standard output. The code's own output goes to standard
error, so that nothing it prints can pass for an answer.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import math
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from . import wire
from .clock import Clock, OutOfTime, end_by
from .runner import EXIT_MEMORY, Runner
from .stream import Stream


def take_over_standard_streams() -> tuple[int, int]:
    """Keep standard input and output for the frames.

    The code gets an empty input, and standard error for its output.
    """
    reading, writing = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    os.close(empty)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (reading, writing):
            msvcrt.setmode(descriptor, os.O_BINARY)
    return reading, writing


def open_output() -> None:
    """Send all output through one buffer, in order, with any characters.

    If a signal ends the process, the lines that were running are printed too.
    """
    faulthandler.enable(1, all_threads=False)
    sys.stdout = sys.stderr = os.fdopen(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def set_limits(cpu_seconds: float, memory_mb: int) -> None:
    """Set the limits that this system has."""
    try:
        import resource
    except ImportError:
        return
    cpu = max(1, math.ceil(cpu_seconds))
    wanted = ((resource.RLIMIT_CPU, cpu, cpu + 1), (resource.RLIMIT_AS, memory_mb << 20, memory_mb << 20))
    for what, soft, hard in wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (soft, hard))


class MarkingRunner(Runner):
    """Marks in the output where a request ends, since the output and the answer take different pipes."""

    def __init__(self, stream: Stream, max_bytes: int, clock: Clock, mark: bytes) -> None:
        super().__init__(stream, max_bytes, clock)
        self._mark = mark
        self._write = os.write

    def _flush(self) -> None:
        super()._flush()
        with contextlib.suppress(OSError):
            self._write(2, self._mark)


def settings() -> dict[str, Any]:
    """Wait for the settings, a line of JSON on standard input. The process ends if there are none.

    Nothing follows the line before the process says that it is ready, so reading in blocks takes no more.
    """
    line = b""
    while not line.endswith(b"\n"):
        block = os.read(0, 1 << 16)
        if not block:
            sys.exit()
        line += block
    found: dict[str, Any] = json.loads(line)
    return found


def main(
    max_bytes: int, folders: Sequence[str], wall_seconds: float, limits: dict[str, Any], mark: str
) -> None:
    """Serve requests until standard input closes. `mark` is in hexadecimal digits."""
    stream = Stream(*take_over_standard_streams())
    open_output()
    sys.path += folders
    set_limits(**limits)
    try:
        stream.send(wire.encode_word(wire.READY))
        MarkingRunner(stream, max_bytes, Clock(wall_seconds), bytes.fromhex(mark)).serve()
    except MemoryError:
        os._exit(EXIT_MEMORY)
    except OutOfTime:
        end_by(signal.SIGXCPU)


# --- forking children -----------------------------------------------------------------------------------


def fork_children(descriptor: int) -> None:
    """Fork children as the messages on a socket ask, until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    children: dict[int, int] = {}
    with socket.socket(fileno=descriptor) as asked:
        while True:
            data, pipes, *_ = socket.recv_fds(asked, 1 << 20, 3)
            if not data:
                return
            message = json.loads(data)
            if "fork" in message:
                children[message["fork"]] = _fork(asked, pipes, message)
            elif "kill" in message:
                with contextlib.suppress(ProcessLookupError, KeyError):
                    os.kill(children[message["kill"]], signal.SIGKILL)
            else:
                status = _wait(children.get(message["wait"], 0), message["seconds"])
                asked.send(json.dumps(status).encode())


def _fork(asked: socket.socket, pipes: Sequence[int], message: dict[str, Any]) -> int:
    """Fork a child, which serves the pipes; give its process id."""
    pid = os.fork()
    if pid == 0:
        _serve(asked, pipes, message)
    for end in pipes:
        os.close(end)
    return pid


def _serve(asked: socket.socket, pipes: Sequence[int], message: dict[str, Any]) -> NoReturn:
    try:
        asked.close()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for number, end in enumerate(pipes):
            os.dup2(end, number)
            os.close(end)
        os.chdir(message["folder"])
        np.random.seed()  # or all children would draw the same numbers
        main(**message["settings"])
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _wait(pid: int, seconds: float | None) -> int | str | None:
    """Wait for a child for so many seconds; give its exit status, "running", or None if there is none."""
    until = time.monotonic() + (math.inf if seconds is None else seconds)
    with contextlib.suppress(ChildProcessError):
        while pid:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() >= until:
                return "running"
            time.sleep(0.001)
    return None
