"""What hostile code tries, and the named outcome of each; after every one the sandbox goes on."""

from __future__ import annotations

import os
import platform
import socket
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from inside import LIMITS, POLICY, definitions, run

from autograder.sandbox import open_session
from autograder.sandbox.box import OWN_MB
from autograder.student import FaultKind, Limits, Session, StudentFault

X86 = platform.machine() == "x86_64"
only_x86 = pytest.mark.skipif(not X86, reason="the system call's number is x86-64's")
SHORT = msgspec.structs.replace(LIMITS, wall_seconds=1)
QUICK = msgspec.structs.replace(LIMITS, cpu_seconds=1, wall_seconds=10)


@pytest.fixture(autouse=True)
def _goes_on(session: Session) -> Any:
    yield
    assert run(session, "def attack(): return 1 + 1") == 2


# --- ended by a limit -----------------------------------------------------------------------------

ENDED: dict[str, tuple[FaultKind, str]] = {
    "allocate for ever": (FaultKind.MEMORY, "l = []\n    while True: l.append(np.ones(1 << 20))"),
    "one huge array": (FaultKind.MEMORY, "return np.ones((1 << 17, 1 << 17))"),
    "shared mappings": (
        FaultKind.MEMORY,
        "l = []\n    while True:\n        m = mmap.mmap(-1, 32 << 20); m.write(bytes(32 << 20)); l.append(m)",
    ),
    "a huge list": (FaultKind.MEMORY, "return [0] * (1 << 30)"),
    "fork": (FaultKind.PROCESSES, "return os.fork()"),
    "fork, then each allocates": (FaultKind.PROCESSES, "os.fork(); os.fork(); np.ones(1 << 24)"),
    "daemonise": (FaultKind.PROCESSES, "if os.fork() == 0:\n        os.setsid(); os.fork()"),
    "a program": (FaultKind.PROCESSES, "import subprocess; subprocess.run(['/bin/true'])"),
    "threads": (
        FaultKind.PROCESSES,
        "for _ in range(200): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    ),
    "flood of output": (FaultKind.OUTPUT, "while True: print('A' * 65536)"),
    "flood of errors": (FaultKind.OUTPUT, "while True: sys.stderr.write('A' * 65536)"),
    "flood past Python": (FaultKind.OUTPUT, "while True: os.write(1, b'A' * 65536)"),
    "a huge answer": (FaultKind.OUTPUT, "return np.zeros(2 << 20)"),
    "too many values": (FaultKind.OUTPUT, "return [0] * 600000"),
    "a long text": (FaultKind.OUTPUT, "return 'x' * (9 << 20)"),
    "endless loop": (FaultKind.CPU, "while True: pass"),
    "a long C loop": (FaultKind.CPU, "return sum(range(10 ** 12))"),
    "ignores every signal": (
        FaultKind.CPU,
        "for s in range(1, 65):\n        try: signal.signal(s, signal.SIG_IGN)\n"
        "        except (OSError, ValueError): pass\n    while True: pass",
    ),
    "blocks every signal": (
        FaultKind.CPU,
        "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n    while True: pass",
    ),
    "threads that spin": (
        FaultKind.CPU,
        "def spin():\n        while True: pass\n"
        "    for _ in range(3): threading.Thread(target=spin).start()\n    spin()",
    ),
    "exits": (FaultKind.CRASHED, "os._exit(0)"),
    "exits as if unready": (FaultKind.CRASHED, "os._exit(114)"),
    "segmentation fault": (FaultKind.CRASHED, "ctypes.string_at(0)"),
    "abort": (FaultKind.CRASHED, "os.abort()"),
    "kills itself": (FaultKind.CRASHED, "os.kill(os.getpid(), 9)"),
    "stops itself": (FaultKind.WALL, "os.kill(os.getpid(), signal.SIGSTOP)"),
    "sleeps": (FaultKind.WALL, "time.sleep(100)"),
    "waits for input": (FaultKind.RAISED, "return input()"),
    "deep recursion": (FaultKind.RAISED, "return attack()"),
    "quits": (FaultKind.RAISED, "sys.exit(0)"),
    "interrupts": (FaultKind.RAISED, "raise KeyboardInterrupt"),
    "a text of 100 MB": (FaultKind.RAISED, "raise ValueError('A' * 10 ** 8)"),
    "a text that raises": (
        FaultKind.RAISED,
        "class E(Exception):\n        def __str__(self): raise SystemExit\n    raise E",
    ),
    "objects": (FaultKind.UNSUPPORTED, "return np.array([object()])"),
    "records": (FaultKind.UNSUPPORTED, "return np.zeros(3, dtype=[('a', 'i4'), ('b', 'f8')])"),
    "bytes of no type": (FaultKind.UNSUPPORTED, "return np.zeros(3, dtype='V8')"),
    "dates": (FaultKind.UNSUPPORTED, "return np.zeros(3, dtype='M8[s]')"),
    "nested in itself": (FaultKind.UNSUPPORTED, "l = []; l.append(l); return l"),
    "garbage on the way back": (FaultKind.PROTOCOL, "os.write(4, b'\\x99' * 1000); time.sleep(5)"),
    "closes the way back": (FaultKind.PROTOCOL, "os.close(4); time.sleep(100)"),
    "announces 4 GB": (FaultKind.OUTPUT, "os.write(4, struct.pack('<BQ', 2, 1 << 32)); time.sleep(100)"),
    "half a frame, then nothing": (
        FaultKind.WALL,
        "os.write(4, struct.pack('<BQ', 2, 100) + b'l'); time.sleep(100)",
    ),
    "a type that is not listed": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 2, 11) + b'a' + bytes([99, 1]) + bytes(8)); time.sleep(100)",
    ),
    "a huge shape": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 2, 27) + b'a' + bytes([11, 3]) + b'\\xff' * 24); time.sleep(100)",
    ),
    "a shape of more than there is": (
        FaultKind.PROTOCOL,
        "v = b'a' + bytes([11, 1]) + struct.pack('<Q', 1 << 40)\n"
        "    os.write(4, struct.pack('<BQ', 2, len(v)) + v); time.sleep(100)",
    ),
    "an answer of another form": (
        FaultKind.PROTOCOL,
        "os.write(4, struct.pack('<BQ', 2, 1) + b'T'); time.sleep(100)",
    ),
    "a claim to be a limit": (
        FaultKind.PROTOCOL,
        "def s(t): return b's' + struct.pack('<I', len(t)) + t\n"
        "    v = b't' + struct.pack('<I', 4) + s(b'fault') + s(b'wall') + s(b'') + s(b'')\n"
        "    os.write(4, struct.pack('<BQ', 2, len(v)) + v); time.sleep(100)",
    ),
    "many lists in a list": (
        FaultKind.PROTOCOL,
        "v = b'l\\x01\\x00\\x00\\x00' * 1000\n"
        "    os.write(4, struct.pack('<BQ', 2, len(v)) + v); time.sleep(100)",
    ),
}


