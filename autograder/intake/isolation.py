"""Look at a stranger's bytes in a process of its own, within limits of time and memory.

::

    trusted process ── socket ── server ── pipe ── child of one call
    sends arguments              forks, waits,     sets its own limits, looks at the bytes,
    checks what comes back       kills, passes on  writes an answer, ends

The server is forked once and never looks at any bytes. Each call gets a child that sets its own limits, so
that neither the server nor a sandbox inherits them. A child that crashes costs its call and nothing else.
An answer is encoded plain data: the trusted side checks it against a type and never unpickles it. The server
ends with the trusted process, and the child with the server. On a system without `fork`, a call runs in the
process itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import select
import signal
import socket
import struct
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from autograder import errors
from autograder.errors import AutograderError, GraderFault
from autograder.intake.discovery import archive_names
from autograder.intake.gradescope import Record, read_record
from autograder.model import Struct
from autograder.text import in_texts

Answer = TypeVar("Answer")
Functions = Mapping[str, Callable[..., Any]]
_LENGTH = struct.Struct("<cQ")
_PR_SET_PDEATHSIG = 1
# How a call ended: an answer, an error for a person, a fault of the grader, a limit, a crash.
_OK, _RAISED, _FAILED = b"o", b"r", b"f"
_CPU, _MEMORY, _WALL, _SIZE, _CRASHED = b"c", b"m", b"w", b"s", b"x"
# The only classes that an answer can name.
_ERRORS = {
    kind.__name__: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, AutograderError)
}
# These signals come from outside, not from the bytes that a child reads.
_SENT = frozenset({"SIGKILL", "SIGTERM", "SIGINT"})
_OUT_OF_MEMORY = 2


class ReadingLimits(Struct):
    """The limits of one call: seconds of processor and clock time, MiB of memory and of the answer."""

    cpu_seconds: int = 20
    wall_seconds: int = 60
    memory_mb: int = 1024  # beyond the server's own
    answer_mb: int = 256


class NotRead(Exception):
    """A call met a limit or crashed on the bytes that it read; the message is for a person."""


class ReaderGone(GraderFault):
    """The server has ended, so no further call can succeed in this process."""


class ReaderProcess:
    """Calls functions on a stranger's bytes, each in a child with limits.

    Make it before the process starts threads: it forks. Threads take turns in calling it; processes that
    each have their own do not wait for each other. The functions may hold anything. Their arguments must be
    picklable, and their results plain data that msgspec can encode.
    """

    def __init__(self, functions: Functions, limits: ReadingLimits | None = None) -> None:
        self._functions = functions
        self._limits = limits or ReadingLimits()
        self._turn = threading.Lock()
        self._socket: socket.socket | None = None
        if hasattr(os, "fork"):
            self._socket, pid = _start_server(functions, self._limits)
            self._end = weakref.finalize(self, _end_server, self._socket, pid)

    def call(self, answer: type[Answer], name: str, *args: Any) -> Answer:
        """Call a function and give its result as a value of the type `answer`.

        Raises `NotRead` if the call met a limit or crashed, `AutograderError` if the function raises
        one, `GraderFault` if the function failed, or the answer is not of the type, and `ReaderGone`
        if the server has ended.
        """
        if self._socket is None:
            result: Answer = self._functions[name](*args)
            return result
        try:
            with self._turn:
                _send(self._socket, _OK, pickle.dumps((name, args)))
                kind, data = _receive(self._socket)
        except (OSError, EOFError) as error:
            self.close()
            raise ReaderGone(f"the reader's process is gone: {error}") from error
        try:
            return self._opened(kind, data, answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise GraderFault(f"the reader's answer has another form: {error}") from error

    def _opened(self, kind: bytes, data: bytes, answer: type[Answer]) -> Answer:
        if kind == _OK:
            return unpacked(data, answer)
        if kind == _RAISED:
            name, message, hint = unpacked(data, tuple[str, str, str])
            raise _ERRORS.get(name, GraderFault)(message, hint)
        reason = data[:500].decode("utf-8", "replace")
        if kind == _FAILED:
            raise GraderFault(f"reading failed: {reason}")
        raise NotRead(self._sentence(kind, reason))

    def _sentence(self, kind: bytes, reason: str) -> str:
        limits = self._limits
        sentences = {
            _CPU: f"Reading it took more than {limits.cpu_seconds} s of processor time",
            _WALL: f"Reading it took more than {limits.wall_seconds} s",
            _MEMORY: f"Reading it took more than {limits.memory_mb} MB of memory",
            _SIZE: f"It holds more than {limits.answer_mb} MB of text and pictures",
            _CRASHED: f"Reading it made Python itself crash ({reason})",
        }
        place = "nested very deep" if kind == _CRASHED else "very long"
        return f"{sentences[kind]}, so it was not graded. Look for a cell that is {place}."

    def close(self) -> None:
        """End the server; a second time does nothing."""
        if self._socket is not None:
            self._end()


def _end_server(connection: socket.socket, pid: int) -> None:
    connection.close()
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


# --- messages ---


def packed(value: Any) -> bytes:
    """Encode a value; halves of surrogate pairs, which no encoding can carry, become question marks."""
    try:
        return msgspec.msgpack.encode(value, enc_hook=_encoded)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=_encoded)
        return msgspec.msgpack.encode(in_texts(lambda text: text.encode("utf-8", "replace").decode(), plain))


def unpacked(data: bytes, kind: type[Answer]) -> Answer:
    """Give a value back that `packed` encoded; raise `msgspec.DecodeError` if it is not of the kind."""
    return msgspec.msgpack.decode(data, type=kind, dec_hook=_decoded)


def _encoded(value: Any) -> Any:
    if isinstance(value, Path):
        return os.fsencode(value)
    raise NotImplementedError(f"a {type(value).__name__} has no encoded form")


def _decoded(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(os.fsdecode(value))
    raise NotImplementedError(f"a {kind.__name__} has no encoded form")


def _send(connection: socket.socket, kind: bytes, data: bytes) -> None:
    connection.sendall(_LENGTH.pack(kind, len(data)))
    connection.sendall(data)


def _receive(connection: socket.socket) -> tuple[bytes, bytes]:
    kind, length = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return kind, _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(min(count - len(data), 1 << 20))
        if not piece:
            raise EOFError("it closed the socket")
        data += piece
    return bytes(data)


# --- the server ---


def _start_server(functions: Functions, limits: ReadingLimits) -> tuple[socket.socket, int]:
    ours, theirs = socket.socketpair()
    gc.freeze()
    pid = os.fork()
    if pid:
        theirs.close()
        gc.unfreeze()
        return ours, pid
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _keep_only(theirs.fileno())
        with contextlib.suppress(EOFError, OSError):
            while True:
                _, request = _receive(theirs)
                _send(theirs, *_serve(request, functions, limits, theirs.fileno()))
    finally:
        # nothing may return into the caller's code
        os._exit(0)


def _keep_only(kept: int) -> None:
    """Close all other descriptors: some process may wait for their end, and a terminal must see nothing."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _serve(request: bytes, functions: Functions, limits: ReadingLimits, caller: int) -> tuple[bytes, bytes]:
    """Have a child do one call; give how it ended and its answer."""
    reading, writing = os.pipe()
    server = os.getpid()
    pid = os.fork()
    if not pid:
        os.close(reading)
        os.close(caller)
        _be_child(request, functions, limits, writing, server)
    os.close(writing)
    kind, data = _WALL, b""
    try:
        kind, data = _collected(reading, caller, limits)
    finally:
        os.close(reading)
        if kind != _OK:  # a child that closed its pipe is ending: a kill now would hide how
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    return _ending(status, data) if kind == _OK else (kind, b"")


