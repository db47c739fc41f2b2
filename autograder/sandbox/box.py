"""Run one sandbox: bubblewrap, the harness inside it, and the control socket to the harness."""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import marshal
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

import msgspec

from autograder import guest
from autograder.authoring.student import Limits
from autograder.errors import GraderFault
from autograder.model import Struct
from autograder.sandbox import bubblewrap, cgroup, enforcement, filters, spawner
from autograder.sandbox.policy import RUN, Interpreter, Policy, all_mounts, importable_names, this_interpreter
from autograder.sandbox.watchdog import Watchdog

START_SECONDS = 30.0
STOP_SECONDS = 5.0
# What the harness and bubblewrap need beside the children.
OWN_MB = 384
# Above every range that distributions hand out, so that no account and no container has these ids.
FIRST_UID = 0x70000000
_serial = itertools.count()
_ENVIRONMENT = {"PATH": bubblewrap.PATH, "LANG": "C.UTF-8"}


class StartFailed(Exception):
    """The sandbox did not start; the text is its output."""


class Ready(Struct, frozen=True):
    """The harness's message that it is ready."""

    own_work: bool
    landlock: int
    failed: dict[str, str]


class Ending(Struct, frozen=True):
    """The end of a child: its exit status (negative for a signal) and its processor time in seconds."""

    code: int
    cpu: float


@functools.cache
def guest_files() -> dict[str, bytes]:
    """Compile the guest's modules; give them by their paths inside, where no source is read."""
    folder = Path(guest.__file__).parent
    compiled = {}
    for path in sorted(folder.rglob("*.py")):
        target = f"{RUN}/guest/{path.relative_to(folder).with_suffix('.pyc')}"
        code = compile(path.read_bytes(), target, "exec", dont_inherit=True)
        compiled[target] = MAGIC_NUMBER + bytes(12) + marshal.dumps(code)
    return compiled