@pytest.mark.parametrize("name", ENDED)
def test_is_ended_by_its_limit(session: Session, name: str) -> None:
    kind, body = ENDED[name]
    limits = {FaultKind.CPU: QUICK, FaultKind.WALL: SHORT}.get(kind, LIMITS)
    fault = run(session, f"def attack():\n    {body}", limits=limits)
    assert isinstance(fault, StudentFault), fault
    assert fault.kind is kind, fault.message
    assert len(fault.message) < 2100
    assert fault.message.isprintable()


def test_messages_name_the_limit_and_its_figure(session: Session) -> None:
    def message(body: str, **limits: Any) -> str:
        chosen = msgspec.structs.replace(LIMITS, **limits)
        return str(run(session, f"def attack():\n    {body}", limits=chosen).message)

    place = "(cell 2, line 2)"
    used = f"`attack` used more than 1 s of processor time {place}."
    assert message("while True: pass", cpu_seconds=1) == used
    assert message("time.sleep(9)", wall_seconds=0.5) == "`attack` gave no answer within 0.5 s."
    assert message("np.ones(1 << 30)") == f"`attack` needed more than 384 MB of memory {place}."
    assert message("while True: print('x' * 999)") == "`attack` gave more than 1024 KB of printed text."
    assert "8 MB are the most" in message("return np.zeros(2 << 20)")
    assert "segmentation fault" in message("ctypes.string_at(0)")
    assert "abort" in message("os.abort()")
    assert "ended the process itself (exit status 3)" in message("os._exit(3)")
    assert "an array of dtype object" in message("return np.array([None])")


