"""Children that are started in advance: they serve as others do, and none is left behind."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.student import FaultKind, Limits, StudentFault
from autograder.execution.forking import Mother
from autograder.execution.plain import PlainSession, open_session
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


def test_a_spare_that_was_started_in_advance_serves_as_any_other():
    spares = Spares(PYTHON, 2)
    session = PlainSession(spares, [])
    with session.student(CODE, Limits()) as one, session.student(CODE, Limits()) as other:
        assert one.call("f") != other.call("f")
    spares.close()


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


# --- forked ones ---------------------------------------------------------------------------------

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux alone")
CHANCE = """import os, random, signal, sys, time
import numpy as np
def drawn():
    return [random.random(), float(np.random.rand())]
def stop(number):
    print("last words", flush=True)
    os.kill(os.getpid(), number)
def leave(status):
    os._exit(status)
def spin():
    while True:
        pass
def folder():
    return os.getcwd(), os.listdir()
"""
MORE = Definitions(chunks=(Chunk(source=CHANCE, names=("drawn", "stop", "leave", "spin", "folder"), cell=1),))


def fault_of(session, name, *arguments, **limits):
    with session.student(MORE, Limits(**limits)) as student, pytest.raises(StudentFault) as caught:
        student.call(name, *arguments)
    return caught.value


@LINUX
def test_forked_children_draw_other_numbers_and_have_a_folder_each():
    with open_session(spare=1) as session:
        found = []
        for _ in range(3):
            with session.student(MORE, Limits()) as student:
                found.append((*student.call("drawn"), *student.call("folder")))
    for place in range(3):
        assert len({one[place] for one in found}) == 3
    assert [one[3] for one in found] == [[], [], []]
    assert not any(Path(one[2]).exists() for one in found)


@LINUX
@pytest.mark.parametrize("spare", [0, 1])
def test_a_child_s_ending_is_named_in_the_same_way(spare):
    with open_session(spare=spare) as session:
        crash = fault_of(session, "stop", int(signal.SIGSEGV)).message
        assert "a segmentation fault" in crash
        assert "(line 7 of the cell with `stop`)" in crash
        assert "status 3" in fault_of(session, "leave", 3).message
        assert fault_of(session, "spin", wall_seconds=0.3).kind is FaultKind.WALL
        assert fault_of(session, "spin", cpu_seconds=1).kind is FaultKind.CPU


@LINUX
def test_without_the_mother_a_child_has_ended():
    mother = Mother(PYTHON)
    mother.close()
    child = mother.take()
    child.begin({"max_bytes": 1})
    child.kill()
    assert child.stdout.read() == b""
    assert child.wait() != 0
    for stream in (child.stdin, child.stdout, child.stderr):
        stream.close()
    child.folder.cleanup()


@LINUX
def test_a_running_child_is_waited_for_as_long_as_asked():
    mother = Mother(PYTHON)
    child = mother.take()
    child.begin(
        {
            "max_bytes": 1 << 20,
            "folders": [],
            "wall_seconds": 9.0,
            "limits": {"cpu_seconds": 9, "memory_mb": 2048},
            "mark": "00",
        }
    )
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.01)
    child.kill()
    assert child.wait() == child.wait(1) == -signal.SIGKILL
    for stream in (child.stdin, child.stdout, child.stderr):
        stream.close()
    child.folder.cleanup()
    mother.close()
