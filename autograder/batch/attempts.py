"""Number a learner's attempts: the same files are the same attempt, whenever they are graded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from autograder.model import Struct, Submission, SubmissionFacts
from autograder.report import attempts_of
from autograder.report.late import is_after

# The SHA-256 of each file of an attempt, sorted: names are the platform's, and change with each download.
Hashes: TypeAlias = tuple[str, ...]


class Earlier(Struct):
    """An attempt as its report tells it: its files, and when they were handed in."""

    hashes: Hashes = ()
    submitted_at: str | None = None


def attempt_to_write(folder: Path, one: Submission | SubmissionFacts) -> tuple[int, str | None]:
    """Give the number of the attempt with a submission's files, and when these were handed in before.

    The submission's own number is the platform's, 1 if it has none. The time is None if nobody knows it.
    """
    known = {number: _earlier(path) for number, path in attempts_of(folder, one.id).items()}
    newest = known.get(max(known, default=0), Earlier())
    hashes = tuple(sorted(file.sha256 for file in one.files))
    number = attempt_among(
        {number: earlier.hashes for number, earlier in known.items()},
        hashes,
        one.attempt,
        is_later=is_after(one.submitted_at, newest.submitted_at),
    )
    before = known.get(number, Earlier())
    return number, before.submitted_at if hashes and before.hashes == hashes else None


def attempt_among(known: Mapping[int, Hashes], hashes: Hashes, named: int, *, is_later: bool = False) -> int:
    """Choose an attempt's number among those that have a report.

    Files of an attempt are graded again as that attempt. If it is not the newest and the platform counts
    a later one, or they came in later than the newest, the learner has gone back to an earlier version, and
    that is another attempt. Other files are the attempt that the platform names if that number is free, else
    the next one. A newest report that names no files gives way: nobody knows which files it stands for.

    >>> attempt_among({1: ("a",)}, ("a",), 1), attempt_among({1: ("a",)}, ("b",), 1)
    (1, 2)
    """
    newest = max(known, default=0)
    same = [number for number, theirs in known.items() if theirs == hashes]
    if known and not known[newest]:
        same.append(newest)
    if same and (newest in same or (named <= newest and not is_later)):
        return max(same)
    return named if named > 1 and named not in known else newest + 1


def _earlier(report: Path) -> Earlier:
    """Read what a report says of its attempt, whichever version wrote it; nothing if it can't be read."""
    try:
        said = json.loads(report.read_bytes())["submission"]
        hashes = tuple(sorted(file["sha256"] for file in said["files"]))
        return Earlier(hashes=hashes, submitted_at=said.get("submitted_at"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Earlier()
