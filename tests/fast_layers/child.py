"""Run an experiment that needs a process of its own: ``python child.py NAME ARGUMENTS…``.

It prints each step before it takes it, so that the last line names the step during which it died.
"""

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable

import numpy as np
from cases import DTYPES, EMPTY, LARGE, OPERATIONS, Case, Sizes, draw_case
from guarded_memory import guarded
from oracle import Array
from under_test import fastconv, settings

PARALLEL = Case("conv_backward", "float32", "real", LARGE["conv_backward"][0])
OTHER = Case("conv_relu_pool_forward", "float64", "coarse", Sizes(40, 3, 12, 12, 8, 3, 3, 1, 1))


# --- guard pages -----------------------------------------------------------------------------------


def touch(place: str) -> None:
    """Read the number before or after an array, which must end the process."""
    with guarded(at_end=place == "end"):
        array = np.ones(7)
    step = array.nbytes if place == "end" else -1
    print(f"reading at {place}", flush=True)
    print(ctypes.c_ubyte.from_address(array.ctypes.data + step).value)


def calls(place: str, operation: str, count: str) -> None:
    """Call a function with all types and instruction sets, all arrays between guard pages."""
    for dtype in DTYPES:
        for case in guarded_cases(operation, dtype, int(count)):
            for instruction_set in fastconv.INSTRUCTION_SETS:
                with settings(instruction_set, case.seed % 3 + 1):
                    print(case, instruction_set, case.seed % 3 + 1, flush=True)
                    call_guarded(case, at_end=place == "end")


def guarded_cases(operation: str, dtype: str, count: int) -> list[Case]:
    rng = np.random.default_rng(7)
    drawn = [draw_case(lambda a, b: int(rng.integers(a, b + 1)), operation, dtype) for _ in range(count)]
    edges = (*LARGE[operation], *EMPTY[operation])
    return [*drawn, *(Case(operation, dtype, OPERATIONS[operation].data[0], sizes) for sizes in edges)]


def call_guarded(case: Case, at_end: bool) -> None:
    arguments = case.arguments()
    free = case.call(fastconv, arguments)
    with guarded(at_end):
        copies = tuple(each.copy() if isinstance(each, np.ndarray) else each for each in arguments)
        found = case.call(fastconv, copies)
    assert_same(found, free)


def assert_same(found: list[Array], expected: list[Array]) -> None:
    """Require results that are equal bit for bit."""
    for one, other in zip(found, expected, strict=True):
        assert one.tobytes() == other.tobytes(), "the results are not the same"


# --- forks -------------------------------------------------------------------------------------------


def in_child(action: Callable[[], None]) -> None:
    """Do something in a forked process, which must succeed within half a minute."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            action()
            status = 0
        finally:
            os._exit(status)
    wait_for(pid)


def wait_for(pid: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            assert status == 0, f"the forked process ended with status {status}"
            return
        time.sleep(0.002)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    raise AssertionError("the forked process hung")


def fork_after_use() -> None:
    """Compute in forked processes, with other numbers of threads too, and in processes that these fork."""
    fastconv.set_num_threads(2)
    arguments = PARALLEL.arguments()
    expected = PARALLEL.call(fastconv, arguments)

    def compute() -> None:
        assert fastconv.num_threads() == 2
        for threads in (2, 3, 1, 5):
            fastconv.set_num_threads(threads)
            assert_same(PARALLEL.call(fastconv, arguments), expected)

    def compute_and_fork() -> None:
        compute()
        fastconv.set_num_threads(2)
        in_child(compute)

    for _ in range(5):
        in_child(compute)
        assert_same(PARALLEL.call(fastconv, arguments), expected)
    in_child(compute_and_fork)


def fork_during_use() -> None:
    """Fork while other threads are inside calls, and change the number of threads meanwhile."""
    fastconv.set_num_threads(3)
    arguments = PARALLEL.arguments()
    expected = PARALLEL.call(fastconv, arguments)
    over, faults = threading.Event(), []

    def compute_on() -> None:
        while not over.is_set():
            if [a.tobytes() for a in PARALLEL.call(fastconv, arguments)] != [a.tobytes() for a in expected]:
                faults.append("another result")

    def compute() -> None:
        assert_same(PARALLEL.call(fastconv, arguments), expected)
        fastconv.set_num_threads(2)
        assert_same(PARALLEL.call(fastconv, arguments), expected)

    threads = [threading.Thread(target=compute_on, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for i in range(40):
            in_child(compute)
            fastconv.set_num_threads(i % 4 + 1)
    finally:
        over.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a thread hung"
    assert faults == []


if __name__ == "__main__":
    {f.__name__: f for f in (touch, calls, fork_after_use, fork_during_use)}[sys.argv[1]](*sys.argv[2:])
