"""The handle on a student's code: what calls give, what faults say, and how it goes on after them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from in_process import InProcess
from inside import LIMITS, POLICY, box_of

from autograder.authoring.student import FaultKind, Handle, Keep, Session, Student, StudentFault
from autograder.errors import GraderFault, SandboxError
from autograder.execution.plain import open_session as open_plain
from autograder.model import Chunk, Definitions
from autograder.sandbox import Policy, box, open_session

CODE = """
import numpy as np
import random
import time, os, sys

counter = 0

def double(x):
    return x * 2

def forward(x, w=1):
    return x + w, (x, w, {"stride": 1})

def backward(dout, cache):
    x, w, param = cache
    return dout * x, dout * w

def echo(value):
    return value

def count():
    global counter
    counter += 1
    print("called", counter)
    return counter

def draw():
    return float(np.random.rand()), random.random()

def boom(text):
    return inner(text)

def inner(text):
    raise ValueError(text)

def hang():
    time.sleep(100)

def die():
    os._exit(7)

def warn():
    import warnings
    warnings.warn("careful")
    return np.array([1.0]) / 0

def ask():
    return input("name? ")

class Net:
    rate = 0.5
    def __init__(self, size=3):
        self.size = size
        self.params = {"W": np.ones((size, 2))}
    def loss(self, x):
        return float(np.sum(x @ self.params["W"])), dict(self.params)
