"""The log of what was sent: a line before each result goes, one with the answer, one after reading back.

It holds no comment and no token, is for its owner alone, and is only ever added to. A process that was killed
leaves a half line at most, which is passed over.
"""

from __future__ import annotations

import datetime
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import BinaryIO

import msgspec

from autograder.delivery.outgoing import Outgoing
from autograder.errors import UsageError
from autograder.files import PRIVATE
from autograder.model import Struct

FILE_NAME = "sent.jsonl"


class Did(Enum):
    """The state of one sending."""

    SENDING = "sending"  # written before it goes
    TAKEN = "taken"  # the place answered that it has it
    REFUSED = "refused"  # it answered that it has not
    UNCLEAR = "unclear"  # its answer was lost
    ARRIVED = "arrived"  # read back: the place has it
    DIFFERS = "differs"  # read back: the place has something else
    FAILED = "failed"  # it was never sent: nobody there, or not allowed


class SentLine(Struct):
    """A line of the log. `comment` is the hash of the comment that went along, if one did."""

    at: datetime.datetime
    place: str
    learner: str
    did: Did
    points: Decimal | None = None
    comment: str = ""
    words: str = ""


class Log:
    """The lines of one place: those that were read at the start, and those that are added.

    Parameters
    ----------
    place : str
        The place's stable name.
    entries : iterable of SentLine
        What the log has.
    file : BinaryIO, optional
        Where lines are added.
    """

    def __init__(self, place: str, entries: Iterable[SentLine] = (), file: BinaryIO | None = None) -> None:
        self.place = place
        self._file = file
        self._entries: dict[str, list[SentLine]] = {}
        for entry in entries:
            self._keep(entry)

    def _keep(self, entry: SentLine) -> None:
        if entry.place == self.place:
            self._entries.setdefault(entry.learner, []).append(entry)

    def add(
        self, did: Did, results: Iterable[tuple[Outgoing, str]], at: datetime.datetime, *, sure: bool = False
    ) -> None:
        """Add a line for each result, with words; `sure` that they outlive a loss of power."""
        for result, words in results:
            comment = digest(result.comment) if result.comment else ""
            entry = SentLine(
                at=at,
                place=self.place,
                learner=result.learner,
                did=did,
                points=result.points,
                comment=comment,
                words=words,
            )
            self._keep(entry)
            if self._file is not None:
                self._file.write(msgspec.json.encode(entry) + b"\n")
        if self._file is not None:
            self._file.flush()
            if sure:
                os.fsync(self._file.fileno())

    def comments(self) -> frozenset[str]:
        """Give the hashes of all comments that ever went to the place."""
        return frozenset(one.comment for some in self._entries.values() for one in some if one.comment)

    def taken_comment(self, learner: str) -> str:
        """Give the hash of the comment that the place took last; empty if nobody knows."""
        for one in reversed(self._entries.get(learner, ())):
            if one.comment and one.did in (Did.TAKEN, Did.SENDING, Did.UNCLEAR):
                return one.comment if one.did is Did.TAKEN else ""
        return ""

    def unclear_since(self, learner: str, comment: str) -> datetime.datetime | None:
        """Give the time when a comment went that had no clear answer; None if it had, or never went."""
        for one in reversed(self._entries.get(learner, ())):
            if one.comment == comment and one.did not in (Did.FAILED, Did.DIFFERS):
                return one.at if one.did in (Did.SENDING, Did.UNCLEAR) else None
        return None


@contextmanager
def opened(path: Path, place: str) -> Iterator[Log]:
    """Open a log to add to it; only one process may at a time.

    Raises
    ------
    UsageError
        Another process sends with this log, or it can't be opened.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE), "r+b") as file:  # noqa: PTH123
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"{path}: another `autograder send` is at work with this log", "Wait for it to end."
            ) from error
        text = file.read()
        if text and not text.endswith(b"\n"):
            file.write(b"\n")
        yield Log(place, _entries(text), file)


def read(path: Path, place: str) -> Log:
    """Read a log that nothing is added to; an absent one is empty."""
    return Log(place, _entries(path.read_bytes()) if path.exists() else ())


def _entries(text: bytes) -> Iterator[SentLine]:
    for line in text.splitlines():
        try:
            yield msgspec.json.decode(line, type=SentLine)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue


def digest(comment: str) -> str:
    """Hash a comment's words: places lay out blanks and line ends as they like."""
    return hashlib.sha256(" ".join(comment.split()).encode()).hexdigest()
