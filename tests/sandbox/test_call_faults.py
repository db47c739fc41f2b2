"""Faults of calls: what each says, and how the handle goes on after it."""

from __future__ import annotations

import msgspec
import pytest
from calling import CODE, as_definitions, fault_of
from inside import LIMITS

from autograder.authoring.student import FaultKind, Handle, Session, Student
from autograder.errors import GraderFault
from autograder.model import Chunk, Definitions


def test_an_exception_names_the_function_and_the_line_in_it(student: Student) -> None:
    fault = fault_of(student, "boom", "bad shape")
    line = 2 + CODE.splitlines().index("    raise ValueError(text)") + 1
    assert fault.kind is FaultKind.RAISED
    assert fault.message == "ValueError: bad shape (line 2 of `inner`: `raise ValueError(text)`)"
    assert f'File "<cell 4>", line {line}, in inner\n    raise ValueError(text)' in fault.traceback
    assert "runner" not in fault.traceback
    assert student.call("double", 2) == 4


def test_a_missing_name_is_reported(student: Student) -> None:
    fault = fault_of(student, "conv_forward_naive")
    assert fault.kind is FaultKind.MISSING
    assert fault.message == "`conv_forward_naive` is not defined in the notebook"


def test_a_definition_that_failed_is_reported(place: Session) -> None:
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


def test_a_limit_of_time_holds_even_if_the_code_catches_it(place: Session) -> None:
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


def test_a_value_without_a_form_on_the_wire_is_the_grader_s_fault(student: Student) -> None:
    with pytest.raises(GraderFault, match="a set, which has no form on the wire"):
        student.call("echo", {1, 2})
    assert student.call("double", 1) == 2