def _memory_file(data: bytes, closing: contextlib.ExitStack) -> int:
    """Give a descriptor from which the data can be read until the stack closes it."""
    opened = os.memfd_create("sandbox")
    closing.callback(os.close, opened)
    with open(opened, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(opened, 0, os.SEEK_SET)
    return opened


def _wait_for(watched: socket.socket | int, seconds: float) -> bool:
    """Wait until a socket can be read, or a process has ended; False if that takes longer."""
    poll = select.poll()
    poll.register(watched, select.POLLIN)
    return bool(poll.poll(max(0.0, seconds) * 1000))


class Box:
    """Starts a sandbox; `stand` waits until it can be used.

    Raises `SandboxError` if something is missing that a sandbox needs.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._interpreter: Interpreter = this_interpreter()
        self._shown = all_mounts(policy, self._interpreter)
        self._spawner = spawner.spawner_for(mount.source for mount in self._shown)
        self._endings: dict[int, Ending] = {}
        self._open: dict[int, int] = {}
        self._numbers = itertools.count(1)
        self._serial = next(_serial)
        self._copies: Path | None = None
        self.cgroup = cgroup.plan(f"{os.getpid()}-{self._serial}")
        self.watchdog: Watchdog | None = None
        self._log = os.memfd_create("log")
        self._last_words: str | None = None
        self._init = self._status = -1
        self._closed = self._hung_up = False
        with contextlib.ExitStack() as stack:
            stack.callback(self._clean_up)
            self._control, self._process, self._status = self._start()
            stack.pop_all()

    def stand(self) -> Ready:
        """Wait for the harness; a box that does not stand is closed.

        Raises `StartFailed` if the sandbox does not start.
        """
        with contextlib.ExitStack() as stack:
            stack.callback(self.close, at_once=True)
            ready = self._wait_until_ready()
            first = json.loads(os.pread(self._status, 1 << 12, 0).splitlines()[0])["child-pid"]
            self._init = os.pidfd_open(first)
            if self.cgroup is not None and not self.cgroup.holds(first):
                self.cgroup = None
            if self.cgroup is None:
                self.watchdog = Watchdog(first)
            stack.pop_all()
        return ready

    # --- starting ---

    def _start(self) -> tuple[socket.socket, subprocess.Popen[bytes], int]:
        system = enforcement.system_folders()
        with contextlib.ExitStack() as ours, contextlib.ExitStack() as kept:
            ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            # a file, not a pipe: after the death of the grader, bubblewrap would die of writing to the pipe
            # and leave its first process waiting for ever
            status = os.memfd_create("status")
            kept.callback(ends[0].close)
            kept.callback(os.close, status)
            ours.callback(ends[1].close)
            descriptors = {"seccomp": _memory_file(filters.harness_filter(), ours), "status": status}
            contents = {**guest_files(), f"{RUN}/filter": filters.child_filter(), **dict(self._policy.files)}
            files = {path: _memory_file(data, ours) for path, data in contents.items()}
            words = enforcement.arguments(self._shown, self._places(), system, files, descriptors)
            listed = _memory_file(b"".join(os.fsencode(word) + b"\0" for word in words), ours)
            inherited = (ends[1].fileno(), listed, *descriptors.values(), *files.values())
            command = self._command(listed, ends[1].fileno(), enforcement.readable_paths(system))
            process = self._spawner.start(command, inherited, self._log, _ENVIRONMENT)
            kept.pop_all()
        return ends[0], process, status

    def _places(self) -> dict[Path, Path]:
        """Give new places to sources whose own paths the sandbox's user can't reach."""
        if os.geteuid() != 0:
            return {}
        places: dict[Path, Path]
        places, self._copies = self._spawner.on_stage(self._shown, lambda stage: stage.show(self._shown))
        return places

    def _bubblewrap(self) -> Path:
        """Find a bubblewrap that the sandbox's user can reach."""
        found = bubblewrap.find_bubblewrap()
        if os.geteuid() != 0 or not found.folders:
            return found.program
        shown: Path = self._spawner.on_stage(self._shown, lambda stage: stage.show_program(found))
        return shown

    def _command(self, listed: int, control: int, readable: list[str]) -> list[str]:
        inner = enforcement.harness_command(
            self._interpreter.name, control, self._policy.preload, readable, importable_names(self._policy)
        )
        command = [str(self._bubblewrap()), "--args", str(listed), "--", *inner]
        if os.geteuid() == 0:
            # an id of its own, since the kernel counts some limits by user
            uid = FIRST_UID + os.getpid() * 32 + self._serial % 32
            command = enforcement.drop_user(uid) + command
        return enforcement.in_cgroups(self.cgroup.folders, command) if self.cgroup else command

    def _wait_until_ready(self) -> Ready:
        message = self._hear(time.monotonic() + START_SECONDS)
        if message is None:
            raise StartFailed(self.log() or f"nothing started within {START_SECONDS:g} s")
        return Ready(**message)

    # --- talking ---

    def _hear(self, deadline: float) -> dict[str, Any] | None:
        """Give the next message; None if none comes in time."""
        if self._closed or not _wait_for(self._control, deadline - time.monotonic()):
            return None
        data = b""
        with contextlib.suppress(ConnectionError):
            data = self._control.recv(1 << 16)
        self._hung_up = not data
        return json.loads(data) if data else None

    def start_child(self, limits: Limits, descriptors: list[int], preload: list[str]) -> int:
        """Fork a child that has these descriptors (requests, answers, output); return its number."""
        number = next(self._numbers)
        self._open[number] = limits.memory_mb + limits.tmp_mb
        self._limit_memory()
        values = msgspec.to_builtins(limits)
        message = {"do": "start", "id": number, "limits": values, "preload": preload}
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)
        except OSError as error:
            raise GraderFault(f"the sandbox is gone: {error.strerror}; {self.log()}") from error
        return number

    def kill_child(self, number: int) -> None:
        """End a child, whatever it does."""
        with contextlib.suppress(OSError):
            self._control.send(json.dumps({"do": "kill", "id": number}).encode())

    def ending(self, number: int, seconds: float) -> Ending | None:
        """Wait for a child's ending; None if it does not come in time."""
        deadline = time.monotonic() + seconds
        while number not in self._endings:
            message = self._hear(deadline)
            if message is None:
                return None
            self._endings[message["id"]] = Ending(code=message["code"], cpu=message["cpu"])
        self._open.pop(number, None)
        self._limit_memory()
        return self._endings.pop(number)

    @property
    def _overseer(self) -> cgroup.Cgroup | Watchdog | None:
        """Give the control group or the watchdog, which caps the sandbox as a whole."""
        return self.cgroup or self.watchdog

    def _limit_memory(self) -> None:
        if self._overseer is not None:
            self._overseer.limit(OWN_MB + sum(self._open.values()))

    def killed_for_memory(self) -> int:
        """Count the processes that were ended because the whole sandbox took too much memory."""
        return self._overseer.killed_for_memory() if self._overseer is not None else 0

    @property
    def alive(self) -> bool:
        """Say whether the sandbox still runs."""
        return not (self._closed or self._hung_up) and self._process.poll() is None

    def log(self) -> str:
        """Give the last lines that bubblewrap and the harness wrote."""
        if self._last_words is not None:
            return self._last_words
        size = os.fstat(self._log).st_size
        return os.pread(self._log, 2000, max(0, size - 2000)).decode("utf-8", "replace").strip()

    # --- ending ---

    def close(self, at_once: bool = False) -> None:
        """End everything in the sandbox and wait until it is gone; a second call does nothing.

        The harness is asked first, unless `at_once` is true.
        """
        if self._closed:
            return
        self._closed = True
        self._control.close()
        if at_once or not self._gone(STOP_SECONDS / 2):
            self._kill()
            self._gone(STOP_SECONDS)
        self._clean_up()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self._init >= 0:
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def _gone(self, seconds: float) -> bool:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return self._init < 0 or _wait_for(self._init, seconds)

    def _clean_up(self) -> None:
        self._last_words = self.log()
        for descriptor in (self._log, self._status, self._init):
            if descriptor >= 0:
                os.close(descriptor)
        if self._overseer is not None:
            self._overseer.remove()
        if self._copies is not None:
            copies = self._copies
            self._spawner.run(lambda: shutil.rmtree(copies, ignore_errors=True))