# --- refused, and the code goes on --------------------------------------------------------------

EPERM = {"EPERM"}
READ_ONLY = {"EROFS", "EACCES", "EPERM"}
REFUSED: dict[str, tuple[set[str], str]] = {
    "memory without a name": (EPERM, "os.memfd_create('x')"),
    "shared memory of old": ({"ENOSYS"}, "call(29, 0, 1 << 20, 0o1600)"),
    "write to the root": (READ_ONLY, "open('/x', 'w')"),
    "write to devices": (READ_ONLY, "open('/dev/x', 'w')"),
    "write to shared memory": ({"ENOENT", "EACCES"}, "open('/dev/shm/x', 'w')"),
    "write to NumPy": (READ_ONLY, "open(np.__file__, 'a')"),
    "write to the harness": (READ_ONLY, "open('/opt/run/guest/wire.pyc', 'ab')"),
    "rename the harness": (READ_ONLY, "os.rename('/opt/run', '/opt/ran')"),
    "delete the interpreter": (READ_ONLY, "os.unlink('/opt/py/bin/python3.11')"),
    "read the harness": ({"EACCES"}, "open('/opt/run/guest/wire.pyc', 'rb')"),
    "read the memory of the first process": ({"ENOENT", "EACCES"}, "open('/proc/1/mem')"),
    "read the environment of the first process": ({"ENOENT", "EACCES"}, "open('/proc/1/environ')"),
    "read its own process's files": ({"ENOENT", "EACCES"}, "os.listdir('/proc/self')"),
    "read the accounts": ({"ENOENT", "EACCES"}, "open('/etc/passwd')"),
    "signal all": (EPERM, "os.kill(-1, 9)"),
    "signal the first process": (EPERM, "os.kill(1, 9)"),
    "signal the parent": (EPERM, "os.kill(os.getppid(), 9)"),
    "trace": (EPERM, "call(101, 16, 1, 0, 0)"),
    "read another process's memory": ({"ENOSYS"}, "call(310, 1, 0, 0, 0, 0, 0)"),
    "mount": (EPERM, "call(165, b'none', b'/tmp', b'tmpfs', 0, 0)"),
    "unmount": (EPERM, "call(166, b'/tmp', 2)"),
    "mount anew": ({"ENOSYS"}, "call(430, b'tmpfs', 0)"),
    "chroot": (EPERM, "os.chroot('/tmp')"),
    "pivot the root": (EPERM, "call(155, b'/', b'/')"),
    "a user namespace": (EPERM, "call(272, 0x10000000)"),
    "a mount namespace": (EPERM, "call(272, 0x20000)"),
    "clone into namespaces": ({"EAGAIN"}, "call(56, 0x10000000 | 17, 0, 0, 0, 0)"),
    "clone by its newest form": ({"ENOSYS"}, "call(435, 0, 0)"),
    "enter a namespace": (EPERM, "call(308, 3, 0)"),
    "bpf": (EPERM, "call(321, 0, 0, 0)"),
    "io_uring": ({"ENOSYS"}, "call(425, 8, 0)"),
    "keys": (EPERM, "call(250, 0, 0)"),
    "performance counters": (EPERM, "call(298, 0, 0, 0, 0, 0)"),
    "page faults in user space": ({"ENOSYS"}, "call(323, 0)"),
    "a call that is not known": ({"ENOSYS"}, "call(998)"),
    "open by handle": ({"ENOSYS"}, "call(304, 3, 0, 0)"),
    "the kernel's log": ({"ENOSYS"}, "call(103, 2, 0, 0)"),
    "another personality": (EPERM, "call(135, 0x20000)"),
    "another limit of another process": (EPERM, "call(302, 1, 0, 0, 0)"),
    "a socket": (EPERM, "__import__('socket').socket()"),
    "a pair of sockets": (EPERM, "__import__('socket').socketpair()"),
    "become root": (EPERM, "os.setuid(0)"),
    "another group": (EPERM, "os.setgid(0)"),
    "a device": (EPERM, "os.mknod('x', 0o60600, 0xFE00)"),
    "exec": (EPERM, "os.execv('/opt/py/bin/python3.11', ['x'])"),
    "exec from memory": (EPERM, "call(322, -1, b'', 0, 0, 0x1000)"),
    "type into the terminal": ({"ENOSYS", "ENOTTY"}, "__import__('fcntl').ioctl(0, 0x5412, b'x')"),
    "the terminal": ({"ENOENT", "ENXIO", "EACCES"}, "open('/dev/tty')"),
    "another processor": (EPERM, "os.sched_setaffinity(0, {0})"),
    "its own filter": (EPERM, "call(317, 1, 0, 0)"),
    "gain capabilities": (EPERM, "call(126, struct.pack('<Ii', 0x20080522, 0), b'\\xff' * 24)"),
    "be seen by others again": ({"ENOSYS"}, "call(157, 4, 1, 0, 0, 0)"),
}


