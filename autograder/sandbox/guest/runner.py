"""Answers the requests for one handle: runs the definitions, calls what they define.

Each request is a tuple ``(verb, …)`` and gets one answer: ``("ok", value)`` or
``("fault", kind, message, traceback)``, where `kind` is a value of the engine's `FaultKind`. An answer
is a claim by a process in which a student's code has run; the other side judges it as such.
"""

from __future__ import annotations

import errno
import random
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import wire
from .definitions import Missing, Namespace, describe, quote
from .habits import emulate
from .stream import Closed, Stream

# The status of a child that had no memory left even to say so.
EXIT_MEMORY = 113


class Held:
    """Wraps a value that shall cross as a handle, whatever it is."""

    def __init__(self, value: Any) -> None:
        self.value = value


def fault_of(error: BaseException) -> tuple[str, str, str]:
    """Give the kind, the message and the traceback of what a request raised."""
    if isinstance(error, Missing):
        return "missing", str(error), ""
    if isinstance(error, wire.TooLarge):
        return "output", str(error), ""
    if isinstance(error, wire.Unsupported):
        return "unsupported", str(error), ""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return "memory", "", quote(error)
    no_thread = isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    if no_thread or number == errno.EAGAIN:
        return "processes", "", quote(error)
    return "raised", describe(error), quote(error)


class Runner:
    """Serves one stream until it closes.

    Parameters
    ----------
    stream : Stream
        Where requests come from and answers go.
    max_bytes : int
        The most bytes of one answer.
    """

    def __init__(self, stream: Stream, max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._names = Namespace()
        self._objects: dict[int, Any] = {}
        self._lost = False
        # freed where memory runs out, so that there is some to say so with
        self._ballast: bytes | None = bytes(1 << 20)
        self._verbs: dict[str, Callable[..., Any]] = {
            "define": self._define,
            "call": self._call,
            "method": self._method,
            "map": self._map,
            "get": self._get,
            "set": self._set,
            "seed": self._seed,
        }

    def serve(self) -> None:
        """Answer until the other side closes the stream."""
        try:
            while True:
                self._serve_one()
        except (Closed, BrokenPipeError):
            return

    def _serve_one(self) -> None:
        self._lost = False
        verb, *args = wire.decode(wire.REQUEST, self._stream, self._adopt, 1 << 62)
        answer = self._answer(verb, args)
        self._flush()
        self._stream.send(answer)

    def _answer(self, verb: str, args: Sequence[Any]) -> list[wire.Part]:
        try:
            if self._lost:
                raise LookupError("an object that this process does not have")
            return self._encode(("ok", self._verbs[verb](*args)))
        except BaseException as error:
            if isinstance(error, MemoryError):
                self._ballast = None
            return self._encode(("fault", *fault_of(error)))

    def _encode(self, answer: tuple[Any, ...]) -> list[wire.Part]:
        return wire.encode(wire.ANSWER, answer, self._hold, self._max_bytes)

    def _flush(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                continue

    # --- objects ---

    def _hold(self, value: Any) -> tuple[int, str]:
        inner = value.value if isinstance(value, Held) else value
        number = len(self._objects)
        self._objects[number] = inner
        return number, type(inner).__name__

    def _adopt(self, number: int, _: str) -> Any:
        # raising here would leave the rest of the frame unread
        self._lost |= number not in self._objects
        return self._objects.get(number)

    @staticmethod
    def _carry(value: Any, keep: str | list[int]) -> Any:
        if keep == "handle":
            return Held(value)
        if keep == "values" or not isinstance(value, tuple):
            return value
        return tuple(Held(item) if at in keep else item for at, item in enumerate(value))

    # --- verbs ---

    def _define(self, chunks: Sequence[dict[str, Any]], habits: Sequence[str]) -> None:
        emulate(habits)
        self._names.run(chunks)

    def _target(self, target: Any) -> Any:
        return self._names.find(target) if isinstance(target, str) else target

    def _call(
        self, target: Any, args: Sequence[Any], kwargs: dict[str, Any], keep: str | list[int], repeat: int
    ) -> Any:
        function = self._target(target)
        for _ in range(repeat - 1):
            function(*args, **kwargs)
        return self._carry(function(*args, **kwargs), keep)

    def _method(
        self, owner: Any, name: str, args: Sequence[Any], kwargs: dict[str, Any], keep: str | list[int]
    ) -> Any:
        return self._carry(getattr(owner, name)(*args, **kwargs), keep)

    def _map(self, target: str, calls: Sequence[Sequence[Any]], pick: int | None) -> list[Any]:
        function = self._target(target)
        results = [function(*args) for args in calls]
        return results if pick is None else [result[pick] for result in results]

    def _get(self, owner: Any, name: str) -> Any:
        return getattr(owner, name)

    def _set(self, owner: Any, name: str, value: Any) -> None:
        setattr(owner, name, value)

    def _seed(self, seed: int) -> None:
        np.random.seed(seed % (1 << 32))
        random.seed(seed)