"""


def as_definitions(source: str, **more: Any) -> Definitions:
    chunk = Chunk(source=textwrap.dedent(source), names=(), cell=4, line=3)
    return Definitions(chunks=(chunk,), **more)


@pytest.fixture(scope="module", params=["sandbox", "plain"])
def place(request: pytest.FixtureRequest) -> Iterator[Session]:
    if request.param == "plain":
        with open_plain() as plain:
            yield plain
    else:
        yield request.getfixturevalue("session")


@pytest.fixture
def student(place: Session) -> Iterator[Student]:
    with place.student(as_definitions(CODE), LIMITS) as opened:
        yield opened


def fault_of(student: Student, *call: Any, **kwargs: Any) -> StudentFault:
    with pytest.raises(StudentFault) as caught:
        student.call(*call, **kwargs)
    return caught.value


# --- values and handles ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [None, True, -3, 1 << 70, 2.5, "grüße", [1, [2.0]], (1, "a"), {"a": {"b": None}}, 1j],
    ids=repr,
)
def test_plain_values_come_back_equal(student: Student, value: Any) -> None:
    found = student.call("echo", value)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i4", "i8", "f2", "f4", "f8", "c16"])
def test_arrays_come_back_equal(student: Student, dtype: str) -> None:
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)
    for given in (array, array.T, array[:, ::2], array[:0], array[0, 0, 0:1].reshape(())):
        found = student.call("echo", given)
        np.testing.assert_array_equal(found, given)
        assert found.dtype == given.dtype
        assert found.shape == given.shape


def test_the_handle_behaves_like_one_in_this_process(student: Student) -> None:
    names: dict[str, Any] = {}
    exec(CODE, names)
    here = InProcess(names)
    for one in (student, here):
        out, cache = one.call("forward", np.arange(3.0), keep=[1])
        assert out.tolist() == [1, 2, 3]
        assert isinstance(cache, Handle)
        assert cache.kind == "tuple"
        dx, dw = one.call("backward", 2.0, cache)
        assert dx.tolist() == [0, 2, 4]
        assert dw == 2.0
        whole = one.call("forward", 1, w=2, keep=Keep.HANDLE)
        assert isinstance(whole, Handle)
        assert one.call("echo", whole)[0] == 3
        assert one.map("double", [(1,), (2.5,)]) == [2, 5.0]
        assert one.map("forward", [(1,), (2,)], pick=0) == [2, 3]
        net = one.call("Net", size=2, keep=Keep.HANDLE)
        assert net.kind == "Net"
        assert one.get(net, "rate") == 0.5
        one.set(net, "params", {"W": np.full((2, 2), 3.0)})
        loss, params = one.method(net, "loss", np.ones((1, 2)))
        assert loss == 12.0
        assert params["W"].tolist() == [[3, 3], [3, 3]]
        assert one.call("count", repeat=3) == 3
        one.seed(5)
        first = one.call("draw")
        one.seed(5)
        assert one.call("draw") == first


def test_what_is_not_plain_comes_back_as_a_handle(student: Student) -> None:
    net = student.call("Net")
    assert isinstance(net, Handle)
    assert student.get(net, "size") == 3
    assert student.call("echo", {"net": net})["net"].kind == "Net"


def test_what_is_printed_is_kept_in_order_and_never_an_error(student: Student) -> None:
    student.call("count")
    assert student.call("warn").tolist() == [np.inf]
    text = student.printed().text
    assert text.startswith("called 1\n")
    assert "UserWarning: careful" in text
    assert "RuntimeWarning: divide by zero" in text
    assert not student.printed().truncated


def test_all_that_a_call_printed_is_there_when_it_is_over(place: Session) -> None:
    with place.student(as_definitions(CODE), LIMITS) as student:
        for count in range(1, 200):
            student.call("count")
            assert student.printed().text.endswith(f"called {count}\n")


def test_code_that_closes_its_output_is_answered_all_the_same(place: Session) -> None:
    source = "import os\n\ndef close():\n    os.close(2)\n    return 1"
    with place.student(as_definitions(source), LIMITS) as student:
        assert student.call("close") == 1


def test_print_is_cut_at_its_cap(place: Session) -> None:
    source = "def chatter():\n    print('x' * 40000)\n    return 1"
    with place.student(as_definitions(source), LIMITS) as student:
        assert student.call("chatter") == 1
        printed = student.printed()
    assert printed.truncated
    assert printed.text == "x" * (16 << 10)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_where_a_signal_ended_the_code_is_said_and_no_part_of_what_it_printed(place: Session) -> None:
    source = "import os\n\ndef crash():\n    print('here')\n    os.abort()\n\ndef leave(): os._exit(3)"
    with place.student(as_definitions(source), LIMITS) as student:
        for _ in range(2):
            assert fault_of(student, "crash").message.endswith(
                "(a library gave up) (line 7 of the cell with `crash`)."
            )
        assert fault_of(student, "leave").message.endswith("the process itself (exit status 3).")
        assert student.printed().text.split() in (["here"] * 2, [])  # what is buffered is lost in a crash


# --- faults -------------------------------------------------------------------------------------


def test_what_is_raised_names_the_function_and_the_line_in_it(student: Student) -> None:
    fault = fault_of(student, "boom", "bad shape")
    line = 2 + CODE.splitlines().index("    raise ValueError(text)") + 1
    assert fault.kind is FaultKind.RAISED
    assert fault.message == "ValueError: bad shape (line 2 of `inner`: `raise ValueError(text)`)"
    assert f'File "<cell 4>", line {line}, in inner\n    raise ValueError(text)' in fault.traceback
    assert "runner" not in fault.traceback
    assert student.call("double", 2) == 4


def test_a_missing_name_is_said(student: Student) -> None:
    fault = fault_of(student, "conv_forward_naive")
    assert fault.kind is FaultKind.MISSING
    assert fault.message == "`conv_forward_naive` is not defined in the notebook"


def test_a_definition_that_failed_is_said(place: Session) -> None:
    chunks = (
        Chunk(source="import numpy as np", names=("np",), cell=1),
        Chunk(source="from google.colab import drive", names=("drive",), cell=1, line=2),
        Chunk(source="def good(): return 1", names=("good",), cell=2),
        Chunk(source="table = build(3)", names=("table",), cell=3, line=7),
        Chunk(source="class Broken(Missing): pass", names=("Broken",), cell=5),
        Chunk(source="def broken(:", names=("broken",), cell=6, line=2),
        Chunk(source="again = 1 / 0", names=("again",), cell=7),
        Chunk(source="again = 1", names=("again",), cell=8),
        Chunk(source="exit()", names=("leaves",), cell=9),
    )
    with place.student(Definitions(chunks=chunks), LIMITS) as student:
        assert student.call("good") == 1
        table = fault_of(student, "table").message
        assert table.startswith("`table` is not there: its definition failed: NameError: name 'build'")
        assert "(line 7 of the cell with `table = build(3)`" in table
        assert "NameError" in fault_of(student, "Broken").message
        assert "SyntaxError" in fault_of(student, "broken").message
        assert "(line 1 of `broken`)" in fault_of(student, "broken").message
        assert "ModuleNotFoundError" in (drive := fault_of(student, "drive").message) or "`google`" in drive
        assert fault_of(student, "leaves").kind is FaultKind.MISSING
        assert fault_of(student, "again").kind is FaultKind.RAISED  # an int, which can't be called


def test_input_is_empty(student: Student) -> None:
    fault = fault_of(student, "ask")
    assert fault.kind is FaultKind.RAISED
    assert fault.message.startswith("Your code waits for input (line 2 of `ask`)")
    assert fault.message.endswith("nobody is there to type: write the value into the code.")


def test_a_new_child_follows_one_that_ended(student: Student) -> None:
    net = student.call("Net")
    assert student.call("count") == 1
    fault = fault_of(student, "die")
    assert fault.kind is FaultKind.CRASHED
    assert "exit status 7" in fault.message
    assert student.call("count") == 1
    gone = fault_of(student, "echo", net)
    assert gone.kind is FaultKind.CRASHED
    assert "the process that held the Net is gone" in gone.message
    assert student.call("count") == 2


def test_a_handle_of_another_child_is_not_taken(place: Session) -> None:
    with (
        place.student(as_definitions(CODE), LIMITS) as one,
        place.student(as_definitions(CODE), LIMITS) as other,
    ):
        net = one.call("Net")
        other.call("Net")
        assert fault_of(other, "echo", net).kind is FaultKind.CRASHED
        assert one.get(net, "size") == 3


def test_the_clock_ends_a_call(place: Session) -> None:
    limits = msgspec.structs.replace(LIMITS, wall_seconds=0.5)
    with place.student(as_definitions(CODE), limits) as student:
        student.call("count")
        fault = fault_of(student, "hang")
        assert fault.kind is FaultKind.WALL
        assert fault.is_limit
        assert student.call("count") == 1


@pytest.mark.parametrize(
    ("body", "limit"),
    [("while True: pass", "cpu_seconds"), ("import time; time.sleep(100)", "wall_seconds")],
)
def test_a_limit_of_time_names_the_line(place: Session, body: str, limit: str) -> None:
    limits = msgspec.structs.replace(LIMITS, **{limit: 1})
    source = f"def attack():\n    x = 1\n    {body}"
    with place.student(as_definitions(source), limits) as student:
        fault = fault_of(student, "attack")
        assert fault.is_timeout
        assert "(line 3 of `attack`)" in fault.message
        assert body in fault.traceback


def test_a_limit_of_time_that_the_code_catches_is_met_all_the_same(place: Session) -> None:
    source = """
    import time
    def attack():
        try:
            time.sleep(100)
        except BaseException:
            return 42
    """
    limits = msgspec.structs.replace(LIMITS, wall_seconds=0.5)
    with place.student(as_definitions(source), limits) as student:
        assert fault_of(student, "attack").kind is FaultKind.WALL


def test_a_call_within_its_time_is_not_interrupted_later(place: Session) -> None:
    source = "import time\ndef wait(seconds):\n    time.sleep(seconds)\n    return seconds"
    limits = msgspec.structs.replace(LIMITS, wall_seconds=2)
    with place.student(as_definitions(source), limits) as student:
        assert [student.call("wait", 0.55) for _ in range(4)] == [0.55] * 4
        assert student.call("wait", 0) == 0


@pytest.mark.parametrize("source", ["while True: pass", "import os; os._exit(3)"])
def test_definitions_that_do_not_end_cost_their_time_once(place: Session, source: str) -> None:
    limits = msgspec.structs.replace(LIMITS, wall_seconds=1)
    with place.student(as_definitions(source), limits) as student:
        first = fault_of(student, "anything")
        assert first.message.startswith("Running the definitions ")
        assert fault_of(student, "anything") is first


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("while True: print('x' * 1000)", FaultKind.OUTPUT),
        ("while True: pass", FaultKind.CPU),
        ("return np.ones(1 << 30)", FaultKind.MEMORY),
        ("return np.zeros(2 << 20)", FaultKind.OUTPUT),
        ("return np.array([None])", FaultKind.UNSUPPORTED),
        ("return [object() for _ in range(3)]", None),
    ],
)
def test_limits_hold_in_every_place(place: Session, body: str, kind: FaultKind | None) -> None:
    source = f"import numpy as np\ndef attack():\n    {body}"
    limits = msgspec.structs.replace(LIMITS, cpu_seconds=1 if kind is FaultKind.CPU else 5)
    with place.student(as_definitions(source), limits) as student:
        if kind is None:
            assert all(isinstance(value, Handle) for value in student.call("attack"))
        else:
            assert fault_of(student, "attack").kind is kind


def test_old_habits_are_emulated_where_asked_and_in_that_child_only(place: Session) -> None:
    source = """
    import numpy as np
    def old():
        a = np.zeros(3).astype(np.int)
        padded = np.lib.pad(a, 1, "constant")
        folded = np.reshape(np.arange(4), newshape=(2, 2))
        return [i for i in xrange(2)], a.dtype.kind, padded.shape, folded.shape, long(3), unicode("a")
    """
    habits = ("np.int", "np.lib.pad", "np.reshape.newshape", "xrange", "long", "unicode", "not a habit")
    with place.student(as_definitions(source, compat=habits), LIMITS) as student:
        assert student.call("old") == ([0, 1], "i", (5,), (2, 2), 3, "a")
    with place.student(as_definitions(source), LIMITS) as student:
        assert "AttributeError" in fault_of(student, "old").message


def test_the_notebook_s_shell_is_a_stub(place: Session) -> None:
    source = """
    get_ipython().run_line_magic("matplotlib", "inline")
    get_ipython().system("ls")
    display("x")
    def fine(): return __name__
    """
    with place.student(as_definitions(source), LIMITS) as student:
        assert student.call("fine") == "__main__"


def test_dataclasses_and_pickling_find_their_module(place: Session) -> None:
    source = """
    import dataclasses, pickle
    @dataclasses.dataclass
    class Settings:
        rate: "float" = 1e-3
    def fine(): return pickle.loads(pickle.dumps(Settings(2.0))).rate
    """
    with place.student(as_definitions(source), LIMITS) as student:
        assert student.call("fine") == 2.0


def test_large_arrays_go_both_ways(place: Session) -> None:
    limits = msgspec.structs.replace(LIMITS, memory_mb=2048, result_mb=64)
    array = np.random.default_rng(0).standard_normal(4 << 20)
    with place.student(as_definitions(CODE), limits) as student:
        np.testing.assert_array_equal(student.call("echo", array), array)


def test_what_has_no_form_is_our_fault(student: Student) -> None:
    with pytest.raises(GraderFault, match="a set, which has no form on the wire"):
        student.call("echo", {1, 2})
    assert student.call("double", 1) == 2


# --- the sandbox itself ------------------------------------------------------------------------------


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
        assert secret.endswith("is the standard library and HW5_code, numpy.")
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


def test_a_preload_that_fails_is_our_fault() -> None:
    with (
        pytest.raises(GraderFault, match="`no_such_module` can't be imported in the sandbox: ModuleNotFound"),
        open_session(Policy(preload=("no_such_module",))),
    ):
        pass


def test_a_policy_that_names_what_is_not_there_is_said(tmp_path: Path) -> None:
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


def test_a_self_check_needs_nothing_of_linux() -> None:
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