@only_x86
@pytest.mark.parametrize("name", REFUSED)
def test_is_refused(session: Session, name: str) -> None:
    wanted, action = REFUSED[name]
    assert run(session, f"def attack(): return refused(lambda: {action})") in wanted


def test_a_limit_can_not_be_raised(session: Session) -> None:
    source = """
    def attack():
        raised = []
        for name in ("AS", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE"):
            what = getattr(resource, "RLIMIT_" + name)
            soft, hard = resource.getrlimit(what)
            try:
                resource.setrlimit(what, (hard + 1, hard + 1))
                raised.append(name)
            except (ValueError, OSError):
                pass
        return raised
    """
    assert run(session, source) == []


@only_x86
def test_a_call_of_the_x32_kind_ends_the_process(session: Session) -> None:
    fault = run(session, "def attack(): return call(0x40000000 | 39)")
    assert fault.kind is FaultKind.FORBIDDEN
    assert "system call that is not allowed" in fault.message


@only_x86
def test_a_call_of_the_32_bit_kind_ends_the_process(session: Session) -> None:
    source = r"""
    def attack():
        page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # getpid by int 0x80
        at = ctypes.addressof(ctypes.c_char.from_buffer(page))
        return ctypes.CFUNCTYPE(ctypes.c_int)(at)()
    """
    assert run(session, source).kind is FaultKind.FORBIDDEN


# --- bounded ------------------------------------------------------------------------------------


def test_memory_stays_within_its_limit_for_code_that_catches_the_error(session: Session) -> None:
    source = """
    def attack():
        held, until = [], time.time() + 0.5
        while time.time() < until:
            try:
                held.append(np.ones(1 << 20))
            except MemoryError:
                pass
        return len(held) * 8
    """
    assert 8 <= run(session, source) <= LIMITS.memory_mb


def test_forks_that_are_swallowed_make_no_process(session: Session) -> None:
    source = """
    def attack():
        made, until = 0, time.time() + 0.3
        while time.time() < until:
            try:
                made += os.fork() > 0
            except OSError:
                pass
        return made
    """
    assert run(session, source) == 0


@pytest.mark.parametrize("where", [".", "/tmp"])
def test_the_disk_has_an_end(session: Session, where: str) -> None:
    source = """
    def attack(where):
        written = 0
        try:
            for number in range(100):
                with open(f"{where}/{number}", "wb") as file:
                    written += file.write(bytes(1 << 18))
                    file.flush()
        except OSError as error:
            return written, errno.errorcode[error.errno]
        return written, "no end"
    """
    written, end = run(session, source, where)
    assert end == "ENOSPC"
    assert written <= LIMITS.tmp_mb << 20


def test_one_file_has_an_end(session: Session) -> None:
    source = """
    def attack():
        try:
            with open("x", "wb") as file:
                file.truncate(1 << 40)
        except OSError as error:
            return errno.errorcode[error.errno]
    """
    assert run(session, source) == "EFBIG"


