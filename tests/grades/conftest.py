"""Gradebooks to test with: in SQLite, and in a PostgreSQL server that the tests start themselves."""

import pytest
from servers import lacks, new_database, server

from autograder.grades.store import Gradebook


@pytest.fixture(scope="session")
def postgres():
    if reason := lacks():
        pytest.skip(reason)
    with server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'gradebook.sqlite3'}"
    return new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def gradebook(url):
    with Gradebook(url, "ta1") as opened:
        yield opened
