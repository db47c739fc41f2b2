"""nbgrader's database: opened by its URL, and written in bulk, only where a row is missing or differs.

The tables are those of nbgrader 0.9, and one of ours beside them, `autograder_pushed`: a person's points and
comment as they were last pushed for a grade. What differs from it was given in nbgrader since then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbgrader
from alembic.script import ScriptDirectory
from nbgrader.api import Base
from sqlalchemy import (
    Column,
    Connection,
    Float,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    inspect,
    select,
    text,
)

from autograder.errors import UsageError
from autograder.grades.database import engine_of, explained

TABLES: Mapping[str, Table] = Base.metadata.tables
pushed = Table(
    "autograder_pushed",
    MetaData(),
    Column("id", String(32), primary_key=True),
    Column("points", Float),
    Column("comment", Text),
)
Values = Mapping[str, Any]


@contextlib.contextmanager
def opened(name: str, *, create: bool = False) -> Iterator[Connection]:
    """Open nbgrader's database in one transaction, which is committed at the end or not at all.

    Parameters
    ----------
    name : str
        Its URL; ``postgresql://`` means psycopg 3.
    create : bool
        Make the tables where the database is empty.

    Raises
    ------
    UsageError
        See `autograder.grades.database.engine_of`; also if the database can't be opened, or is none of this
        nbgrader.
    """
    # the formgrader may write meanwhile: SQLite's lock is taken before anything is read
    engine = engine_of(name, "--gradebook")
    try:
        with explained(engine.url, "--gradebook"), engine.begin() as connection:
            _prepare(connection, create=create)
            yield connection
    finally:
        engine.dispose()


def _prepare(connection: Connection, *, create: bool) -> None:
    """Make the tables in an empty database; refuse one of another program or another version."""
    where = connection.engine.url.render_as_string()
    names = inspect(connection).get_table_names()
    if not names and create:
        Base.metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": _head()})
    elif not names:
        raise UsageError(f"{where}: is empty", "`autograder gradebook nbgrader push` fills it.")
    elif "submitted_assignment" not in names:
        raise UsageError(
            f"{where}: is another program's database (it has {names[0]})",
            "Name nbgrader's with --gradebook; it is gradebook.db if nbgrader_config.py names no other.",
        )
    else:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        if version != _head():
            raise UsageError(
                f"{where}: was made by another version of nbgrader ({version}, expected {_head()})",
                "Run `nbgrader db upgrade`.",
            )
    pushed.create(connection, checkfirst=True)


def _head() -> str:
    """Give the version of nbgrader's tables; its own way to ask starts a program that may not be on PATH."""
    return str(ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic")).get_current_head())


# --- bulk writes ----------------------------------------------------------------------------------------


def settle(
    connection: Connection, table: Table, there: Iterable[Any], wanted: Iterable[Values], *key: str
) -> int:
    """Insert the rows that are missing, with new ids, and change those that differ; gives their number.

    Parameters
    ----------
    connection : Connection
        A transaction.
    table : Table
        One with a column `id`.
    there : iterable of rows
        Those that the database has.
    wanted : iterable of mapping
        The values to have, all with the same columns.
    key : str
        The columns by which a row is known.
    """
    known = {tuple(getattr(row, name) for name in key): row for row in there}
    new, changed = [], []
    for values in wanted:
        row = known.get(tuple(values[name] for name in key))
        if row is None:
            new.append({"id": new_id(), **values})
        elif any(getattr(row, name) != value for name, value in values.items()):
            changed.append({f"_{name}": value for name, value in values.items()} | {"_id": row.id})
    if new:
        connection.execute(table.insert(), new)
    if changed:
        columns: dict[str, Any] = {name[1:]: bindparam(name) for name in changed[0] if name != "_id"}
        connection.execute(table.update().where(table.c.id == bindparam("_id")).values(columns), changed)
    return len(new) + len(changed)


def new_id() -> str:
    """Give an id as nbgrader does."""
    return uuid4().hex


def rows(connection: Connection, name: str, /, **equal: Any) -> Sequence[Any]:
    """Read the rows of one of nbgrader's tables in which columns have these values."""
    table = TABLES[name]
    query = select(table).where(*(table.c[column] == value for column, value in equal.items()))
    return connection.execute(query).all()


def rows_below(connection: Connection, name: str, notebook: str) -> Sequence[Any]:
    """Read the grades or the comments of all submissions of a notebook."""
    table, submitted = TABLES[name], TABLES["submitted_notebook"]
    below = select(submitted.c.id).where(submitted.c.notebook_id == notebook)
    return connection.execute(select(table).where(table.c.notebook_id.in_(below))).all()


def remember(connection: Connection, given: Iterable[tuple[str, Decimal | None, str | None]]) -> None:
    """Keep a person's points and comments on grades as those that both sides know."""
    wanted = [
        {"id": name, "points": None if points is None else float(points), "comment": comment}
        for name, points, comment in given
    ]
    settle(connection, pushed, connection.execute(select(pushed)).all(), wanted, "id")
