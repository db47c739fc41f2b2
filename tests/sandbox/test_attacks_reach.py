"""Hostile code can use and see little, and leaves nothing for the next child."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
from attacks import X86
from inside import LIMITS, POLICY, box_of, definitions, run

from autograder.authoring.student import FaultKind, Limits, Session
from autograder.sandbox import open_session
from autograder.sandbox.box import OWN_MB

only_x86 = pytest.mark.skipif(not X86, reason="the system call's number is x86-64's")

pytestmark = pytest.mark.usefixtures("nothing_left")


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


# --- out of reach ---


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
def test_a_server_of_the_host_is_out_of_reach(session: Session, kind: str) -> None:
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


# --- nothing left for the next ---


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
    group = box_of(session).cgroup
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
