"""Growth by multiplying: a reader of four times the input takes about four times as long, not sixteen."""

import gc
import time

FACTOR = 4
TRIES = 6


def seconds(work, value):
    start = time.process_time()
    work(value)
    return time.process_time() - start


def grows_linearly(work, make, size):
    """Decide whether `work` on `make(4 * size)` takes less than 2.2 times as long as linear growth allows.

    Processor time is compared with processor time, several times where a measurement was disturbed. The
    garbage collector waits: it walks all that other tests have left in the process.
    """
    gc.disable()
    try:
        return any(_is_linear(work, make, size) for _ in range(TRIES))
    finally:
        gc.enable()


def _is_linear(work, make, size):
    small, large = seconds(work, make(size)), seconds(work, make(FACTOR * size))
    return large < 2.2 * FACTOR * small + 0.002
