"""Growth by multiplying: a reader of four times the input takes about four times as long, not sixteen."""

import time

FACTOR = 4
TRIES = 4


def seconds(work, value):
    start = time.process_time()
    work(value)
    return time.process_time() - start


def grows_linearly(work, make, size):
    """Decide whether `work` on `make(4 * size)` takes less than 2.2 times as long as linear growth allows.

    Processor time is compared with processor time, several times where a measurement was disturbed.
    """
    for _ in range(TRIES):
        small, large = seconds(work, make(size)), seconds(work, make(FACTOR * size))
        if large < 2.2 * FACTOR * small + 0.002:
            return True
    return False
