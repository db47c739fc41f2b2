"""The log of a batch: one JSON object a line, for whoever watches a long run or asks about it later.

A line is written at once and never changed. A batch that is killed may leave half a line, which is skipped.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import msgspec

from autograder.batch.ledger import Done
from autograder.errors import AutograderError
from autograder.files import PRIVATE
from autograder.model import Struct

LOG = "log.jsonl"
Clock = Callable[[], str]


def now() -> str:
    """Give the time in UTC, to the millisecond, as ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


class BatchStarted(Struct, tag_field="event", tag="started"):
    """A batch has begun: how many submissions it has, and how it grades them.

    `shard` is the part of the class, as in ``2/8``; empty for all of it.
    """

    time: str
    submissions: int
    jobs: int
    resume: bool
    key: str
    shard: str = ""


class SubmissionDone(Struct, tag_field="event", tag="done"):
    """A report is whole; with 0 seconds it was there before."""

    time: str
    id: str
    attempt: int
    outcome: str
    message: str
    seconds: float


class SubmissionRetried(Struct, tag_field="event", tag="retried"):
    """The grader failed on a submission, and it is graded once more."""

    time: str
    id: str
    reason: str


class BatchEnded(Struct, tag_field="event", tag="ended"):
    """A batch has ended; `reason` is empty where all was done."""

    time: str
    reason: str = ""


Event = BatchStarted | SubmissionDone | SubmissionRetried | BatchEnded


class BatchLog:
    """Appends events to a log, and how the batch ended when the context does."""

    def __init__(self, path: Path, clock: Clock = now) -> None:
        self._clock = clock
        self._opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, PRIVATE)
        size = os.fstat(self._opened).st_size
        if size and os.pread(self._opened, 1, size - 1) != b"\n":
            os.write(self._opened, b"\n")  # ends the half line of a batch that was killed

    def started(self, submissions: int, jobs: int, resume: bool, key: str, shard: str = "") -> None:
        """Tell of the start."""
        self._write(
            BatchStarted(
                time=self._clock(), submissions=submissions, jobs=jobs, resume=resume, key=key, shard=shard
            )
        )

    def done(self, done: Done) -> None:
        """Tell of an attempt whose report is whole."""
        self._write(
            SubmissionDone(
                time=self._clock(),
                id=done.id,
                attempt=done.attempt,
                outcome=done.outcome,
                message=done.message,
                seconds=round(done.seconds, 3),
            )
        )

    def retried(self, identity: str, reason: str) -> None:
        """Tell of a submission on which the grader failed."""
        self._write(SubmissionRetried(time=self._clock(), id=identity, reason=reason))

    def _write(self, event: Event) -> None:
        # one call, so that no other process's line comes in between
        os.write(self._opened, msgspec.json.encode(event) + b"\n")

    def __enter__(self) -> BatchLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        # a full disk may be why the batch ends, and must not hide that
        with contextlib.suppress(OSError):
            self._write(BatchEnded(time=self._clock(), reason=_reason(value)))
        os.close(self._opened)


def _reason(error: BaseException | None) -> str:
    if error is None:
        return ""
    if isinstance(error, AutograderError):
        return error.message
    if isinstance(error, KeyboardInterrupt | GeneratorExit):
        return "interrupted"
    return f"{type(error).__name__}: {error}"


def read_log(path: Path) -> Iterator[Event]:
    """Read a log's events, without what is no event.

    Raises `OSError` if the file can't be read.
    """
    decoder = msgspec.json.Decoder(Event)
    for line in path.read_bytes().splitlines():
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            yield decoder.decode(line)