def test_the_number_of_files_has_an_end(session: Session) -> None:
    source = """
    def attack():
        try:
            for number in range(100000):
                os.close(os.open(str(number), os.O_CREAT | os.O_WRONLY))
        except OSError as error:
            return number, errno.errorcode[error.errno]
    """
    number, end = run(session, source)
    assert number <= 1024
    assert end == "ENOSPC"


def test_the_number_of_open_files_has_an_end(session: Session) -> None:
    source = """
    def attack():
        held = []
        try:
            while True:
                held.append(open("/dev/null"))
        except OSError as error:
            count, held[:] = len(held), []
            return count, errno.errorcode[error.errno]
    """
    count, end = run(session, source)
    assert count < LIMITS.open_files
    assert end == "EMFILE"


# --- out of reach -------------------------------------------------------------------------------


def test_nothing_of_the_grader_is_in_reach(session: Session, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("GRADER_SECRET", "x")
    secret = tmp_path / "hidden_cases.npz"
    secret.write_bytes(b"x")
    root = Path(__file__).parents[2]
    wanted = [str(path) for path in (secret, root, root / "reference", root / "autograder")]
    source = """
    def attack(paths):
        import importlib.util
        found = [path for path in paths if os.path.exists(path)]
        found += [name for name in ("autograder", "msgspec", "pytest") if importlib.util.find_spec(name)]
        return found + [name for name in os.environ if "GRADER" in name or "TOKEN" in name]
    """
    assert run(session, source, wanted) == []


def test_the_system_s_folders_are_not_there(session: Session) -> None:
    names = ["/boot", "/etc", "/home", "/mnt", "/proc", "/root", "/run", "/srv", "/sys", "/var", "/usr/bin"]
    assert run(session, "def attack(names): return [n for n in names if os.path.exists(n)]", names) == []


@pytest.mark.parametrize("kind", ["tcp", "abstract"])
def test_a_listener_of_the_host_is_not_reached(session: Session, kind: str) -> None:
    family = socket.AF_INET if kind == "tcp" else socket.AF_UNIX
    with socket.socket(family) as listener:
        listener.bind(("127.0.0.1", 0) if kind == "tcp" else f"\0autograder-{os.getpid()}")
        listener.listen()
        listener.settimeout(0.2)
        source = """
        def attack(family, address):
            import socket
            with socket.socket(family) as plug:
                plug.connect(tuple(address) if isinstance(address, list) else address)
        """
        address = list(listener.getsockname()) if kind == "tcp" else f"\0autograder-{os.getpid()}"
        fault = run(session, source, int(family), address)
        assert fault.kind is FaultKind.FORBIDDEN
        with pytest.raises(TimeoutError):
            listener.accept()


def test_os_system_runs_nothing(session: Session) -> None:
    assert run(session, "def attack(): return os.system('true')") != 0


# --- lies ---------------------------------------------------------------------------------------

LIES: dict[str, str] = {
    "an array that equals everything": """
        class Liar(np.ndarray):
            def __eq__(self, other): return np.ones(self.shape, bool)
            def __array__(self, *a, **k): return np.full(3, 7.0)
            def __array_ufunc__(self, *a, **k): return True
            def tobytes(self, *a, **k): return b"x"
        def attack(): return np.zeros(3).view(Liar)
    """,
    "a patched NumPy": """
        np.asarray = np.array = np.ascontiguousarray = lambda *a, **k: 7
        np.testing.assert_allclose = lambda *a, **k: None
        def attack(): return np.zeros(3)
    """,
    "patched builtins": """
        import builtins
        builtins.isinstance = lambda *a: True
        builtins.len = lambda *a: 0
        def attack(): return np.zeros(3)
    """,
    "patched modules": """
        import time
        time.perf_counter = time.monotonic = lambda: 0.0
        sys.modules["os"] = sys.modules["struct"] = None
        os.read = os.write = None
        def attack(): return np.zeros(3)
    """,
}


@pytest.mark.parametrize("name", LIES)
def test_what_comes_back_is_plain(session: Session, name: str) -> None:
    value = run(session, LIES[name])
    if isinstance(value, StudentFault):  # a lie that only hurts the liar
        assert value.kind in (FaultKind.RAISED, FaultKind.PROTOCOL, FaultKind.CRASHED, FaultKind.UNSUPPORTED)
        return
    assert type(value) is np.ndarray
    assert value.tolist() == [0.0, 0.0, 0.0]


def test_a_bool_of_any_byte_comes_back_as_one(session: Session) -> None:
    value = run(session, "def attack(): return np.array([0, 1, 7], dtype='u1').view(bool)")
    assert value.view("u1").tolist() == [0, 1, 1]


def test_control_characters_do_no_harm(session: Session) -> None:
    fault = run(session, "def attack(): raise ValueError('\\x1b[31mred\\x1b[0m \\x00 \\u202e <script>')")
    assert fault.message.startswith("ValueError: red \\x00 \\u202e <script>")


def test_a_forged_answer_is_no_more_than_a_claim(session: Session) -> None:
    source = """
    def attack():
        text = b"s" + struct.pack("<I", 2) + b"ok"
        value = b"t" + struct.pack("<I", 2) + text + b"T"
        while True:
            os.write(4, struct.pack("<BQ", 2, len(value)) + value)
    """
    assert run(session, source, limits=QUICK) is True


# --- nothing left for the next ---------------------------------------------------------------------


def test_nothing_is_left_for_the_next_child(session: Session) -> None:
    source = """
    def attack():
        found = os.listdir("."), hasattr(np, "mark"), os.environ.get("MARK"), "marked" in sys.modules
        open("mark", "w").close()
        np.mark = 1
        os.environ["MARK"] = "x"
        sys.modules["marked"] = sys
        os.umask(0)
        return found
    """
    for _ in range(3):
        assert run(session, source) == ([], False, None, False)


def test_a_child_does_not_see_another_that_is_open(session: Session) -> None:
    write = definitions("def attack():\n    open('mark', 'w').close(); return os.getcwd(), os.getpid()")
    look = definitions("def attack(where, pid): return os.listdir(where), refused(lambda: os.kill(pid, 0))")
    with session.student(write, LIMITS) as first, session.student(look, LIMITS) as second:
        where, pid = first.call("attack")
        assert second.call("attack", where, pid) == ([], "EPERM")
        assert first.call("attack")[0] == where


def test_a_background_thread_ends_with_its_child(session: Session) -> None:
    source = """
    def attack():
        def spin():
            while True:
                time.sleep(0.01)
        threading.Thread(target=spin).start()
        return threading.active_count()
    """
    assert run(session, source) == 2


def test_sessions_side_by_side_do_not_meet(session: Session) -> None:
    results: list[Any] = []

    def work() -> None:
        with open_session(POLICY) as other:
            results.append(run(other, "def attack(): return os.getpid(), os.listdir('.')"))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found for _, found in results] == [[], [], []]


