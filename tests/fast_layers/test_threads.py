"""Any number of threads gives the same bits; many callers at once, and forks, do no harm."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from cases import DTYPES, LARGE, OPERATIONS, Case, draw_case
from oracle import Array
from processes import last_words, run_child
from under_test import fastconv, settings

MANY = (2, 3, 5, 64)


def bits(results: list[Array]) -> list[bytes]:
    return [array.tobytes() for array in results]


@pytest.mark.parametrize("instruction_set", fastconv.INSTRUCTION_SETS)
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_number_of_threads_changes_no_bit(operation: str, dtype: str, instruction_set: str) -> None:
    for sizes in LARGE[operation]:
        case = Case(operation, dtype, OPERATIONS[operation].data[-1], sizes)
        arguments = case.arguments()
        with settings(instruction_set, 1):
            alone = bits(case.call(fastconv, arguments))
        for threads in MANY:
            with settings(instruction_set, threads):
                assert bits(case.call(fastconv, arguments)) == alone, threads


def many_cases() -> list[Case]:
    """All functions and types are mixed, in small and large cases."""
    rng = np.random.default_rng(3)
    drawn = [
        draw_case(lambda a, b: int(rng.integers(a, b + 1)), operation, dtype)
        for operation in OPERATIONS
        for dtype in DTYPES
        for _ in range(4)
    ]
    large = [Case(name, "float32", OPERATIONS[name].data[0], LARGE[name][0]) for name in OPERATIONS]
    cases = drawn + large
    return [cases[i] for i in rng.permutation(len(cases))]


def test_many_callers_at_once_get_what_each_gets_alone() -> None:
    cases = many_cases()
    given = [case.arguments() for case in cases]
    alone = [bits(case.call(fastconv, args)) for case, args in zip(cases, given, strict=True)]
    over = threading.Event()

    def change_settings() -> None:
        while not over.is_set():
            for threads in (1, 2, 3, 5):
                fastconv.set_num_threads(threads)

    def call(i: int) -> bool:
        return bits(cases[i].call(fastconv, given[i])) == alone[i]

    changer = threading.Thread(target=change_settings)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    with settings(fastconv.instruction_set(), 2):
        changer.start()
        try:
            with ThreadPoolExecutor(8) as callers:
                right = list(callers.map(call, list(range(len(cases))) * 4))
        finally:
            over.set()
            changer.join()
            sys.setswitchinterval(interval)
    assert all(right), [cases[i % len(cases)] for i, each in enumerate(right) if not each]


def test_the_memory_of_a_thread_grows_with_what_it_is_asked_for() -> None:
    """A small, a large and a small case, in a thread whose memory is freed with it."""
    small = Case("conv_backward", "float64", "real", LARGE["conv_backward"][1]._replace(images=1, height=9))
    large = Case("conv_backward", "float64", "real", LARGE["conv_backward"][0])
    found = []
    thread = threading.Thread(
        target=lambda: found.extend(
            bits(case.call(fastconv, case.arguments())) for case in (small, large, small)
        )
    )
    thread.start()
    thread.join()
    assert found == [bits(case.call(fastconv, case.arguments())) for case in (small, large, small)]


@pytest.mark.parametrize("what", ["fork_after_use", "fork_during_use"])
def test_forks(what: str) -> None:
    done = run_child(what)
    assert done.returncode == 0, last_words(done)
