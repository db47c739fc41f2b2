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


class Done(Struct):
    """A submission whose report is whole on disk.

    `fingerprint` is that of the files that were read; `seconds` is the time that grading took.
    """

    id: str
    outcome: str
    message: str
    final: float | None
    fingerprint: str
    report_sha256: str
    seconds: float


class Ledger:
    """The ledger of one output folder. Raises `UsageError` if the file can't be used as a ledger."""

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
                advice = "Wait until no other program uses it, or choose another -o DIR."
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

    def record(self, done: Done, run_key: str) -> None:
        """Remember a submission, in a transaction of its own."""
        facts = (done.fingerprint, done.outcome, done.final, done.report_sha256, done.seconds)
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO graded VALUES (?, ?, ?, ?, ?, ?, ?)", (done.id, run_key, *facts)
            )

    def done(self, identity: str, run_key: str, fingerprint: str, report: Path) -> Done | None:
        """Give a submission that need not be graded again, with 0 seconds; else None."""
        sha256 = _sha256(report)
        found = self._connection.execute(
            "SELECT outcome, final FROM graded"
            " WHERE id = ? AND run_key = ? AND fingerprint = ? AND report_sha256 = ?",
            (identity, run_key, fingerprint, sha256),
        ).fetchone()
        if found is None:
            return None
        return Done(
            id=identity,
            outcome=found[0],
            message="Graded before.",
            final=found[1],
            fingerprint=fingerprint,
            report_sha256=sha256,
            seconds=0.0,
        )

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
