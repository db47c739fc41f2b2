"""Describe submissions that were found but not yet read."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from msgspec.structs import replace

from autograder.model import Notice, Struct, Submission

MAX_ID = 80
# Stands between the ids of a group's people.
TOGETHER = " + "


class SourceKind(Enum):
    """The kind of place from which a candidate is read: one file, a folder, or a zip."""

    FILE = "file"
    FOLDER = "folder"
    ZIP = "zip"


class Member(Struct):
    """One file of a candidate: its name in the folder or zip, and its path inside the submission."""

    name: str
    path: str


class Candidate(Struct):
    """One submission that was found.

    id        safe as a file name (letters, digits, ``.``, ``_``, ``-``) and unique in its discovery
    learner   who handed it in: the folder's name, nbgrader's student id, or the number in the name that
              Canvas or Moodle made; of a group the ids with `TOGETHER` between them
    inside    the part of a folder or zip that belongs to it (ends with ``/``; all of it if empty)
    members   its files if it shares its place with others, or the files beside it if the place is a file
    problem   why there is nothing to read, if that is known before
    """

    id: str
    learner: str
    origin: str
    path: Path
    place: SourceKind
    inside: str = ""
    members: tuple[Member, ...] = ()
    attempt: int = 1
    submitted_at: str | None = None
    notices: tuple[Notice, ...] = ()
    problem: Notice | None = None

    def unread(self) -> Submission:
        """Give the submission without its files, for a report on one that can't be graded."""
        return Submission(
            id=self.id,
            learner=self.learner,
            origin=self.origin,
            notices=self.notices,
            problem=self.problem,
            attempt=self.attempt,
            submitted_at=self.submitted_at,
        )


class Discovery(Struct):
    """The candidates in order of their ids, and notices about what was left out."""

    candidates: tuple[Candidate, ...]
    left_out: tuple[Notice, ...] = ()


def safe_id(text: str) -> str:
    """Derive an id that is safe as a file name; the same text always gives the same id.

    >>> safe_id("Zoë  Müller_12345")
    'Zoe-Muller_12345'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-.")[:MAX_ID]
    return safe or "submission-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def with_unique_ids(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Sort by id and number equal ids; case is ignored, as some file systems ignore it."""
    ordered = sorted(candidates, key=lambda c: (c.id.casefold(), c.origin))
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    unique = []
    for candidate in ordered:
        chosen = _free(candidate.id, taken, numbers)
        taken.add(chosen.casefold())
        unique.append(candidate if chosen == candidate.id else _renamed(candidate, chosen))
    return tuple(unique)


def _free(wanted: str, taken: set[str], numbers: dict[str, int]) -> str:
    """Choose an id that is not taken; `numbers` remembers the last number given to each."""
    key, chosen = wanted.casefold(), wanted
    while chosen.casefold() in taken:
        numbers[key] = numbers.get(key, 1) + 1
        chosen = f"{wanted}-{numbers[key]}"
    return chosen


def _renamed(candidate: Candidate, chosen: str) -> Candidate:
    message = f"Another submission is also called `{candidate.id}`, so this one is called `{chosen}`."
    message += " Check which of them counts."
    notice = Notice(code="same-id", message=message, where=candidate.origin)
    return replace(candidate, id=chosen, notices=(*candidate.notices, notice))
