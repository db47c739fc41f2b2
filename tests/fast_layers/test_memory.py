"""Nothing outside an array is read or written: every array stands next to a page without access."""

import signal

import pytest
from cases import OPERATIONS
from processes import last_words, run_child

PLACES = pytest.mark.parametrize("place", ["start", "end"])


@PLACES
def test_the_guards_are_there(place: str) -> None:
    done = run_child("touch", place)
    assert done.returncode == -signal.SIGSEGV, last_words(done)
    assert done.stdout.splitlines() == [f"reading at {place}"]


@PLACES
@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_outside_is_touched(place: str, operation: str) -> None:
    done = run_child("calls", place, operation, "40")
    assert done.returncode == 0, last_words(done)
