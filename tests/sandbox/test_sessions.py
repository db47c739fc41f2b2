"""Sessions: what the code of a policy sees, and what happens to a sandbox that fails or ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import msgspec
import pytest
from calling import CODE, as_definitions, fault_of
from inside import LIMITS, POLICY, box_of

from autograder.authoring.student import FaultKind
from autograder.errors import GraderFault, SandboxError
from autograder.execution.plain import open_session as open_plain
from autograder.sandbox import Policy, box, open_session


@pytest.mark.usefixtures("walls")
def test_support_code_and_modules_can_be_imported(tmp_path: Path) -> None:
    folder = tmp_path / "course" / "HW5_code"
    folder.mkdir(parents=True)
    (folder / "layers.py").write_text("def relu(x): return x * (x > 0)\n")
    (folder / "__init__.py").touch()
    (tmp_path / "course" / "secret.py").write_text("answer = 42\n")
    module = tmp_path / "fastthing.py"
    module.write_text("def speed(): return 9\n")
    tmp_path.chmod(0o700)
    (folder / "layers.py").chmod(0o600)
    policy = Policy(support=(folder,), extra_modules=(module,), preload=("HW5_code.layers",))
    source = """
    import os, fastthing, HW5_code
    from HW5_code.layers import *
    def look():
        return relu(-3), fastthing.speed(), os.path.dirname(HW5_code.__file__), os.listdir("/opt/support")
    def secret():
        import secret
    """
    sandbox, plain = open_session(policy), open_plain((folder,), (module,))
    with sandbox as session, session.student(as_definitions(source), LIMITS) as student:
        assert student.call("look")[:3] == (0, 9, "/opt/support/HW5_code")
        assert sorted(student.call("look")[3]) == ["HW5_code", "fastthing.py"]
        secret = fault_of(student, "secret").message
        assert secret.startswith("`secret` is not available here (line 2 of `secret`)")
        assert secret.endswith("You may import the standard library, HW5_code and numpy.")
    source = source.replace("/opt/support", ".")
    with plain as session, session.student(as_definitions(source), LIMITS) as student:
        assert student.call("look")[:2] == (0, 9)


@pytest.mark.usefixtures("walls")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root stages what its sandboxes are shown")
def test_a_course_below_the_stage_is_seen() -> None:
    with open_session(POLICY) as session:
        stage = box_of(session)._spawner.stage.root
    with tempfile.TemporaryDirectory(dir=stage) as below:
        folder = Path(below) / "kit"
        folder.mkdir()
        (folder / "__init__.py").write_text("answer = 42\n")
        definitions = as_definitions("import kit\ndef look(): return kit.answer")
        with (
            open_session(Policy(support=(folder,))) as session,
            session.student(definitions, LIMITS) as student,
        ):
            assert student.call("look") == 42


def test_a_preload_that_fails_is_the_grader_s_fault() -> None:
    with (
        pytest.raises(GraderFault, match="`no_such_module` can't be imported in the sandbox: ModuleNotFound"),
        open_session(Policy(preload=("no_such_module",))),
    ):
        pass


def test_a_policy_that_names_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="can't be read, but the sandbox's policy names it"):
        open_session(Policy(support=(tmp_path / "gone",))).__enter__()


@pytest.mark.usefixtures("walls")
def test_walls_that_keep_files_from_check_to_check_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = box.Box._wait_until_ready

    def without(self: box.Box) -> box.Ready:
        return msgspec.structs.replace(heard(self), own_work=False, landlock=0)

    monkeypatch.setattr(box.Box, "_wait_until_ready", without)
    with (
        pytest.raises(SandboxError, match="a check could find the files of an earlier one"),
        open_session(POLICY),
    ):
        pass


def test_a_sandbox_that_ended_is_opened_again() -> None:
    with open_session(POLICY) as session:
        first = box_of(session)._process.pid
        with session.student(as_definitions(CODE), LIMITS) as student:
            assert student.call("count") == 1
            signal.pidfd_send_signal(box_of(session)._init, signal.SIGKILL)
            with pytest.raises(GraderFault, match="the sandbox"):
                student.call("hang")
            assert student.call("count") == 1
        assert box_of(session)._process.pid != first
        with session.student(as_definitions(CODE), LIMITS) as student:
            assert student.call("count") == 1


@pytest.mark.usefixtures("walls")
def test_a_harness_that_does_not_answer_costs_the_sandbox_only() -> None:
    limits = msgspec.structs.replace(LIMITS, wall_seconds=0.5)
    with open_session(POLICY) as session, session.student(as_definitions(CODE), limits) as student:
        student.call("count")
        harness = _harness_of(session)
        os.kill(harness, signal.SIGSTOP)
        assert fault_of(student, "hang").kind is FaultKind.WALL
        assert student.call("count") == 1


def _harness_of(session: Any) -> int:
    """The harness's process id outside: the first process's only child."""
    first = int(Path(f"/proc/self/fdinfo/{box_of(session)._init}").read_text().split("Pid:")[1].split()[0])
    return int(Path(f"/proc/{first}/task/{first}/children").read_text().split()[0])


@pytest.mark.usefixtures("walls")
def test_matplotlib_draws_off_screen() -> None:
    pytest.importorskip("matplotlib")
    source = """
    import matplotlib, matplotlib.pyplot as plt, scipy.signal
    def draw():
        plt.plot([1, 2]); plt.show(); plt.savefig("x.png")
        return matplotlib.get_backend(), scipy.signal.convolve([1, 2], [1, 1]).tolist()
    """
    limits = msgspec.structs.replace(LIMITS, cpu_seconds=5, memory_mb=1024)
    policy = Policy(imports=("numpy", "matplotlib", "scipy"))
    with open_session(policy) as session, session.student(as_definitions(source), limits) as student:
        backend, sums = student.call("draw")
        assert student.printed().text.count("\n") <= 2
    assert backend.lower() == "agg"
    assert sums == [1, 3, 2]


def test_a_self_check_does_not_need_linux() -> None:
    source = """
    import sys
    for name in ("fcntl", "resource", "pyseccomp"):
        sys.modules[name] = None
    import subprocess
    from autograder.model import Chunk, Definitions
    from autograder.authoring.student import Limits
    sys.modules["autograder.sandbox.session"] = None
    import autograder.execution.plain as plain
    for name in ("fcntl", "resource", "pyseccomp"):
        assert sys.modules[name] is None
    chunk = Chunk(source="def f(): return 2", names=("f",), cell=1)
    with plain.open_session() as session:
        with session.student(Definitions(chunks=(chunk,)), Limits()) as student:
            print(student.call("f"))
    """
    source = textwrap.dedent(source)
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.stdout == "2\n", done.stderr