def _ending(status: int, data: bytes) -> tuple[bytes, bytes]:
    """Say how a call ended once its child closed the pipe; only a child that ended well is believed."""
    if status == 0 and data:
        return data[:1], data[1:]
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return (_MEMORY, b"") if code == _OUT_OF_MEMORY else (_CRASHED, f"exit status {code}".encode())
    name = signal.Signals(-code).name
    met = {"SIGXCPU": _CPU, "SIGALRM": _WALL}.get(name)
    return met or (_FAILED if name in _SENT else _CRASHED), name.encode()


def _collected(reading: int, caller: int, limits: ReadingLimits) -> tuple[bytes, bytes]:
    """Read everything that a child writes, within the limits; end with the caller."""
    deadline = time.monotonic() + limits.wall_seconds
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    poll.register(caller, select.POLLHUP)
    data = bytearray()
    while True:
        left = deadline - time.monotonic()
        ready = dict(poll.poll(max(0.0, left) * 1000)) if left > 0 else {}
        if not ready:
            return _WALL, b""
        if ready.get(caller, 0) & (select.POLLHUP | select.POLLERR):
            raise EOFError("the caller is gone")
        piece = os.read(reading, 1 << 20)
        if not piece:
            return _OK, bytes(data)
        data += piece
        if len(data) > limits.answer_mb << 20:
            return _SIZE, b""


