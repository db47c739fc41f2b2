"""Gradebooks to test with: in SQLite, and in a PostgreSQL server that the tests start themselves."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from autograder.grades.store import Gradebook

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def as_postgres(*command, cwd):
    """Run a command as the user `postgres` where this is root: the server refuses root."""
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*user, *map(str, command)], check=True, cwd=cwd, capture_output=True, timeout=60)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The URL of a server of these tests' own, on the loopback interface; it ends with the tests."""
    if not BINARIES:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and not (shutil.which("runuser") and _has_user("postgres")):
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    folder = Path("/tmp") / f"autograder-postgres-{os.getpid()}"  # its socket's path must be short
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tools = BINARIES[-1].parent
    data = folder / "data"
    try:
        as_postgres(tools / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", cwd=folder)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = folder / "log"
        as_postgres(tools / "pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start", cwd=folder)
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            as_postgres(tools / "pg_ctl", "-D", data, "-m", "immediate", "stop", cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)


def _has_user(name):
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gradebook.sqlite3'}"
    return new_database(request.getfixturevalue("postgres"))


def new_database(server):
    """Make an empty schema on a server, quicker than a database; gives the URL that sees it alone."""
    import psycopg

    name = f"book{secrets.token_hex(4)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"{server}/postgres?options=-csearch_path%3D{name}"


@pytest.fixture
def gradebook(url):
    with Gradebook(url, "ta1") as opened:
        yield opened
