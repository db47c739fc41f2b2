"""One file of a submission that can be opened, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from autograder.model import Struct

Reader = Callable[[int], bytes]


class Entry(Struct):
    """A file: its path inside the submission, how to open it for reading in pieces, and when it was saved.

    `open` gives a function that reads the next piece of at most so many bytes, empty at the end. Both raise
    `RejectedInput` if the file can't or must not be read. `saved` is in seconds, 0 if it is not known; it
    only sorts the files of one place, since a zip does not say its zone.
    """

    path: str
    open: Callable[[], AbstractContextManager[Reader]]
    saved: float = 0.0
