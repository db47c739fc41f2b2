"""Hold the trusted end of a child's three pipes, and never block longer than the clock allows."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time
from collections.abc import Sequence

from autograder.execution.printed import Printed
from autograder.guest.wire import Part

_CHUNK = 1 << 16
_PIPE = 1 << 20


class Overdue(Exception):
    """The clock's limit was met."""


class Ended(Exception):
    """The child has closed its end; most likely it has ended."""


class Line:
    """Three pipes to a child: its requests, its answers and its output.

    `theirs` are the child's ends; `hand_over` closes them here once the child has them.
    """

    def __init__(self, printed: Printed) -> None:
        reading, self._requests = os.pipe()
        self._answers, writing = os.pipe()
        self._output, printing = os.pipe()
        self.theirs = [reading, writing, printing]
        for ours in (self._requests, self._answers, self._output):
            os.set_blocking(ours, False)
        for pipe in (self._requests, self._answers):
            with contextlib.suppress(OSError):
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)
        self.deadline = 0.0
        self._printed = printed
        self._buffer = b""
        self._at = 0

    def hand_over(self) -> None:
        """Close the child's ends here."""
        for opened in self.theirs:
            os.close(opened)
        self.theirs = []

    def close(self) -> None:
        """Close our ends."""
        self.hand_over()
        for opened in (self._requests, self._answers, self._output):
            os.close(opened)

    def _wait(self, descriptor: int, event: int) -> None:
        """Wait until the descriptor is ready, and take the output meanwhile."""
        poll = select.poll()
        poll.register(descriptor, event)
        poll.register(self._output, select.POLLIN)
        while True:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise Overdue
            ready = dict(poll.poll(left * 1000 + 1))
            if ready.get(self._output, 0) and not self.take_printed():
                poll.unregister(self._output)
            if descriptor in ready:
                return

    def take_printed(self) -> bool:
        """Take the output that has arrived; give False if no more can arrive."""
        while True:
            try:
                data = os.read(self._output, _CHUNK)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._printed.add(data)

    def send(self, parts: Sequence[Part]) -> None:
        """Write all the parts. Raises `Overdue`, `Ended` or `Flooded`."""
        for part in parts:
            view = memoryview(part)
            while view:
                try:
                    view = view[os.write(self._requests, view) :]
                except BlockingIOError:
                    self._wait(self._requests, select.POLLOUT)
                except BrokenPipeError as error:
                    raise Ended from error

    def take(self, count: int) -> bytes:
        """Give exactly that many bytes of the answer; raises as `send` does."""
        if len(self._buffer) - self._at < count:
            self._refill(count)
        self._at += count
        return self._buffer[self._at - count : self._at]

    def _refill(self, count: int) -> None:
        pieces = [self._buffer[self._at :]]
        have = len(pieces[0])
        while have < count:
            self._wait(self._answers, select.POLLIN)
            piece = os.read(self._answers, _CHUNK)
            if not piece:
                raise Ended
            pieces.append(piece)
            have += len(piece)
        self._buffer, self._at = b"".join(pieces), 0

    def fill(self, view: memoryview) -> None:
        """Fill the view with bytes of the answer; raises as `send` does."""
        ready = min(len(view), len(self._buffer) - self._at)
        view[:ready] = self._buffer[self._at : self._at + ready]
        self._at += ready
        while ready < len(view):
            self._wait(self._answers, select.POLLIN)
            count = os.readv(self._answers, [view[ready:]])
            if not count:
                raise Ended
            ready += count
