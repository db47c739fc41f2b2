"""Compare any number of random cases with the oracle: ``tools/check-kernels million``.

Case number i of a seed is always the same, whatever ran before it.
"""

import multiprocessing
import sys
import time
from collections.abc import Iterator

import numpy as np
from cases import DTYPES, OPERATIONS, Case, draw_case
from under_test import fastconv, settings

NAMES = tuple(OPERATIONS)
AT_A_TIME = 1000
MOST_SHOWN = 5


def case_number(seed: int, i: int) -> tuple[Case, str, int]:
    """Give case number i: the call, the instruction set and the number of threads."""
    rng = np.random.default_rng((seed, i))
    numbers = iter(rng.integers(0, 1 << 30, 64).tolist())

    def pick(least: int, most: int) -> int:
        return least + int(next(numbers)) % (most - least + 1)

    instruction_set = fastconv.INSTRUCTION_SETS[pick(0, len(fastconv.INSTRUCTION_SETS) - 1)]
    threads = pick(1, 3)
    return draw_case(pick, NAMES[pick(0, len(NAMES) - 1)], DTYPES[pick(0, 1)]), instruction_set, threads


def faults_of(seed: int, i: int) -> list[str]:
    """Say what is wrong with case number i; empty if nothing is."""
    case, instruction_set, threads = case_number(seed, i)
    arguments = case.arguments()
    with settings(instruction_set, threads):
        found = case.call(fastconv, arguments)
    faults = case.faults(found, case.expect(arguments))
    return [f"seed {seed}, case {i}: {case}, {instruction_set}, {threads} threads: {each}" for each in faults]


def _some(work: tuple[int, int, int]) -> tuple[int, list[str]]:
    seed, first, count = work
    return count, [fault for i in range(first, first + count) for fault in faults_of(seed, i)]


def _work(seed: int, first: int, cases: int) -> Iterator[tuple[int, int, int]]:
    for start in range(first, first + cases, AT_A_TIME):
        yield seed, start, min(AT_A_TIME, first + cases - start)


def run(seed: int, first: int, cases: int, processes: int, seconds: float) -> int:
    """Try cases `first` to `first + cases` of a seed within a time; count those that failed."""
    deadline, done, faults = time.monotonic() + seconds, 0, list[str]()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for count, found in pool.imap(_some, _work(seed, first, cases)):
            done += count
            faults += found
            _report(done, cases, len(faults), final=False)
            if time.monotonic() > deadline or len(faults) >= MOST_SHOWN:
                break
        pool.terminate()
    _report(done, cases, len(faults), final=True)
    for fault in faults[:MOST_SHOWN]:
        print(fault)
    if done < cases:
        rest = f"--seed {seed} --first {first + done} --cases {cases - done}"
        print(f"{done} of {cases} cases tried; the rest: {rest}")
    return len(faults)


def _report(done: int, cases: int, faults: int, final: bool) -> None:
    text = f"{done} of {cases} cases, {faults} faults"
    if sys.stdout.isatty():
        print(f"\r{text}", end="\n" if final else "", flush=True)
    elif final or done % (100 * AT_A_TIME) == 0:
        print(text, flush=True)


__all__ = ["case_number", "faults_of", "run"]
