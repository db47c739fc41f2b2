"""Answer the requests for one handle: run the definitions, and call what they define.

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

from . import denial_messages, stand_ins, wire
from .clock import Clock, OutOfTime
from .compat import PYTHON2, emulate
from .definitions import Missing, Namespace, describe, place_of, quote
from .stream import Closed, Stream
from .withheld import withhold

# The exit status of a child that had no memory left to say so.
EXIT_MEMORY = 113


class Held:
    """Wraps a value that must cross as a handle, whatever it is."""

    def __init__(self, value: Any) -> None:
        self.value = value


class Explainer:
    """Names the kind of a request's exception, and puts it into words.

    `facts` are the packages and limits that the words may name; `attempt` gives the code's last attempt.
    """

    def __init__(
        self,
        facts: denial_messages.Facts = denial_messages.Facts(),  # noqa: B008 - it never changes
        attempt: Callable[[], denial_messages.AuditedAct] = denial_messages.AuditedAct,
    ) -> None:
        self._facts = facts
        self._attempt = attempt

    def _said(self, error: BaseException) -> denial_messages.Said | None:
        return denial_messages.explain(error, place_of(error), self._attempt(), self._facts)

    def line(self, error: BaseException) -> str:
        """Give one line: the error, and its place in the notebook."""
        said = self._said(error)
        return said.text if said else describe(error)

    def fault(self, error: BaseException) -> tuple[str, str, str]:
        """Give the kind, the message and the traceback; the message of a limit is the place alone."""
        for known, kind in _OWN_WORDS.items():
            if isinstance(error, known):
                return kind, str(error), ""
        met = _limit_met(error)
        said = None if met in ("cpu", "wall", "memory") else self._said(error)
        if said is not None:
            return said.kind, said.text[:1].upper() + said.text[1:], quote(error)
        if met:
            return met, place_of(error), quote(error)
        text = describe(error)
        return "raised", text[:1].upper() + text[1:] if text.startswith("your code") else text, quote(error)


# The kinds of errors whose text is the message.
_OWN_WORDS: dict[type[BaseException], str] = {
    Missing: "missing",
    wire.TooLarge: "output",
    wire.Unsupported: "unsupported",
}


def _limit_met(error: BaseException) -> str:
    """Give the kind of limit that an error reports; empty if it reports none."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, OutOfTime):
        return error.kind
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return "memory"
    no_thread = isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    return "processes" if no_thread or number == errno.EAGAIN else ""


class Runner:
    """Serves one stream until it closes.

    An answer has at most `max_bytes`. The clock interrupts a request that takes too long, and the explainer
    puts the code's exceptions into words.
    """

    def __init__(
        self, stream: Stream, max_bytes: int, clock: Clock, explainer: Explainer | None = None
    ) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._clock = clock
        self._explainer = explainer or Explainer()
        self._names = Namespace(self._explainer.line)
        self._objects: dict[int, Any] = {}
        self._lost = False
        # freed when memory runs out, so that some is left for the answer
        self._ballast: bytes | None = bytes(1 << 20)
        self._verbs: dict[str, Callable[..., Any]] = {
            "define": self._define,
            "call": self._call,
            "method": self._method,
            "map": self._map,
            "get": getattr,
            "set": setattr,
            "put": Held,
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
            with self._clock:
                value = self._verbs[verb](*args)
            if self._clock.met:
                raise OutOfTime(self._clock.met)
            return self._encode(("ok", value))
        except BaseException as error:
            if isinstance(error, MemoryError):
                self._ballast = None
            kind, text, quoted = self._explainer.fault(error)
            return self._encode(("fault", kind, text + self._names.reason(error), quoted))

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
        if keep == "values" or not isinstance(value, tuple | list):
            return value
        return tuple(Held(item) if at in keep else item for at, item in enumerate(value))

    # --- verbs ---

    def _define(
        self, chunks: Sequence[dict[str, Any]], names: Sequence[str], withheld: Sequence[str]
    ) -> None:
        stand_ins.offer()
        emulate(names)
        withhold(withheld)
        self._names.run(chunks, PYTHON2 in names)

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

    def _seed(self, seed: int) -> None:
        np.random.seed(seed % (1 << 32))
        random.seed(seed)
