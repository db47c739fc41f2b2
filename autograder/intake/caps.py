"""Cap how much of a submission is read."""

from __future__ import annotations

import hashlib

from autograder.assignment import Assignment
from autograder.intake.entries import Reader, RejectedInput
from autograder.intake.names import NOTEBOOK, TIMESTAMP, suffix
from autograder.model import Notice, Struct

MEGABYTE = 1024 * 1024
PIECE = 1 << 16
ARCHIVE = ".zip"


class Caps(Struct):
    """The caps of one assignment, in bytes and counts; `kept` has the bytes for each suffix that is kept."""

    max_files: int
    max_total: int
    kept: dict[str, int]

    def kept_bytes(self, path: str) -> int:
        """Give how many bytes of a file are kept; 0 if it is only measured and hashed."""
        return 1024 if path.rpartition("/")[2] == TIMESTAMP else self.kept.get(suffix(path), 0)


def caps_of(assignment: Assignment) -> Caps:
    """Give the caps that an assignment sets."""
    kept = {rule.suffix.lower(): int(rule.max_mb * MEGABYTE) for rule in assignment.files.rules}
    kept |= {".json": kept.get(NOTEBOOK, 0)}  # it may be a notebook under another name
    total = int(assignment.files.max_total_mb * MEGABYTE)
    return Caps(max_files=assignment.files.max_files, max_total=total, kept={ARCHIVE: total} | kept)


class Budget:
    """Counts the files and bytes read of one submission; raises `RejectedInput` above a cap."""

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self._left = caps.max_total
        self._files = 0

    def count_file(self) -> None:
        """Count one more file."""
        self._files += 1
        if self._files > self.caps.max_files:
            raise _too_much("too-many-files", f"has more than {self.caps.max_files} files")

    def take(self, count: int) -> None:
        """Count bytes that were read."""
        self._left -= count
        if self._left < 0:
            raise _too_much("too-large", f"holds more than {self.caps.max_total / MEGABYTE:.3g} MB")


def _too_much(code: str, what: str) -> RejectedInput:
    advice = "Hand in only the files that the homework asks for."
    return RejectedInput(Notice(code=code, message=f"It {what}; the rest was not read. {advice}"))


class ReadFile(Struct):
    """A file that was read to its end: size in bytes, SHA-256, its bytes if they are kept, and its time."""

    path: str
    size: int
    sha256: str
    data: bytes | None
    saved: str = ""


def drain(path: str, read: Reader, budget: Budget, keep: int) -> ReadFile:
    """Read a file to its end within the budget; keep its bytes if there are no more than `keep`."""
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    while piece := read(PIECE):
        budget.take(len(piece))
        digest.update(piece)
        size += len(piece)
        if size <= keep:
            kept += piece
    data = bytes(kept) if 0 < size <= keep else None
    return ReadFile(path=path, size=size, sha256=digest.hexdigest(), data=data)
