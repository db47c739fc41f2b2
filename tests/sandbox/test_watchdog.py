"""The watchdog, which replaces a control group where none can be made."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from inside import LIMITS, POLICY, run

from autograder.authoring.student import FaultKind, StudentFault
from autograder.sandbox import box, cgroup, open_session
from autograder.sandbox.watchdog import OWN_DEPTH, Process, Watchdog, process_tree, victim

FAMILY = """
import os, sys, time
depth, size = int(sys.argv[1]), int(sys.argv[2])
if depth:
    os.execv(sys.executable, [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])",
                              sys.executable, "-c", sys.argv[3], str(depth - 1), str(size), sys.argv[3]])
held = bytearray(size << 20)
held[::4096] = b"x" * len(held[::4096])
print("held", flush=True)
time.sleep(60)
"""


def process(pid: int, depth: int, memory: int) -> Process:
    return Process(pid=pid, depth=depth, memory=memory)


TREE = [process(1, 0, 5), process(2, 1, 50), process(3, 2, 30), process(4, 2, 40)]


@pytest.mark.parametrize(("limit", "pid"), [(125, None), (124, 4), (0, 4)])
def test_the_largest_child_is_ended_and_never_the_harness(limit: int, pid: int | None) -> None:
    chosen = victim(TREE, limit)
    assert (chosen and chosen.pid) == pid


def test_without_a_child_everything_is_ended() -> None:
    chosen = victim(TREE[:2], 10)
    assert chosen is not None
    assert chosen.pid == 1
    assert victim([], 10) is None


@pytest.fixture
def family() -> Iterator[subprocess.Popen[str]]:
    """Two parents and a grandchild that holds 200 MB."""
    command = [sys.executable, "-c", FAMILY, str(OWN_DEPTH), "200", FAMILY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "held\n"
        yield started
        for each in process_tree(started.pid):
            os.kill(each.pid, 9)


def test_a_tree_is_measured_and_its_largest_child_ended(family: subprocess.Popen[str]) -> None:
    found = list(process_tree(family.pid))
    assert [each.depth for each in found] == [0, 1, 2]
    assert found[-1].memory > 200 << 20 > found[0].memory
    watchdog = Watchdog(family.pid)
    try:
        watchdog.limit(4000)
        time.sleep(0.3)
        assert watchdog.killed_for_memory() == 0
        watchdog.limit(150)
        family.wait(20)  # its parents end with it
        assert watchdog.killed_for_memory() >= 1
    finally:
        watchdog.remove()


def test_a_process_that_ended_has_no_tree() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as started:
        started.wait()
    assert list(process_tree(started.pid)) == []


def test_a_sandbox_without_a_group_has_a_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroup, "plan", lambda _: None)
    monkeypatch.setattr(box, "OWN_MB", 150 - LIMITS.memory_mb - LIMITS.tmp_mb)
    with open_session(POLICY) as session:
        assert "watchdog (no cgroup)" in session.walls
        source = "def attack():\n    held = b'x' * (200 << 20)\n    time.sleep(15)\n    return len(held)"
        fault = run(session, source)
        assert isinstance(fault, StudentFault)
        assert fault.kind is FaultKind.MEMORY
        assert run(session, "def attack(): return 1") == 1
