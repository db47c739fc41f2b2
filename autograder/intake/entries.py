"""One file of a submission that can be opened, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from autograder.model import Struct

Reader = Callable[[int], bytes]


class Entry(Struct):
    """A file: its path inside the submission, how to open it for reading in pieces, and when it was saved.

    `open` gives a function that reads the next piece of at most so many bytes, empty at the end. Both raise
    `RejectedInput` if the file can't or must not be read. `saved` is an ISO 8601 time, or empty; a zip does
    not say the zone of its times, so they only sort the files of one place.
    """

    path: str
    open: Callable[[], AbstractContextManager[Reader]]
    saved: str = ""
