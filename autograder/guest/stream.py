"""Read and write frames over two blocking file descriptors."""

from __future__ import annotations

import os
from collections.abc import Iterable

from .wire import Part

_CHUNK = 1 << 16


class Closed(Exception):
    """The other side is gone."""


class Stream:
    """The child's end: requests in, answers out."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._buffer = b""
        self._at = 0
        # kept, so that a patched `os` changes nothing here
        self._read, self._readv, self._write = os.read, getattr(os, "readv", None), os.write

    def take(self, count: int) -> bytes:
        """Give exactly that many bytes."""
        while len(self._buffer) - self._at < count:
            data = self._read(self._reading, max(_CHUNK, count - len(self._buffer)))
            if not data:
                raise Closed
            self._buffer = self._buffer[self._at :] + data
            self._at = 0
        self._at += count
        return self._buffer[self._at - count : self._at]

    def fill(self, view: memoryview) -> None:
        """Fill the view: from the buffer, then straight from the descriptor."""
        ready = min(len(view), len(self._buffer) - self._at)
        view[:ready] = self._buffer[self._at : self._at + ready]
        self._at += ready
        while ready < len(view):
            ready += self._read_into(view[ready:])

    def _read_into(self, view: memoryview) -> int:
        if self._readv is not None:
            count: int = self._readv(self._reading, [view])
        else:
            data = self._read(self._reading, min(len(view), 1 << 20))
            count = len(data)
            view[:count] = data
        if not count:
            raise Closed
        return count

    def send(self, parts: Iterable[Part]) -> None:
        """Write all the parts."""
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[self._write(self._writing, view) :]
