"""The memory of a batch: one row a submission, in SQLite, so that no end of the grader loses work.

A row is written after the report's file is whole on disk. A resumed batch skips a submission only if its row
has the same run key (engine, assignment, data, options), its files have not changed since, and the report on
disk is still the one that was written.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from types import TracebackType

from autograder.errors import UsageError
from autograder.files import PRIVATE
from autograder.model import Struct

_SCHEMA = """
CREATE TABLE IF NOT EXISTS graded (
    id TEXT PRIMARY KEY,
    run_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    final REAL,
    report_sha256 TEXT NOT NULL,
    seconds REAL NOT NULL
)
"""


class Row(Struct):
    """One graded submission, as the ledger keeps it; `seconds` is the time that grading took."""

    id: str
    run_key: str
    fingerprint: str
    outcome: str
    final: float | None
    report_sha256: str
    seconds: float


class Ledger:
    """The ledger of one output folder.

    Raises
    ------
    UsageError
        The file exists and is not a ledger.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.touch(PRIVATE)
            self._connection = sqlite3.connect(path)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(f"{path}: can't be opened: {error}", "Choose another -o DIR.") from error
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute(_SCHEMA)
            self._connection.execute("SELECT run_key, fingerprint FROM graded LIMIT 1")
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if any(word in str(error) for word in ("locked", "readonly", "disk", "unable")):
                advice = "Wait for the end of what uses it, or choose another -o DIR."
                raise UsageError(f"{path}: can't be used now: {error}", advice) from error
            raise UsageError(
                f"{path}: is not a ledger of a batch: {error}", "Move it away, or choose another -o DIR."
            ) from error

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def record(self, row: Row) -> None:
        """Remember a submission, in a transaction of its own."""
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO graded VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row.id,
                    row.run_key,
                    row.fingerprint,
                    row.outcome,
                    row.final,
                    row.report_sha256,
                    row.seconds,
                ),
            )

    def done(self, identity: str, run_key: str, fingerprint: str, report: Path) -> Row | None:
        """Give the row of a submission that need not be graded again; None if there is none."""
        names = Row.__struct_fields__
        found = self._connection.execute(
            f"SELECT {', '.join(names)} FROM graded WHERE id = ? AND run_key = ? AND fingerprint = ?",
            (identity, run_key, fingerprint),
        ).fetchone()
        if found is None:
            return None
        row = Row(**dict(zip(names, found, strict=True)))
        return row if _sha256(report) == row.report_sha256 else None

    def last_key(self) -> str:
        """Give the run key of the row that was written last; empty if there is none."""
        query = "SELECT run_key FROM graded ORDER BY rowid DESC LIMIT 1"
        found = self._connection.execute(query).fetchone()
        return found[0] if found else ""


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
