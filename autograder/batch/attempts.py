"""Number a learner's attempts: the same files are the same attempt, whenever they are graded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from autograder.report import attempts_of

# The SHA-256 of each file of an attempt, sorted: names are the platform's, and change with each download.
Hashes: TypeAlias = tuple[str, ...]


def attempt_to_write(folder: Path, identity: str, hashes: Iterable[str], named: int) -> int:
    """Give the number of the attempt with these files; `named` is the platform's number, 1 if it has none."""
    known = {number: _hashes(path) for number, path in attempts_of(folder, identity).items()}
    return attempt_among(known, tuple(sorted(hashes)), named)


def attempt_among(known: Mapping[int, Hashes], hashes: Hashes, named: int) -> int:
    """Choose an attempt's number among those that have a report.

    Files of an attempt are graded again as that attempt. If it is not the newest and the platform counts
    a later one, the learner has gone back to an earlier version, and that is another attempt. Other files are
    the attempt that the platform names if that number is free, else the next one. A newest report that names
    no files gives way: nobody knows which files it stands for.

    >>> attempt_among({1: ("a",)}, ("a",), 1), attempt_among({1: ("a",)}, ("b",), 1)
    (1, 2)
    """
    newest = max(known, default=0)
    same = [number for number, theirs in known.items() if theirs == hashes]
    if known and not known[newest]:
        same.append(newest)
    if same and (named <= newest or newest in same):
        return max(same)
    return named if named > 1 and named not in known else newest + 1


def _hashes(report: Path) -> Hashes:
    """Give the hashes of a report's files, whichever version wrote it; none if it can't be read."""
    try:
        files = json.loads(report.read_bytes())["submission"]["files"]
        return tuple(sorted(file["sha256"] for file in files))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()
