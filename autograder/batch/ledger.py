"""The memory of a batch: one row an attempt, in SQLite, so that no end of the grader loses work.

A row is written after the report's file is whole on disk. A resumed batch skips a submission only if its row
has the same run key (engine, assignment, data, options), its files have not changed since, and the report on
disk is still the one that was written.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from autograder.errors import UsageError
from autograder.files import PRIVATE
from autograder.model import Struct
from autograder.report import report_path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS graded (
    id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    run_key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    final REAL,
    report_sha256 TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (id, attempt)
)
"""
# Version 0.1 kept one row a submission.
_UPGRADE = f"""
BEGIN;
ALTER TABLE graded RENAME TO graded_before;
{_SCHEMA};
INSERT INTO graded
    SELECT id, 1, run_key, fingerprint, outcome, final, report_sha256, seconds
    FROM graded_before ORDER BY rowid;
DROP TABLE graded_before;
COMMIT;
"""


class Done(Struct):
    """An attempt whose report is whole on disk.

    `fingerprint` is that of the files that were read; `seconds` is the time that grading took.
    """

    id: str
    attempt: int
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
            columns = self._connection.execute("PRAGMA table_info(graded)").fetchall()
            if "attempt" not in (name for _, name, *_ in columns):
                self._connection.executescript(_UPGRADE)
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
        """Remember an attempt, in a transaction of its own."""
        facts = (done.fingerprint, done.outcome, done.final, done.report_sha256, done.seconds)
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO graded VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (done.id, done.attempt, run_key, *facts),
            )

    def done(self, identity: str, run_key: str, fingerprint: str, folder: Path) -> Done | None:
        """Give an attempt in the folder that need not be graded again, with 0 seconds; else None."""
        known = self._whole(
            folder, "run_key = ? AND id = ? AND fingerprint = ?", run_key, identity, fingerprint
        )
        return next(known, None)

    def all_done(self, run_key: str, folder: Path) -> list[Done]:
        """Give all attempts in the folder that need not be graded again, with 0 seconds."""
        return list(self._whole(folder, "run_key = ?", run_key))

    def _whole(self, folder: Path, where: str, *values: str) -> Iterator[Done]:
        """Give the chosen attempts whose reports are still those that were written."""
        columns = "id, attempt, outcome, final, fingerprint, report_sha256"
        query = f"SELECT {columns} FROM graded WHERE {where} ORDER BY rowid"
        for identity, attempt, outcome, final, fingerprint, sha256 in self._connection.execute(query, values):
            if _sha256(report_path(folder, identity, attempt)) == sha256:
                yield Done(
                    id=identity,
                    attempt=attempt,
                    outcome=outcome,
                    message="Graded before.",
                    final=final,
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
