"""The roster of a class: who is expected to hand something in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from autograder.errors import UsageError
from autograder.model import Struct

# The columns by which learners are known, as platforms and people call them.
_HEADERS = frozenset(
    {"id", "learner", "student", "student id", "student_id", "sid", "name", "full name", "username", "login"}
    | {"email", "e-mail", "email address", "sis user id", "sis login id", "identifier", "id number"}
)


class Roster(Struct):
    """A class's learners: each is a row of what is known of them, their id first."""

    rows: tuple[tuple[str, ...], ...]

    def absent(self, learners: Iterable[str]) -> tuple[str, ...]:
        """Give the ids of those who handed in nothing; a learner is known by any of their row's cells."""
        present = {_key(learner) for learner in learners}
        return tuple(row[0] for row in self.rows if present.isdisjoint(map(_key, row)))

    def unknown(self, learners: Iterable[str]) -> tuple[str, ...]:
        """Give the learners who are in no row."""
        cells = {_key(cell) for row in self.rows for cell in row}
        return tuple(learner for learner in learners if _key(learner) not in cells)


def _key(cell: str) -> str:
    """Level case and blanks, and Moodle's ``Participant 12``."""
    return " ".join(cell.casefold().split()).removeprefix("participant ")


def read_roster(path: Path) -> Roster:
    """Read a roster: CSV as spreadsheets and learning platforms write it, with a header or without.

    The separator is a comma, a semicolon or a tab. A header is known by the names of its columns.

    Raises `UsageError` if the file can't be read, or names nobody.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}", "Name a CSV file.") from error
    rows = _rows(_decoded(data))
    if rows and any(cell.casefold() in _HEADERS for cell in rows[0]):
        rows = rows[1:]
    found = tuple(row for row in rows if row[0] and row[0].casefold() != "points possible")
    if not found:
        raise UsageError(f"{path}: names no learner", "Expected a row for each learner, with the id first.")
    return Roster(rows=found)


def _decoded(data: bytes) -> str:
    """Decode as spreadsheets encode: UTF-8 or UTF-16 with a mark, else Windows' Latin."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(text: str) -> list[tuple[str, ...]]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return []
    return [tuple(cell.strip() for cell in row) for row in read if any(cell.strip() for cell in row)]
