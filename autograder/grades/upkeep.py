"""Look after a gradebook: copy it, and check that all in it fits together."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import select

from autograder.errors import ReportError, UsageError
from autograder.files import PRIVATE
from autograder.grades import tables
from autograder.grades.importing import report_row
from autograder.grades.store import Gradebook
from autograder.report import decode_report


def backup(gradebook: Gradebook, path: Path) -> None:
    """Write a whole copy of an SQLite gradebook, while others may work on it.

    Raises
    ------
    UsageError
        The gradebook is not a file, or the copy exists already.
    """
    url = gradebook.engine.url
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UsageError(f"{url.render_as_string()}: is not a file", "PostgreSQL's own pg_dump copies it.")
    if path.exists():
        raise UsageError(f"{path}: exists already", "Name a new file.")
    half = path.with_name(f".{path.name}.half")
    try:
        half.unlink(missing_ok=True)
        half.touch(PRIVATE)
        with (
            contextlib.closing(sqlite3.connect(url.database)) as here,
            contextlib.closing(sqlite3.connect(half)) as there,
        ):
            here.backup(there)
        half.rename(path)
    except (OSError, sqlite3.Error) as error:
        half.unlink(missing_ok=True)
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{path}: can't be written: {reason}", "Choose another place.") from error


def problems(gradebook: Gradebook) -> Iterator[str]:
    """Find what does not fit: damaged texts, points that no report says, and reviews of nothing."""
    with gradebook.reading() as connection:
        reports = connection.execute(select(tables.reports).order_by(tables.reports.c.row)).all()
        reviews = connection.execute(select(tables.reviews).order_by(tables.reviews.c.row)).all()
    for row in reports:
        try:
            text = gradebook.document(row.sha256)
        except zlib.error:
            text = b""
        if hashlib.sha256(text).hexdigest() != row.sha256:
            yield f"report {row.sha256[:8]} of {row.learner}: its text has changed"
            continue
        try:
            said = msgspec.structs.asdict(report_row(decode_report(text, row.sha256[:8]), text))
        except ReportError as error:
            yield f"report {row.sha256[:8]} of {row.learner}: {error.message}"
            continue
        for name, value in said.items():
            if getattr(row, name) != value:
                yield f"report {row.sha256[:8]} of {row.learner}: its {name} is not what its text says"
    known = {(row.assignment, row.learner, row.attempt) for row in reports}
    for row in reviews:
        if (row.assignment, row.learner, row.attempt) not in known:
            yield f"review of {row.item} by {row.who}: {row.learner} has no attempt {row.attempt[:8]}"
