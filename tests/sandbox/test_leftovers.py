"""Nothing is left: no process, mount, control group, file or descriptor, however a grader ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from inside import LIMITS, POLICY, definitions, descendants, run

from autograder.authoring.student import FaultKind, StudentFault
from autograder.errors import SandboxError
from autograder.execution.plain import open_session as open_plain
from autograder.sandbox import bubblewrap, enforcement, open_session
from autograder.sandbox.box import FIRST_UID, Box, StartFailed
from autograder.sandbox.policy import Policy

GRADER = """
import sys
sys.path.insert(0, {tests!r})
from inside import LIMITS, POLICY, definitions
from autograder.errors import SandboxError
from autograder.sandbox import box, enforcement, open_session
with open_session(POLICY) as session, session.student(definitions({source!r}), LIMITS) as student:
    student.call("attack")
    print("in", flush=True)
    student.call("attack", True)
"""
LOOPS = "def attack(loop=False):\n    while loop: pass"


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def groups(pid: int) -> list[Path]:
    """The control groups that a grader made."""
    return [p for p in Path("/sys/fs/cgroup").glob(f"**/autograder-{pid}-*") if p.is_dir()]


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture(autouse=True)
def _own_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other graders on this machine put theirs elsewhere."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def own_things() -> tuple[set[int], list[Path], str, int, list[str]]:
    return (
        descendants(os.getpid()),
        groups(os.getpid()),
        Path("/proc/self/mountinfo").read_text(),
        len(list(Path("/proc/self/fd").iterdir())),
        sorted(str(p) for p in Path(tempfile.gettempdir()).glob("autograder-*")),
    )


@pytest.mark.usefixtures("walls")
def test_a_session_leaves_nothing() -> None:
    with open_session(POLICY) as session:  # it starts the spawner's thread and fills the caches
        run(session, LOOPS)
    before = own_things()
    with open_session(POLICY) as session:
        assert len(descendants(os.getpid())) > len(before[0])
        limits = LIMITS.__class__(cpu_seconds=1, wall_seconds=1)
        assert run(session, LOOPS, True, limits=limits).kind in (FaultKind.CPU, FaultKind.WALL)
        assert run(session, "def attack(): os._exit(0)").kind is FaultKind.CRASHED
    assert own_things() == before


@pytest.mark.usefixtures("walls")
def test_a_sandbox_that_does_not_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_session(POLICY):
        pass
    before = own_things()
    with monkeypatch.context() as without:
        without.setattr(bubblewrap, "PATH", "/nonexistent")
        without.setattr(bubblewrap, "PACKAGE", "no_such_package")
        with pytest.raises(SandboxError, match="not installed"):
            Box(Policy())
    assert own_things() == before
    monkeypatch.setattr("autograder.sandbox.enforcement.UID", "nobody")
    with pytest.raises(StartFailed, match="uid"):
        Box(Policy()).stand()
    assert own_things() == before


def test_a_plain_session_leaves_nothing() -> None:
    before = own_things()
    with open_plain() as session, session.student(definitions(LOOPS), LIMITS) as student:
        student.call("attack")
        with pytest.raises(StudentFault):
            student.call("nothing")
    assert own_things() == before


@pytest.mark.usefixtures("walls")
def test_a_grader_that_is_killed_leaves_nothing() -> None:
    code = GRADER.format(tests=str(Path(__file__).parent), source=LOOPS)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as grader:
        assert grader.stdout is not None
        assert grader.stdout.readline() == "in\n"
        inside = descendants(grader.pid)
        made = groups(grader.pid)
        assert len(inside) >= 3
        grader.send_signal(signal.SIGKILL)
        grader.wait()
    assert within(10, lambda: not alive(inside)), alive(inside)
    assert within(5, lambda: not any(group.exists() for group in made)), made


@pytest.mark.usefixtures("walls")
def test_graders_that_are_killed_at_any_time_leave_nothing() -> None:
    code = GRADER.format(tests=str(Path(__file__).parent), source=LOOPS)
    for delay in (0.35, 0.5, 0.65):
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL) as grader:
            time.sleep(delay)
            inside = descendants(grader.pid)
            grader.kill()
            grader.wait()
        assert within(10, lambda found=inside: not alive(found)), alive(inside)  # type: ignore[misc]
        assert within(5, lambda pid=grader.pid: not groups(pid))  # type: ignore[misc]


@pytest.mark.usefixtures("walls")
@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's sandbox runs as that user")
def test_root_s_sandboxes_run_as_users_of_their_own() -> None:
    with open_session(POLICY) as session:
        run(session, LOOPS)
        inside = {pid for pid in descendants(os.getpid()) if _command(pid).startswith(("bwrap", "python"))}
        users = {_user(pid) for pid in inside}
    assert inside
    assert min(users) >= FIRST_UID


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _user(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0])


@pytest.mark.usefixtures("walls")
def test_without_file_systems_of_their_own_children_have_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    given = [word for word in enforcement._namespaces() if word not in ("--cap-add", "CAP_SYS_ADMIN")]
    monkeypatch.setattr(enforcement, "_namespaces", lambda: given)
    write = "def attack():\n    open('mark', 'w').close(); return os.getcwd(), os.listdir('.')"
    with open_session(POLICY) as session:
        assert "one file system for all children" in session.walls
        first, found = run(session, write)
        assert found == ["mark"]
        second, found = run(session, write)
        assert found == ["mark"]
        assert first != second
        assert run(session, f"def attack(): return os.path.exists({first!r})") is False
        with session.student(definitions(write), LIMITS) as student:
            where, _ = student.call("attack")
            look = f"def attack(): return refused(lambda: os.listdir({where!r}))"
            if any(wall.startswith("landlock") for wall in session.walls):
                assert run(session, look) == "EACCES"
