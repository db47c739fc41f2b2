"""Open the gradebook's database, bring its tables to this version, and say in a sentence what fails.

SQLite takes the write lock where a writing transaction begins, so that two writers wait for one another
instead of failing half-way.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autograder.errors import UsageError
from autograder.files import PRIVATE

# The newest migration; a test compares it with the folder's.
HEAD = "0002"
_BUSY_SECONDS = 60
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON")
_UPGRADE_LOCK = 20261127  # any number that others do not use
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(name: str) -> Engine:
    """Open the gradebook's database by its URL, and bring its tables to this version.

    Raises
    ------
    UsageError
        See `engine_of`; also if the database can't be opened or is no gradebook.
    """
    engine = engine_of(name, "--db", pragmas=_PRAGMAS)
    _make_private(engine.url)
    with explained(engine.url, "--db"):
        _upgrade(engine)
    return engine


def engine_of(name: str, option: str, *, pragmas: Iterable[str] = ()) -> Engine:
    """Make the engine for a database that an option names by its URL; nothing is opened yet.

    Parameters
    ----------
    name : str
        The URL; ``postgresql://`` means psycopg 3.
    option : str
        The option, for errors.
    pragmas : iterable of str
        What is said to SQLite on each connection.

    Raises
    ------
    UsageError
        The URL is wrong, or its driver is missing.
    """
    try:
        url = make_url(name)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    except (ArgumentError, NoSuchModuleError) as error:
        raise UsageError(
            f"{option} {name}: is not the URL of a database: {error}",
            "Expected sqlite:///FILE or postgresql://USER@HOST/NAME.",
        ) from error
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{option} {name}: needs {error.name}, which is not installed",
            "pip install -e '.[postgres]' in the course's folder",
        ) from error
    _lock_first(engine, tuple(pragmas))
    return engine


def _lock_first(engine: Engine, pragmas: Sequence[str]) -> None:
    """Let SQLite take the write lock at the beginning, before anything is read."""

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        for one in pragmas:
            connection.execute(f"PRAGMA {one}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get("only_reads")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextlib.contextmanager
def explained(url: URL, option: str) -> Iterator[None]:
    """Turn what a database raises into an error for a person; passwords are not shown."""
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise UsageError(f"{url.render_as_string()}: {reason}", _advice(reason, option)) from error


def _advice(reason: str, option: str) -> str:
    if "locked" in reason:
        return "Somebody else is writing; try again."
    if "not a database" in reason:
        return f"Move the file away, or name another with {option}."
    return f"Check that the database is there and may be written to, or name another with {option}."


def _make_private(url: URL) -> None:
    """Make the file of an SQLite database, for its owner's eyes alone."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(PRIVATE)
    except OSError as error:
        raise UsageError(
            f"{path}: can't be opened: {error.strerror}", "Name another gradebook with --db."
        ) from error


def _upgrade(engine: Engine) -> None:
    """Run the migrations that the database does not have yet; alembic is imported only for that."""
    with engine.connect().execution_options(only_reads=True) as connection:
        version = _version(connection)
    if version == HEAD:
        return
    if version is not None and version > HEAD:
        raise UsageError(
            f"{engine.url.render_as_string()}: was written by a newer autograder (version {version})",
            "Update this one.",
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # SQLite's transaction holds the lock already
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        if _version(connection) != HEAD:  # nobody else was first
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    """Give the database's version; None if it is empty.

    Raises
    ------
    UsageError
        It has tables that are not a gradebook's.
    """
    names = inspect(connection).get_table_names()
    if "alembic_version" in names and "reviews" in names:
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found
    if names:
        raise UsageError(
            f"{connection.engine.url.render_as_string()}: is another program's database (it has {names[0]})",
            "Name a database for the gradebook alone with --db.",
        )
    return None