# --- the child of one call ---


def _be_child(
    request: bytes, functions: Functions, limits: ReadingLimits, writing: int, server: int
) -> NoReturn:
    status = 1
    try:
        gc.disable()  # the child lives for one call
        _end_with(server, limits)
        kind, data = _called(request, functions, limits)
        view = memoryview(kind + data)
        while view:
            view = view[os.write(writing, view) :]
        status = 0
    except MemoryError:
        status = _OUT_OF_MEMORY
    finally:
        os._exit(status)


def _end_with(server: int, limits: ReadingLimits) -> None:
    """Die with the server: at once if the kernel offers that, else some seconds after the limit."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(limits.wall_seconds + 5)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != server:  # the server ended before this process asked to die with it
        os._exit(1)


def _called(request: bytes, functions: Functions, limits: ReadingLimits) -> tuple[bytes, bytes]:
    try:
        name, args = pickle.loads(request)  # from the trusted side, before any stranger's byte is seen
        _limit_this_process(limits)
        return _OK, packed(functions[name](*args))
    except MemoryError:
        return _MEMORY, b""
    except RecursionError:
        return _CRASHED, b"RecursionError"
    except AutograderError as error:
        known = next(kind.__name__ for kind in type(error).__mro__ if kind.__name__ in _ERRORS)
        return _RAISED, packed((known, error.message, error.hint))
    except Exception as error:
        return _FAILED, f"{type(error).__name__}: {error}".encode("utf-8", "replace")


def _limit_this_process(limits: ReadingLimits) -> None:
    import resource  # Windows has neither this module nor fork

    here = 0
    with contextlib.suppress(OSError):  # only Linux tells how large a process is
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        here = pages * os.sysconf("SC_PAGE_SIZE")
    wanted = {
        resource.RLIMIT_AS: here + (limits.memory_mb << 20),
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        _, hard = resource.getrlimit(kind)  # a limit that is already lower stays
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (soft, hard))


def limited_search() -> tuple[Callable[[Path], list[str]], Callable[[Path, str], Record]]:
    """Give functions that list the files in a zip, and read an export's record, within limits.

    What can't be read gives nothing: the search goes on. Reading such a zip says why.
    """
    process = ReaderProcess({"names": archive_names, "record": read_record})

    def names(path: Path) -> list[str]:
        try:
            return process.call(list[str], "names", path)
        except (NotRead, GraderFault):
            return []

    def record(path: Path, name: str) -> Record:
        try:
            return process.call(Record, "record", path, name)
        except (NotRead, GraderFault):
            return Record(is_there=True)

    return names, record
