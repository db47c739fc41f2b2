"""Say how far a batch is, from its log: done, left, what failed, the slowest, and the time left."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from autograder.batch.folder import is_busy
from autograder.batch.log import (
    LOG,
    BatchEnded,
    BatchStarted,
    Event,
    SubmissionDone,
    SubmissionRetried,
    WorkerChanged,
    read_log,
)
from autograder.errors import UsageError
from autograder.model import Struct

SLOWEST = 5


class BatchState(Enum):
    """Tell whether a batch goes on.

    ``stopped`` is a batch that was interrupted, killed, or ended by an error.
    """

    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"


class BatchStatus(Struct):
    """Count how far a batch is.

    `kept` of the `done` submissions had their reports before it began. `outcomes` counts all that are done.
    `seconds_left` is None where nobody knows. `reason` says why it stopped, as far as it could say so itself.
    """

    state: BatchState
    started_at: str
    last_at: str
    shard: str
    jobs: int
    submissions: int
    done: int
    kept: int
    left: int
    outcomes: dict[str, int]
    ungraded: tuple[SubmissionDone, ...]
    retried: tuple[SubmissionRetried, ...]
    slowest: tuple[SubmissionDone, ...]
    seconds_left: float | None
    reason: str


def status_of(folder: Path, graded: Sequence[str]) -> BatchStatus:
    """Read the log of a batch's folder; `graded` are the outcomes that need nobody's attention.

    Raises `UsageError` if there is no log, or if it tells of no batch.
    """
    # asked first: a batch that ends in between has its last line by then
    busy = is_busy(folder)
    try:
        events = list(read_log(folder / LOG))
    except OSError as error:
        raise UsageError(
            f"{folder}: no log of a batch there: {error.strerror}",
            "Name the folder that `autograder grade -o DIR` writes to.",
        ) from error
    found = judge_log(events, busy, graded)
    if found is None:
        raise UsageError(f"{folder / LOG}: tells of no batch", "Start one with `autograder grade`.")
    return found


def judge_log(events: Sequence[Event], busy: bool, graded: Sequence[str]) -> BatchStatus | None:
    """Judge the last batch that a log tells of; None if there is none."""
    starts = [at for at, event in enumerate(events) if isinstance(event, BatchStarted)]
    if not starts:
        return None
    last = events[starts[-1] :]
    start = last[0]
    assert isinstance(start, BatchStarted)
    done = {event.id: event for event in last if isinstance(event, SubmissionDone)}
    fresh = [one for one in done.values() if one.seconds > 0]
    ends = [event for event in last if isinstance(event, BatchEnded)]
    left = start.submissions - len(done)
    running = busy and not ends
    whole = bool(ends) and not ends[-1].reason
    state = BatchState.RUNNING if running else BatchState.ENDED if whole else BatchState.STOPPED
    return BatchStatus(
        state=state,
        started_at=start.time,
        last_at=last[-1].time,
        shard=start.shard,
        jobs=_at_a_time(start, last),
        submissions=start.submissions,
        done=len(done),
        kept=len(done) - len(fresh),
        left=left,
        outcomes=dict(Counter(one.outcome for one in done.values())),
        ungraded=tuple(one for one in done.values() if one.outcome not in graded),
        retried=tuple(event for event in last if isinstance(event, SubmissionRetried)),
        slowest=tuple(sorted(fresh, key=lambda one: -one.seconds)[:SLOWEST]),
        seconds_left=_seconds_left(start, fresh, left) if running else None,
        reason=_why(state, ends),
    )


def _at_a_time(start: BatchStarted, events: Sequence[Event]) -> int:
    """Give the number of submissions that are graded at a time: of jobs here, or of workers in a cluster."""
    changes = [event for event in events if isinstance(event, WorkerChanged)]
    if not changes:
        return start.jobs
    newest = {event.worker: event.change for event in changes}
    return sum(change == "joined" for change in newest.values())


def _why(state: BatchState, ends: Sequence[BatchEnded]) -> str:
    if state is not BatchState.STOPPED:
        return ""
    return ends[-1].reason if ends else "it was killed"


def _seconds_left(start: BatchStarted, fresh: Sequence[SubmissionDone], left: int) -> float | None:
    """Estimate from the pace so far."""
    if not fresh:
        return None
    begun, latest = (datetime.datetime.fromisoformat(one.time) for one in (start, fresh[-1]))
    return round((latest - begun).total_seconds() / len(fresh) * left, 1)