def test_the_group_caps_all_children_together(session: Session) -> None:
    group = session._box.cgroup  # type: ignore[attr-defined]
    if group is None:
        pytest.skip("no control group can be made here")
    name = {1: "memory.limit_in_bytes", 2: "memory.max"}[group.version]
    file = Path(group.folders[0]) / name
    with session.student(definitions("def attack(): pass"), LIMITS) as one:
        one.call("attack")
        alone = int(file.read_text())
        assert alone == (OWN_MB + LIMITS.memory_mb + LIMITS.tmp_mb) << 20
        with session.student(definitions("def attack(): pass"), LIMITS) as other:
            other.call("attack")
            assert int(file.read_text()) > alone
    assert (Path(group.folders[-1]) / "pids.max").read_text().strip() == "128"


def test_limits_are_those_asked_for(session: Session) -> None:
    limits = Limits(cpu_seconds=2.5, memory_mb=700, tmp_mb=3, threads=5, open_files=40)
    source = """
    def attack():
        names = ("CPU", "AS", "FSIZE", "NOFILE", "CORE", "STACK")
        return [list(resource.getrlimit(getattr(resource, "RLIMIT_" + name))) for name in names]
    """
    found = run(session, source, limits=limits)
    assert found == [[3, 4], [700 << 20] * 2, [3 << 20] * 2, [40, 40], [0, 0], [8 << 20] * 2]
