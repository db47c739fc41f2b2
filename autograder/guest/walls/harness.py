"""Wait inside the sandbox, and fork one child for each handle.

::

    bwrap (outside) ── bwrap (pid 1 inside) ── this harness ─┬─ child of a handle
                                                             └─ child of another handle

The harness imports the children's packages once. Then it obeys messages from one socket: ``start`` (with the
descriptors of a child's pipes) and ``kill``. It sends one message when it is ready, and one for each child
that has ended. The frames of a child's calls never pass through it, and no child has the socket. When the
other side closes the socket, the harness ends, and everything in the sandbox with it.

It does without `socket` and `pathlib`, whose imports would add 15 ms to the start of each sandbox.
"""

from __future__ import annotations

import _socket
import array
import contextlib
import gc
import importlib
import json
import os
import select
import signal
from collections.abc import Sequence
from typing import Any

from .. import denial_messages, wire
from ..clock import Clock, OutOfTime, end_by
from ..plain import open_output
from ..runner import EXIT_MEMORY, Explainer, Runner
from ..stream import Stream
from . import landlock, lockdown

# The exit status of a child that did not become ready: the grader's fault, never a student's.
EXIT_UNREADY = 114
MAX_MESSAGE = 1 << 16


class Harness:
    """Obeys one control socket, a sequenced-packet socket to the trusted side.

    `program` is the children's seccomp filter. They may read the paths `readable` beside their working
    directory, and import the packages `importable` beside the standard library.
    """

    def __init__(
        self, control: _socket.socket, program: bytes, readable: Sequence[str], importable: Sequence[str]
    ) -> None:
        self._importable = importable
        self._control = control
        self._program = program
        self._readable = readable
        self._children: dict[int, tuple[int, int]] = {}
        self._tried: set[str] = set()
        self._own_work = lockdown.can_mount()

    def say(self, **message: Any) -> None:
        """Send one message."""
        self._control.send(json.dumps(message).encode())

    def serve(self, failed: dict[str, str]) -> None:
        """Send that all is ready, and which imports failed; then obey until the socket closes."""
        gc.freeze()
        self.say(own_work=self._own_work, landlock=landlock.version(), failed=failed)
        while True:
            poll = select.poll()
            poll.register(self._control, select.POLLIN)
            for watched in self._children:
                poll.register(watched, select.POLLIN)
            for ready, _ in poll.poll():
                if ready in self._children:
                    self._reap(ready)
                elif not self._obey():
                    return

    def _obey(self) -> bool:
        data, descriptors = _receive(self._control)
        if not data:
            return False
        message = json.loads(data)
        if message["do"] == "start":
            self._preload(message["preload"])
            self._start(message["id"], message["limits"], descriptors)
        else:
            for pid, number in self._children.values():
                if number == message["id"]:
                    os.kill(pid, signal.SIGKILL)
        return True

    def _preload(self, names: Sequence[str]) -> None:
        """Import the packages of a child's code, for later children too; the child repeats a failure."""
        for name in names:
            if name not in self._tried:
                self._tried.add(name)
                with contextlib.suppress(BaseException):
                    importlib.import_module(name)

    def _start(self, number: int, limits: dict[str, Any], descriptors: Sequence[int]) -> None:
        # pid 1 and the harness count against the limit of processes, too
        limits["others"] = 2 + len(self._children)
        pid = os.fork()
        if pid == 0:
            self._be_child(number, limits, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._children[os.pidfd_open(pid)] = (pid, number)

    def _reap(self, watched: int) -> None:
        pid, number = self._children.pop(watched)
        os.close(watched)
        _, status, usage = os.wait4(pid, 0)
        if not self._children:
            # no child can fork, so no process should be left; end any that is
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
        self._wipe(number)
        code = os.waitstatus_to_exitcode(status)
        self.say(id=number, code=code, cpu=usage.ru_utime + usage.ru_stime)

    def _wipe(self, number: int) -> None:
        """Remove a child's working directory, unless it was a file system, which ends with the child."""
        if not self._own_work:
            import shutil

            shutil.rmtree(_work_of(number), ignore_errors=True)

    # --- the child ---

    def _be_child(self, number: int, limits: dict[str, Any], descriptors: Sequence[int]) -> None:
        code = EXIT_UNREADY
        try:
            stream = Stream(*_only_these(*descriptors))
            word = self._put_up_walls(number, limits)
            stream.send(wire.encode_word(word))
            if word == wire.READY:
                code = 1
                facts = denial_messages.Facts(
                    self._importable, limits["tmp_mb"], lockdown.MAX_FILES, limits["open_files"]
                )
                explainer = Explainer(facts, denial_messages.watch())
                Runner(stream, limits["result_mb"] << 20, Clock(limits["wall_seconds"]), explainer).serve()
                code = 0
        except MemoryError:
            code = EXIT_MEMORY
        except OutOfTime:
            # raised outside a call: between two requests, or while an answer was sent
            end_by(signal.SIGXCPU)
        finally:
            # nothing may return into the harness's loop
            os._exit(code)

    def _put_up_walls(self, number: int, limits: dict[str, Any]) -> str:
        """Put up the child's walls; give `wire.READY`, or why they do not stand."""
        try:
            open_output()
            work = self._enter_work(number, limits["tmp_mb"])
            lockdown.drop_capabilities()
            lockdown.die_with_parent()
            landlock.restrict(self._readable, [work, "/dev/null"])
            lockdown.set_limits(limits)
            lockdown.install_filter(self._program)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return wire.READY

    def _enter_work(self, number: int, size_mb: int) -> str:
        """Enter an empty working directory: a file system of its own if possible, else a folder."""
        if self._own_work:
            lockdown.own_mounts()
            lockdown.mount_work(size_mb)
            lockdown.hide(os.path.dirname(os.path.dirname(__file__)))  # noqa: PTH120
            work = lockdown.WORK
        else:
            work = _work_of(number)
            os.mkdir(work, 0o700)  # noqa: PTH102
        os.chdir(work)
        os.environ.update(HOME=work, TMPDIR=work, MPLCONFIGDIR=work)
        return work


def _receive(control: _socket.socket) -> tuple[bytes, list[int]]:
    """Give a message and the descriptors that came with it."""
    data, extra, _, _ = control.recvmsg(MAX_MESSAGE, _socket.CMSG_SPACE(3 * 4))
    descriptors = array.array("i")
    for level, kind, content in extra:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
            descriptors.frombytes(content[: len(content) - len(content) % 4])
    return data, list(descriptors)


def _work_of(number: int) -> str:
    return f"{lockdown.WORK}/{number}"


def _only_these(requests: int, answers: int, output: int) -> tuple[int, int]:
    """Close every descriptor but these; give the new numbers of the first two."""
    kept = [os.dup(descriptor) for descriptor in (requests, answers, output)]
    first = max(8, *kept) + 1
    moved = [os.dup2(descriptor, first + at) for at, descriptor in enumerate(kept)]
    empty = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((empty, 0), (moved[2], 1), (moved[2], 2), (moved[0], 3), (moved[1], 4)):
        os.dup2(source, target)
    os.closerange(5, os.sysconf("SC_OPEN_MAX"))
    return 3, 4


def main(control: int, preload: Sequence[str], readable: Sequence[str], importable: Sequence[str]) -> None:
    """Import the children's packages, and serve."""
    lockdown.hide_memory()
    failed = {}
    for name in preload:
        try:
            importlib.import_module(name)
        except Exception as error:
            failed[name] = f"{type(error).__name__}: {error}"
    with open("/opt/run/filter", "rb") as file:  # noqa: PTH123
        program = file.read()
    connection = _socket.socket(fileno=control)
    there = [path for path in readable if os.path.exists(path)]  # noqa: PTH110
    Harness(connection, program, there, importable).serve(failed)
    os._exit(0)
