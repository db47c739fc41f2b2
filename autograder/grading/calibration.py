"""Measure how much slower this machine is than the one for which the time limits were written.

The grader times a naive loop, the kind of code that meets a time limit, once before a batch. No submission
can change the result. On a slower machine the time limits grow by the same factor; on a faster one they stay.
So nobody loses points because of the machine.
"""

from __future__ import annotations

import math
import time

import numpy as np

# Processor time of `naive_loop` in seconds on a machine where the limits are meant as written.
REFERENCE_SECONDS = 0.030
# A machine slower than this is overloaded, and longer limits would mean nothing.
MOST = 8.0
# Measurements differ by a few per cent. The factor is rounded up, so that two batches have the same limits.
STEP = 0.5
_SIDE, _TRIES = 200, 7


def naive_loop() -> float:
    """Add up products of an array's elements, one by one."""
    array, total = np.ones((_SIDE, _SIDE)), 0.0
    for i in range(_SIDE):
        for j in range(_SIDE):
            total += array[i, j] * array[j, i]
    return total


def measure() -> float:
    """Measure the processor time of a naive loop in seconds: the least of a few runs."""
    times = []
    for _ in range(_TRIES):
        start = time.process_time()
        naive_loop()
        times.append(time.process_time() - start)
    return min(times)


def slowness_of(seconds: float) -> float:
    """Give the factor for time limits, from 1 to `MOST` in steps of `STEP`, from a naive loop's seconds.

    >>> slowness_of(REFERENCE_SECONDS / 3), slowness_of(REFERENCE_SECONDS * 1.2), slowness_of(100.0)
    (1.0, 1.5, 8.0)
    """
    steps = math.ceil(seconds / REFERENCE_SECONDS / STEP)
    return min(MOST, max(1.0, steps * STEP))
