"""Open one file of a submission, in a folder or a zip, or refuse it with a notice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from autograder.model import Notice, Struct

Reader = Callable[[int], bytes]


class Entry(Struct):
    """A file: its path inside the submission, and how to open it for reading in pieces.

    `open` gives a function that returns the next piece of at most the given size, and nothing at the end.
    Both raise `RejectedInput` if the file can't or must not be read. `saved` is an ISO 8601 time, or empty;
    a zip does not say the zone of its times, so they only sort the files of one place.
    """

    path: str
    open: Callable[[], AbstractContextManager[Reader]]
    saved: str = ""


class RejectedInput(Exception):
    """Something untrusted is refused; `notice` says what it is, what was expected and what to do."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self.notice = notice


def remark(code: str, where: str, what: str) -> Notice:
    """Give a notice about a file; its message begins with the file's name."""
    return Notice(code=code, message=f"{where}: {what}", where=where)


def refusal(code: str, where: str, what: str) -> RejectedInput:
    """Give the exception that refuses a file; its message begins with the file's name."""
    return RejectedInput(remark(code, where, what))
