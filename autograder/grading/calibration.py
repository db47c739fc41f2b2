"""How slow this machine is beside the one that limits were written on, and what limits follow.

A naive loop, the kind of code that meets a limit of time, is measured once before a batch, by the grader
itself: nothing that a submission does changes it. On a slower machine the limits of time grow by the same
factor; on a faster one they stay, so that nobody loses points by a machine.
"""

from __future__ import annotations

import math
import time

import numpy as np

# Processor time of `naive_loop` in seconds on a machine where the limits are meant as written.
REFERENCE_SECONDS = 0.030
# Beyond this a machine is not slow but overloaded, and limits would mean nothing.
MOST = 8.0
# Measurements differ by a few per cent: the factor goes in steps, so that two batches have the same limits.
STEP = 0.5
_SIDE, _TRIES = 200, 7


def naive_loop() -> float:
    """Give the sum of products of an array's elements, one by one."""
    array, total = np.ones((_SIDE, _SIDE)), 0.0
    for i in range(_SIDE):
        for j in range(_SIDE):
            total += array[i, j] * array[j, i]
    return total


def measure() -> float:
    """Give the processor time of a naive loop in seconds, the least of a few runs."""
    times = []
    for _ in range(_TRIES):
        start = time.process_time()
        naive_loop()
        times.append(time.process_time() - start)
    return min(times)


def slowness_of(seconds: float) -> float:
    """Give the factor for limits of time from a naive loop's seconds: 1 or more, in steps, up to `MOST`.

    >>> slowness_of(REFERENCE_SECONDS / 3), slowness_of(REFERENCE_SECONDS * 1.2), slowness_of(100.0)
    (1.0, 1.5, 8.0)
    """
    steps = math.ceil(seconds / REFERENCE_SECONDS / STEP)
    return min(MOST, max(1.0, steps * STEP))
