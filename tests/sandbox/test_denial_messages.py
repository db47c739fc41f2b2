"""A refusal by a wall is explained: the attempt, its line, and what is allowed instead."""

from __future__ import annotations

import errno

import pytest
from inside import LIMITS, definitions, run

from autograder.authoring.student import FaultKind, Session, StudentFault
from autograder.guest import denial_messages
from autograder.guest.denial_messages import AuditedAct, Facts
from autograder.model import Chunk, Definitions

PLACE = "(line 2 of `attack`)"
NETWORK = (
    f"Your code tried to open a network connection {PLACE}; the sandbox has no network. Hand in everything "
    "that your code needs."
)
PROCESS = (
    f"Your code tried to start another process {PLACE}; "
    "in the sandbox it may use threads, but no other process."
)
WRITE = "it may write only in its working folder: give a name without a folder."
SENTENCES: dict[str, tuple[FaultKind, str, str]] = {
    "a socket": (FaultKind.FORBIDDEN, "import socket; socket.socket()", NETWORK),
    "a name's address": (FaultKind.FORBIDDEN, "import socket; socket.getaddrinfo('a.org', 80)", NETWORK),
    "a download": (
        FaultKind.FORBIDDEN,
        "import urllib.request; urllib.request.urlopen('http://a.org/')",
        NETWORK,
    ),
    "a fork": (FaultKind.PROCESSES, "os.fork()", PROCESS),
    "a program": (FaultKind.PROCESSES, "import subprocess; subprocess.run(['ls'])", PROCESS),
    "another program": (FaultKind.PROCESSES, "os.execv('/opt/py/bin/python3', ['x'])", PROCESS),
    "a pool": (FaultKind.PROCESSES, "import multiprocessing; multiprocessing.Pool(2)", PROCESS),
    "many threads": (
        FaultKind.PROCESSES,
        "[threading.Thread(target=time.sleep, args=(9,), daemon=True).start() for _ in range(99)]",
        f"`attack` started a process, or more than 8 threads {PLACE}.",
    ),
    "a file elsewhere": (
        FaultKind.FORBIDDEN,
        "open('/opt/x', 'w')",
        f"Your code tried to write `/opt/x` {PLACE}; {WRITE}",
    ),
    "a folder that is not there": (
        FaultKind.FORBIDDEN,
        "np.save('/content/x.npy', np.ones(1))",
        f"Your code tried to write `/content/x.npy` {PLACE}; {WRITE}",
    ),
    "a folder of its own elsewhere": (
        FaultKind.FORBIDDEN,
        "os.mkdir('/content')",
        f"Your code tried to write `/content` {PLACE}; {WRITE}",
    ),
    "the harness": (
        FaultKind.FORBIDDEN,
        "open('/opt/run/filter', 'rb')",
        f"Your code tried to read `/opt/run/filter` {PLACE}, which is out of its reach.",
    ),
    "too much on disk": (
        FaultKind.RAISED,
        "[np.save(str(n), np.ones(1 << 17)) for n in range(99)]",
        f"Your code wrote more than 4 MB of files, or more than 1024 of them {PLACE}.",
    ),
    "a huge file": (
        FaultKind.RAISED,
        "open('x', 'wb').truncate(1 << 40)",
        f"Your code wrote a file of more than 4 MB {PLACE}.",
    ),
    "many open files": (
        FaultKind.RAISED,
        "l = [open('/dev/null') for _ in range(999)]",
        f"Your code had more than 64 files open {PLACE}.",
    ),
    "an exit": (
        FaultKind.RAISED,
        "exit()",
        f"Your code ends the whole program {PLACE}: a function ends with `return`, without `exit()`.",
    ),
    "a quiet end": (
        FaultKind.RAISED,
        "import sys; sys.exit('done')",
        f"Your code ends the whole program {PLACE}: a function ends with `return`, without `exit()`.",
    ),
    "input": (
        FaultKind.RAISED,
        "input('name?')",
        f"Your code waits for input {PLACE}; nobody is there to type: write the value into the code.",
    ),
    "Numba": (
        FaultKind.RAISED,
        "import numba",
        f"`numba` is not available here; the homework asks for plain NumPy {PLACE}. You may import "
        "the standard library and numpy.",
    ),
    "another package": (
        FaultKind.RAISED,
        "from pandas import DataFrame",
        f"`pandas` is not available here {PLACE}. You may import the standard library and numpy.",
    ),
    "a file that is not there": (
        FaultKind.RAISED,
        "open('data.npz')",
        "FileNotFoundError: [Errno 2] No such file or directory: 'data.npz' "
        "(line 2 of `attack`: `open('data.npz')`)",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_refusal_is_explained(session: Session, name: str) -> None:
    kind, body, sentence = SENTENCES[name]
    fault = run(session, f"def attack():\n    {body}")
    assert isinstance(fault, StudentFault), fault
    assert (fault.kind, fault.message) == (kind, sentence)


def test_code_that_needs_a_missing_package_says_so(session: Session) -> None:
    chunks = (
        Chunk(source="from numba import njit", names=("njit",), cell=1),
        Chunk(source="@njit\ndef conv(x): return x", names=("conv",), cell=3),
        Chunk(source="def use(x): return njit(x)", names=("use",), cell=4),
    )
    with session.student(Definitions(chunks=chunks), LIMITS) as student:
        for name in ("conv", "use"):
            with pytest.raises(StudentFault) as caught:
                student.call(name, 1)
            assert "since its definition failed: `numba` is not available here; " in caught.value.message
            assert "plain NumPy (line 1 of the cell with `from numba import njit`)" in caught.value.message


def test_after_a_refusal_the_same_process_goes_on(session: Session) -> None:
    source = "n = 0\ndef attack():\n    global n\n    n += 1\n    return n if n > 1 else os.fork()"
    with session.student(definitions(source), LIMITS) as student:
        with pytest.raises(StudentFault):
            student.call("attack")
        assert student.call("attack") == 2


def test_errors_that_no_wall_raised_stay_as_they_are() -> None:
    facts = Facts(importable=["numpy"], tmp_mb=1, open_files=2)
    assert denial_messages.explain(ValueError("x"), "", AuditedAct(), facts) is None
    assert (
        denial_messages.explain(ModuleNotFoundError("x", name="numpy.nothing"), "", AuditedAct(), facts)
        is None
    )
    assert denial_messages.explain(ModuleNotFoundError("x", name="tkinter"), "", AuditedAct(), facts) is None
    assert denial_messages.explain(ModuleNotFoundError("x", name="numba"), "", AuditedAct(), Facts()) is None
    made = PermissionError(errno.EPERM, "made up")
    assert denial_messages.explain(made, "", AuditedAct("open"), facts) is None
    # a later error is not blamed on a refusal that the code has dealt with
    lost = FileNotFoundError(errno.ENOENT, "no such file", "x")
    assert denial_messages.explain(lost, "", AuditedAct("open"), facts) is None
