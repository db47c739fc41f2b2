"""One real sandbox for each test module."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from calling import CODE, as_definitions
from inside import LIMITS, POLICY, descendants, run

from autograder.authoring.student import Session, Student
from autograder.errors import SandboxError
from autograder.execution.plain import open_session as open_plain
from autograder.sandbox import open_session, self_test


@pytest.fixture(scope="session")
def walls() -> None:
    """Skip the test if no sandbox can run here."""
    try:
        self_test(POLICY)
    except SandboxError as error:
        pytest.skip(f"no sandbox here: {error.message}")


@pytest.fixture(scope="module")
def session(walls: None) -> Iterator[Session]:
    """A sandbox with NumPy in it."""
    with open_session(POLICY) as opened:
        yield opened


@pytest.fixture
def nothing_left(session: Session) -> Iterator[None]:
    """Require that the test leaves no process and no file, and that the sandbox goes on."""
    run(session, "def attack(): pass")
    before = descendants(os.getpid())
    yield
    assert run(session, "def attack(): return os.listdir('.')") == []
    assert descendants(os.getpid()) == before


@pytest.fixture(scope="module", params=["sandbox", "plain"])
def place(request: pytest.FixtureRequest) -> Iterator[Session]:
    if request.param == "plain":
        with open_plain() as plain:
            yield plain
    else:
        yield request.getfixturevalue("session")


@pytest.fixture
def student(place: Session) -> Iterator[Student]:
    with place.student(as_definitions(CODE), LIMITS) as opened:
        yield opened
