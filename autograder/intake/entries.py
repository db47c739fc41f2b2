"""One file of a submission that can be opened, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from autograder.model import Struct

Reader = Callable[[int], bytes]


class Entry(Struct):
    """A file: its path inside the submission, and how to open it for reading in pieces.

    `open` gives a function that reads the next piece of at most so many bytes, empty at the end. Both raise
    `RejectedInput` if the file can't or must not be read.
    """

    path: str
    open: Callable[[], AbstractContextManager[Reader]]
