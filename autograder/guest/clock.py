"""Interrupt the code when a limit of time is met, so that a message can name the line.

No limit depends on this. The kernel ends a process a second after its processor time is used up, and the
trusted side ends it when a fifth more than the time for an answer has passed.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from typing import Any


class OutOfTime(BaseException):
    """A limit of time is met; `kind` is "cpu" or "wall", as in the engine's `FaultKind`."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


class Clock:
    """Sets the limits' signals, where the system has them, and a timer for each ``with``.

    A ``with`` may take `wall_seconds`. `met` is the kind of limit that was met, even if the code caught the
    `OutOfTime`, or empty.
    """

    def __init__(self, wall_seconds: float) -> None:
        self.met = ""
        self._wall_seconds = wall_seconds
        self._until = math.inf
        # kept here, since the code may replace them in their modules
        self._now = time.monotonic
        self._set_timer: Callable[..., Any] = getattr(signal, "setitimer", lambda *_: None)
        self._timer = getattr(signal, "ITIMER_REAL", 0)
        for name, handler in (("SIGXCPU", self._end_of_cpu), ("SIGALRM", self._end_of_wall)):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), handler)

    def _end_of_cpu(self, *_: object) -> None:
        self.met = "cpu"
        raise OutOfTime(self.met)

    def _end_of_wall(self, *_: object) -> None:
        if self._now() < self._until:
            # an alarm of the code's own
            end_by(signal.SIGALRM)
        self.met = "wall"
        raise OutOfTime(self.met)

    def __enter__(self) -> Clock:
        self._until = self._now() + self._wall_seconds
        self._set_timer(self._timer, self._wall_seconds)
        return self

    def __exit__(self, *_: object) -> None:
        self._set_timer(self._timer, 0)


def end_by(number: int) -> None:
    """End this process by a signal, whichever handler the code has set for it."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
