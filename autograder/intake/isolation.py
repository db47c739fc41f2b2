"""A process of its own for everything that looks at a stranger's bytes, within limits of time and memory.

::

    trusted process ── socket ── server ── pipe ── child of one call
    sends arguments              forks, waits,     sets its own limits, looks at the bytes,
    checks what comes back       kills, passes on  writes an answer, ends

The server is forked once and never looks at any bytes. Each call gets a child that sets its limits itself, so
that neither the server nor a sandbox inherits them. An answer is encoded plain data: it is checked against a
type on the trusted side, and never unpickled. Where there is no `fork`, a call runs in the process itself.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import socket
import struct
import time
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from autograder import errors
from autograder.errors import AutograderError, GraderFault
from autograder.intake.discovery import archive_names
from autograder.model import Struct

Answer = TypeVar("Answer")
_LENGTH = struct.Struct("<cQ")
# How a call ended: with an answer, with an error for a person, with a fault of ours, or at a limit.
_OK, _RAISED, _FAILED, _CPU, _MEMORY, _WALL, _SIZE = b"o", b"r", b"f", b"c", b"m", b"w", b"s"


class ReadingLimits(Struct):
    """What one call may use.

    cpu_seconds     s of processor time
    wall_seconds    s of clock time
    memory_mb       MiB of memory beyond what the server itself has
    answer_mb       MiB of the answer
    """

    cpu_seconds: int = 20
    wall_seconds: int = 60
    memory_mb: int = 1024
    answer_mb: int = 256


class LimitMet(Exception):
    """A call met a limit; the text is a sentence for a person."""


class ReaderProcess:
    """Calls functions on a stranger's bytes, each in a child with limits.

    Make it before the process starts threads: it forks.

    Parameters
    ----------
    functions : mapping of str to callable
        The functions by name. They may hold anything; their arguments must be picklable, and their results
        plain data that msgspec can encode.
    limits : ReadingLimits
        What each call may use.
    """

    def __init__(
        self, functions: Mapping[str, Callable[..., Any]], limits: ReadingLimits | None = None
    ) -> None:
        self._functions = functions
        self._limits = limits or ReadingLimits()
        self._socket: socket.socket | None = None
        if hasattr(os, "fork"):
            self._socket, pid = _start_server(functions, self._limits)
            self._end = weakref.finalize(self, _end_server, self._socket, pid)

    def call(self, answer: type[Answer], name: str, *args: Any) -> Answer:
        """Call a function, and give its result as a value of the type `answer`.

        Raises
        ------
        LimitMet
            The call met a limit.
        AutograderError
            The function raised it.
        GraderFault
            The function or the server failed, or the answer is not of the type.
        """
        if self._socket is None:
            result: Answer = self._functions[name](*args)
            return result
        try:
            _send(self._socket, _OK, pickle.dumps((name, args)))
            kind, data = _receive(self._socket)
        except (OSError, EOFError) as error:
            raise GraderFault(f"the reader's process is gone: {error}") from error
        return self._opened(kind, data, answer)

    def _opened(self, kind: bytes, data: bytes, answer: type[Answer]) -> Answer:
        limits = self._limits
        sentences = {
            _CPU: f"Reading it took more than {limits.cpu_seconds} s of processor time",
            _WALL: f"Reading it took more than {limits.wall_seconds} s",
            _MEMORY: f"Reading it took more than {limits.memory_mb} MB of memory",
            _SIZE: f"It holds more than {limits.answer_mb} MB of text and pictures",
        }
        if kind in sentences:
            raise LimitMet(f"{sentences[kind]}, so it was not graded. Look for a cell that is very long.")
        try:
            if kind == _RAISED:
                name, message, hint = msgspec.msgpack.decode(data, type=tuple[str, str, str])
                known = getattr(errors, name, AutograderError)
                raise known(message, hint)
            if kind == _OK:
                return msgspec.msgpack.decode(data, type=answer, dec_hook=_decoded)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GraderFault(f"the reader's answer has another form: {error}") from error
        raise GraderFault(f"reading failed: {data.decode('utf-8', 'replace')[:500]}")

    def close(self) -> None:
        """End the server; a second time does nothing."""
        if self._socket is not None:
            self._end()


def _end_server(connection: socket.socket, pid: int) -> None:
    connection.close()
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


# --- messages ---


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


def _start_server(
    functions: Mapping[str, Callable[..., Any]], limits: ReadingLimits
) -> tuple[socket.socket, int]:
    ours, theirs = socket.socketpair()
    gc.freeze()
    pid = os.fork()
    if pid:
        theirs.close()
        gc.unfreeze()
        return ours, pid
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _close_all_but(theirs.fileno())
        with contextlib.suppress(EOFError, OSError):
            while True:
                _, request = _receive(theirs)
                _send(theirs, *_serve(request, functions, limits, theirs.fileno()))
    finally:
        # nothing may return into the caller's code
        os._exit(0)


def _close_all_but(kept: int) -> None:
    """Close the descriptors of the process that forked: another one waits for their end."""
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _serve(
    request: bytes, functions: Mapping[str, Callable[..., Any]], limits: ReadingLimits, caller: int
) -> tuple[bytes, bytes]:
    """Have a child do one call, and give how it ended with its answer."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        os.close(caller)
        _be_child(request, functions, limits, writing)
    os.close(writing)
    try:
        kind, data = _collected(reading, caller, limits)
    finally:
        os.close(reading)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    if kind == _OK and data:
        return data[:1], data[1:]
    if kind != _OK:
        return kind, b""
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
        return _CPU, b""
    return _FAILED, f"its process ended with status {status}".encode()


def _collected(reading: int, caller: int, limits: ReadingLimits) -> tuple[bytes, bytes]:
    """Read all that a child writes, within the limits; end with the caller."""
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
    request: bytes, functions: Mapping[str, Callable[..., Any]], limits: ReadingLimits, writing: int
) -> NoReturn:
    try:
        name, args = pickle.loads(request)  # from the trusted side, before any stranger's byte is seen
        _limit_this_process(limits)
        kind, data = _called(functions[name], args)
        view = memoryview(kind + data)
        while view:
            view = view[os.write(writing, view) :]
    finally:
        os._exit(0)


def _called(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bytes, bytes]:
    try:
        return _OK, _packed(function(*args))
    except MemoryError:
        return _MEMORY, b""
    except AutograderError as error:
        return _RAISED, msgspec.msgpack.encode((type(error).__name__, error.message, error.hint))
    except Exception as error:
        return _FAILED, f"{type(error).__name__}: {error}".encode("utf-8", "replace")


def _packed(value: Any) -> bytes:
    """Encode a value; halves of surrogate pairs, which no encoding can carry, become question marks."""
    try:
        return msgspec.msgpack.encode(value, enc_hook=_encoded)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=_encoded)
        return msgspec.msgpack.encode(_replaced(plain))


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_replaced(key): _replaced(item) for key, item in value.items()}
    return [_replaced(item) for item in value] if isinstance(value, list | tuple) else value


def _limit_this_process(limits: ReadingLimits) -> None:
    import resource

    here = 0
    with contextlib.suppress(OSError):  # only Linux says how large a process is
        here = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    most = here + (limits.memory_mb << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def archive_lister() -> Callable[[Path], list[str]]:
    """Give a function that lists the files in a zip behind limits; one that meets a limit has none."""
    process = ReaderProcess({"names": archive_names})

    def names(path: Path) -> list[str]:
        try:
            return process.call(list[str], "names", path)
        except LimitMet:
            return []

    return names
