"""Caps on how much of a submission is read, and the counting that holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from autograder.assignment import Assignment
from autograder.intake.names import NOTEBOOK, TIMESTAMP, suffix
from autograder.intake.rejected import RejectedInput
from autograder.model import Struct

MEGABYTE = 1024 * 1024
PIECE = 1 << 16
ARCHIVE = ".zip"


class Caps(Struct):
    """The caps of one assignment, in bytes and counts; `kept` is by suffix, for kinds that are kept."""

    max_files: int
    max_total: int
    kept: dict[str, int]

    def kept_bytes(self, path: str) -> int:
        """Give how many bytes of a file are kept; 0 if it is only measured and hashed."""
        if path.rpartition("/")[2] == TIMESTAMP:
            return 1024
        return self.kept.get(suffix(path), 0)


def caps_of(assignment: Assignment) -> Caps:
    """Give the caps that an assignment sets."""
    kept = {rule.suffix.lower(): int(rule.max_mb * MEGABYTE) for rule in assignment.files.rules}
    kept |= {".json": kept.get(NOTEBOOK, 0)}  # it may be a notebook under another name
    total = int(assignment.files.max_total_mb * MEGABYTE)
    return Caps(max_files=assignment.files.max_files, max_total=total, kept={ARCHIVE: total} | kept)


class Budget:
    """Counts the files and bytes that were read of one submission."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self._left = caps.max_total
        self._files = 0

    def count_file(self) -> None:
        """Count one more file.

        Raises
        ------
        RejectedInput
            There are more than the cap.
        """
        self._files += 1
        if self._files > self.caps.max_files:
            raise RejectedInput(
                "too-many-files",
                f"It has more than {self.caps.max_files} files; the rest was not read. "
                "Hand in only the files that the homework asks for.",
            )

    def take(self, count: int) -> None:
        """Count bytes that were read.

        Raises
        ------
        RejectedInput
            The total is above the cap.
        """
        self._left -= count
        if self._left < 0:
            raise RejectedInput(
                "too-large",
                f"It holds more than {self.caps.max_total / MEGABYTE:.3g} MB; the rest was not read. "
                "Hand in only the files that the homework asks for.",
            )


class Drained(Struct):
    """A file that was read to its end: size in bytes, SHA-256, and its bytes if they are kept."""

    size: int
    sha256: str
    data: bytes | None


def drain(read: Callable[[int], bytes], budget: Budget, keep: int) -> Drained:
    """Read a stream to its end, counting; keep its bytes if they are no more than `keep`.

    Raises
    ------
    RejectedInput
        The budget is used up.
    """
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    while piece := read(PIECE):
        budget.take(len(piece))
        digest.update(piece)
        size += len(piece)
        if size <= keep:
            kept += piece
    return Drained(size=size, sha256=digest.hexdigest(), data=bytes(kept) if 0 < size <= keep else None)
