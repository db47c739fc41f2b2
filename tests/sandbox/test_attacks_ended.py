"""Attacks that a limit ends: the fault has its name and a sentence, and the sandbox goes on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from attacks import ENDED, LIMITS_BY_KIND, X86
from inside import LIMITS, run

from autograder.authoring.student import Session, StudentFault

only_x86 = pytest.mark.skipif(not X86, reason="the system call's number is x86-64's")

pytestmark = pytest.mark.usefixtures("nothing_left")


@pytest.mark.parametrize("name", ENDED)
def test_is_ended_by_its_limit(session: Session, name: str) -> None:
    kind, body = ENDED[name]
    limits = LIMITS_BY_KIND.get(kind, LIMITS)
    fault = run(session, f"def attack():\n    {body}", limits=limits)
    assert isinstance(fault, StudentFault), fault
    assert fault.kind is kind, fault.message
    assert len(fault.message) < 2100
    assert fault.message.isprintable()


def test_messages_name_the_limit_and_its_figure(session: Session) -> None:
    def message(body: str, **limits: Any) -> str:
        chosen = msgspec.structs.replace(LIMITS, **limits)
        return str(run(session, f"def attack():\n    {body}", limits=chosen).message)

    place = "(line 2 of `attack`)"
    used = f"`attack` used more than 1 s of processor time {place}."
    assert message("while True: pass", cpu_seconds=1) == used
    assert message("time.sleep(9)", wall_seconds=0.5) == f"`attack` gave no answer within 0.5 s {place}."
    silent = "os.kill(os.getpid(), signal.SIGSTOP)"
    assert message(silent, wall_seconds=0.5) == "`attack` gave no answer within 0.5 s."
    assert message("np.ones(1 << 30)") == f"`attack` needed more than 384 MB of memory {place}."
    assert message("while True: print('x' * 999)") == "`attack` gave more than 1024 KB of printed text."
    assert "at most 8 MB are read" in message("return np.zeros(2 << 20)")
    segfault = "a segmentation fault (it used memory that is not its own)"
    crashed = "`attack` did not finish: it was ended by"
    crashed_there = "(line 2 of the cell with `attack`)"
    assert message("ctypes.string_at(0)") == f"{crashed} {segfault} {crashed_there}."
    past_its_end = "return np.lib.stride_tricks.as_strided(np.ones(3), (10**9,), (10**6,)).sum()"
    assert message(past_its_end) == f"{crashed} {segfault} {crashed_there}."
    assert message("os.abort()") == f"{crashed} an abort (a library gave up) {crashed_there}."
    assert message("os.kill(os.getpid(), 9)") == f"{crashed} a kill signal."
    assert "ended the process itself (exit status 3)" in message("os._exit(3)")
    assert "an array of dtype object" in message("return np.array([None])")
