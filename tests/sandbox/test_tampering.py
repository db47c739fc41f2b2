"""An answer is a claim: code that patches, lies or forges gets the score that its results deserve."""

from __future__ import annotations

import numpy as np
import pytest
from attacks import QUICK, X86
from inside import run

from autograder.authoring.student import FaultKind, Session, StudentFault

only_x86 = pytest.mark.skipif(not X86, reason="the system call's number is x86-64's")

pytestmark = pytest.mark.usefixtures("nothing_left")


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
def test_answers_are_plain_values(session: Session, name: str) -> None:
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
