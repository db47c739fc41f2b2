"""Calls into a student's code: the values, handles and output that come back."""

from __future__ import annotations

import sys
from typing import Any

import msgspec
import numpy as np
import pytest
from calling import CODE, as_definitions, fault_of
from in_process import InProcess
from inside import LIMITS

from autograder.authoring.student import Handle, Keep, Session, Student


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


def test_an_object_comes_back_as_a_handle(student: Student) -> None:
    net = student.call("Net")
    assert isinstance(net, Handle)
    assert student.get(net, "size") == 3
    assert student.call("echo", {"net": net})["net"].kind == "Net"


def test_output_is_kept_in_order_and_is_never_an_error(student: Student) -> None:
    student.call("count")
    assert student.call("warn").tolist() == [np.inf]
    text = student.printed().text
    assert text.startswith("called 1\n")
    assert "UserWarning: careful" in text
    assert "RuntimeWarning: divide by zero" in text
    assert not student.printed().truncated


def test_the_output_of_a_call_is_complete_when_it_ends(place: Session) -> None:
    with place.student(as_definitions(CODE), LIMITS) as student:
        for count in range(1, 200):
            student.call("count")
            assert student.printed().text.endswith(f"called {count}\n")


def test_code_that_closes_its_output_still_gives_an_answer(place: Session) -> None:
    source = "import os\n\ndef close():\n    os.close(2)\n    return 1"
    with place.student(as_definitions(source), LIMITS) as student:
        assert student.call("close") == 1


def test_output_is_cut_at_its_cap(place: Session) -> None:
    source = "def chatter():\n    print('x' * 40000)\n    return 1"
    with place.student(as_definitions(source), LIMITS) as student:
        assert student.call("chatter") == 1
        printed = student.printed()
    assert printed.truncated
    assert printed.text == "x" * (16 << 10)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
def test_the_place_of_a_crash_is_named_and_is_no_part_of_the_output(place: Session) -> None:
    source = "import os\n\ndef crash():\n    print('here')\n    os.abort()\n\ndef leave(): os._exit(3)"
    with place.student(as_definitions(source), LIMITS) as student:
        for _ in range(2):
            assert fault_of(student, "crash").message.endswith(
                "(a library gave up) (line 7 of the cell with `crash`)."
            )
        assert fault_of(student, "leave").message.endswith("the process itself (exit status 3).")
        assert student.printed().text.split() in (["here"] * 2, [])  # what is buffered is lost in a crash


def test_old_names_are_emulated_only_in_the_child_that_asks_for_them(place: Session) -> None:
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
