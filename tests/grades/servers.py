"""A PostgreSQL server of the tests' own, on the loopback interface; it ends with the tests."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def lacks():
    """Say why no server can be started here; empty if one can."""
    if not BINARIES:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and not (shutil.which("runuser") and _has_user("postgres")):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def _has_user(name):
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _as_postgres(*command, cwd):
    """Run a command as the user `postgres` where this is root: the server refuses root."""
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*user, *map(str, command)], check=True, cwd=cwd, capture_output=True, timeout=60)


@contextlib.contextmanager
def server():
    """Start a server, and give its URL."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-postgres-", dir="/tmp"))  # a socket's path is short
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tools, data = BINARIES[-1].parent, folder / "data"
    try:
        _as_postgres(tools / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", cwd=folder)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        start = ("-o", options, "-l", folder / "log", "-w", "start")
        _as_postgres(tools / "pg_ctl", "-D", data, *start, cwd=folder)
        yield f"postgresql://postgres@127.0.0.1:{port}"
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            _as_postgres(tools / "pg_ctl", "-D", data, "-m", "immediate", "stop", cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)


def new_database(url):
    """Make an empty schema on a server, quicker than a database; gives the URL that sees it alone."""
    import psycopg

    name = f"book{secrets.token_hex(4)}"
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"{url}/postgres?options=-csearch_path%3D{name}"
