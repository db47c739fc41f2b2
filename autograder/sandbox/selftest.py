"""Test from inside a sandbox that its walls stand on this machine."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import statistics
import sys
import time
from collections.abc import Mapping

import msgspec
import numpy as np

from autograder.authoring.student import Limits, Student, StudentFault
from autograder.errors import GraderFault, SandboxError
from autograder.model import Chunk, Definitions
from autograder.sandbox.policy import Policy
from autograder.sandbox.results import SelfTest, WallTest
from autograder.sandbox.session import SandboxSession

KIND = "bubblewrap"
LIMITS = Limits(cpu_seconds=5, wall_seconds=20, memory_mb=1024, tmp_mb=4, threads=8)
SECRET = "AUTOGRADER_SELF_TEST"

# Each function tries one thing. A refusal raises OSError, or gives an empty answer.
_TRIES = """
import ctypes, os, resource, signal, socket, sys, threading, time
import numpy as np

_libc = ctypes.CDLL(None, use_errno=True)

def _done(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return "done"

def numpy_works():
    return str(float(np.ones((8, 8)).dot(np.ones(8)).sum()))

def a_thread_works():
    done = []
    thread = threading.Thread(target=done.append, args=(1,))
    thread.start(); thread.join()
    return str(done)

def own_folder_is_writable():
    with open("probe", "w") as file:
        file.write("x")
    return open("probe").read()

def open_a_socket():
    return str(socket.socket())

def start_a_process():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return str(pid)

def run_a_program():
    os.execv(sys.executable or "/opt/py/bin/python3", ["x"])

def write_to_the_root():
    return str(open("/probe", "w"))

def write_to_the_devices():
    return str(open("/dev/probe", "w"))

def write_to_a_package():
    return str(open(np.__file__, "a"))

def read_proc():
    return str(os.listdir("/proc/1"))

def read_home():
    found = [name for name in ("/root", "/home", "/etc/passwd", "/var") if os.path.exists(name)]
    return " ".join(found)

def read_the_environment():
    return os.environ.get("AUTOGRADER_SELF_TEST", "")

def signal_others():
    os.kill(os.getppid(), 0)
    return "done"

def raise_a_limit():
    resource.setrlimit(resource.RLIMIT_CPU, (-1, -1))
    return "done"

def make_a_namespace():
    return _done(_libc.unshare(0x10000000))

def mount():
    return _done(_libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))

def an_unknown_system_call():
    return _done(_libc.syscall(998))

def fill_the_folder():
    for number in range(200):
        with open("fill%d" % number, "wb") as file:
            file.write(bytes(1 << 20))
    return "done"

def start_many_threads():
    stop = threading.Event()
    try:
        for _ in range(200):
            threading.Thread(target=stop.wait, daemon=True).start()
    except RuntimeError as error:
        raise OSError(str(error))
    finally:
        stop.set()
    return "done"

def attempt(name):
    try:
        return str(globals()[name]())
    except (OSError, ValueError) as error:
        return "refused: %s" % (getattr(error, "strerror", None) or error)

def identity():
    return sys.version, np.__version__
"""
WORKS = ("numpy_works", "a_thread_works", "own_folder_is_writable")
REFUSED = tuple(
    name
    for name in re.findall(r"^def ([a-z]\w+)\(\)", _TRIES, re.MULTILINE)
    if name not in (*WORKS, "identity")
)
DEFINITIONS = Definitions(chunks=(Chunk(source=_TRIES, names=("attempt", "identity"), cell=0),))

# Bubblewrap's messages when it can't work: the cause and the remedy of each.
_CAUSES = {
    r"uid map: Permission denied": (
        "an AppArmor rule keeps ordinary users from user namespaces",
        "Give bwrap an AppArmor profile that allows userns, or "
        "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    r"No permissions to create new namespace|Operation not permitted": (
        "user namespaces are not allowed here",
        "On a machine: sysctl -w kernel.unprivileged_userns_clone=1. In a container: let it create user "
        "namespaces (a seccomp profile that allows unshare and mount, not --privileged).",
    ),
    r"No space left on device|namespaces exceeded": (
        "the limit of user namespaces is reached",
        "sysctl -w user.max_user_namespaces=10000",
    ),
    r"Unknown option": ("bubblewrap is older than 0.8", "Install bubblewrap 0.8 or newer."),
    r"setpriv: .*not found|setpriv: No such file": (
        "root's identity can't be dropped: setpriv is missing",
        "apt-get install util-linux",
    ),
    r"error while loading shared libraries|libpython": (
        "the interpreter can't run inside: one of its shared libraries is in another folder",
        "Use a Python that finds its libraries by itself (the distribution's, or pyenv's, or uv's).",
    ),
}


def explain(log: str) -> SandboxError:
    """Give the error for the output of a sandbox that did not start."""
    for pattern, (reason, hint) in _CAUSES.items():
        if re.search(pattern, log):
            return SandboxError(f"no sandbox can run here: {reason} ({log.splitlines()[-1]})", hint)
    return SandboxError(f"no sandbox can run here: {log}", "docs/security.md lists its requirements.")


def failures(answers: Mapping[str, str]) -> list[str]:
    """List the problems that the probes' answers show."""
    refused = {name for name, answer in answers.items() if _is_refused(answer)}
    bad = [f"{name} does not work ({answers[name]})" for name in WORKS if name in refused]
    return bad + [f"{name} is possible ({answers[name]})" for name in REFUSED if name not in refused]


def _is_refused(answer: str) -> bool:
    return not answer or answer.startswith("refused: ")


def run(policy: Policy) -> SelfTest:
    """See `autograder.sandbox.self_test`."""
    started = time.perf_counter()
    os.environ[SECRET] = secrets.token_hex(8)
    try:
        with contextlib.closing(SandboxSession(policy)) as session:
            return _probe(session, started)
    except (GraderFault, StudentFault) as fault:
        raise explain(fault.message) from fault
    finally:
        del os.environ[SECRET]


def _probe(session: SandboxSession, started: float) -> SelfTest:
    with session.student(DEFINITIONS, LIMITS) as inside:
        version = inside.call("identity")
        timings = {"start": (time.perf_counter() - started) * 1e3}
        answers = {name: str(inside.call("attempt", name)) for name in (*WORKS, *REFUSED)}
        timings["call"] = _median_ms(inside)
    if version != (sys.version, np.__version__):
        raise SandboxError(
            f"another Python or NumPy runs inside: {version}, expected {(sys.version, np.__version__)}",
            "Start the grader with the interpreter of its own virtual environment.",
        )
    bad = failures(answers)
    if bad:
        raise SandboxError(f"the sandbox does not hold: {'; '.join(bad)}", "Do not grade on this machine.")
    timings["child"] = _time_child(session)
    probes = tuple(WallTest(name=n, wanted=n in WORKS, answer=a) for n, a in answers.items())
    return SelfTest(kind=KIND, walls=session.walls, probes=probes, timings=timings)


def _median_ms(inside: Student) -> float:
    times = []
    for _ in range(20):
        start = time.perf_counter()
        inside.call("numpy_works")
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def _time_child(session: SandboxSession) -> float:
    empty = msgspec.structs.replace(DEFINITIONS, chunks=())
    start = time.perf_counter()
    with session.student(empty, LIMITS) as inside:
        inside.seed(0)
    return (time.perf_counter() - start) * 1e3
