"""Keep the output of a student's code up to a cap, and make it harmless to show."""

from __future__ import annotations

import re

from autograder.model import OutputText
from autograder.text import clean

# Output of more than this many times the kept size is a flood.
FLOOD = 64

# Python prints this when a signal ends it.
_DUMP = re.compile(
    r"Fatal Python error: [^\n]*\n\nStack \(most recent call first\):\n(?P<lines>(?:  [^\n]*\n)*)"
    r"(?:\nExtension modules: [^\n]*\n)?"
)
_LINE = re.compile(r'  File "<cell \d+>", line (\d+) in (\w+)')


class Flooded(Exception):
    """The code printed so much that even dropping it costs too much."""


class Printed:
    """Keeps the first `keep` bytes of the output and counts the rest."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._data = bytearray()
        self._count = 0
        self._cut = False
        self._begin = 0

    def add(self, data: bytes) -> None:
        """Take a piece of output.

        Raises `Flooded` if there is more than `FLOOD` times the kept size.
        """
        self._count += len(data)
        self._data += data[: max(0, self._keep - len(self._data))]
        if self._count > FLOOD * self._keep:
            raise Flooded

    def forgive(self) -> None:
        """Start counting again: the process has ended, and the next one has printed nothing yet."""
        self._cut |= self._count > len(self._data)
        self._count = self._begin = len(self._data)

    def text(self) -> OutputText:
        """Give the kept output."""
        text = _DUMP.sub("", self._data.decode("utf-8", "replace"))
        return OutputText(text=clean(text, self._keep), truncated=self._cut or self._count > len(self._data))

    def place_of_crash(self) -> str:
        """Give the place where a signal ended the process, as " (line 3 of the cell with `f`)"."""
        dumps = list(_DUMP.finditer(self._data[self._begin :].decode("utf-8", "replace")))
        line = _LINE.search(dumps[-1]["lines"]) if dumps else None
        return f" (line {line[1]} of the cell with `{line[2]}`)" if line else ""


class Marked:
    """Takes output with marks in it, which no code prints by chance. Each mark says that a call is over.

    The output goes to `printed`, without the marks.
    """

    def __init__(self, printed: Printed, mark: bytes) -> None:
        self._printed = printed
        self._mark = mark
        self._rest = b""

    def add(self, data: bytes) -> int:
        """Take a piece of output; give the number of marks in it. Raises as `Printed.add` does."""
        *whole, rest = (self._rest + data).split(self._mark)
        kept = next(
            n
            for n in range(min(len(rest), len(self._mark) - 1), -1, -1)
            if self._mark.startswith(rest[len(rest) - n :])
        )
        self._rest = rest[len(rest) - kept :]
        self._printed.add(b"".join([*whole, rest[: len(rest) - kept]]))
        return len(whole)

    def finish(self) -> None:
        """Pass on the bytes that looked like the beginning of a mark: no more output will arrive."""
        rest, self._rest = self._rest, b""
        self._printed.add(rest)
