"""Children that are started in advance: they serve as others do, and none is left behind."""

import sys
from pathlib import Path

import pytest

from autograder.authoring.student import Limits
from autograder.execution.plain import open_session
from autograder.execution.spares import Spares
from autograder.model import Chunk, Definitions

PYTHON = Path(sys.executable)
CODE = Definitions(
    chunks=(Chunk(source="import os\ndef f():\n    return os.getpid()", names=("f",), cell=1),)
)


@pytest.mark.parametrize("spare", [0, 2])
def test_each_handle_has_a_process_and_an_empty_folder(spare):
    with open_session(spare=spare) as session:
        limits = Limits()
        with session.student(CODE, limits) as one, session.student(CODE, limits) as other:
            assert one.call("f") != other.call("f")


def test_spares_are_ready_and_replaced_and_ended():
    spares = Spares(PYTHON, 2)
    taken = spares.take()
    left = list(spares._ready)
    assert len(left) == 2
    spares.close()
    assert all(one.process.returncode is not None for one in left)
    assert not any(Path(one.folder.name).exists() for one in left)
    assert taken.process.poll() is None
    taken.close()


def test_a_spare_whose_maker_goes_away_ends():
    spare = Spares(PYTHON, 0).take()
    spare.process.stdin.close()
    assert spare.process.wait(30) == 0
    spare.close()


def test_a_spare_that_has_ended_is_a_child_that_has_ended():
    spare = Spares(PYTHON, 0).take()
    spare.process.kill()
    spare.process.wait()
    spare.begin({"max_bytes": 1})
    spare.close()
