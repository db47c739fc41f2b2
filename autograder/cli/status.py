"""What commands share: exit statuses, and one BLAS thread a process."""

from __future__ import annotations

import os
from enum import IntEnum


class Status(IntEnum):
    """What an exit status says."""

    DONE = 0
    SOME_FAILED = 1
    USAGE = 2
    NO_SANDBOX = 3
    INTERRUPTED = 130


def one_blas_thread() -> None:
    """Keep NumPy in this process and its children to one thread: more would fight over the same cores.

    Waiting BLAS threads spin, so two of them on a busy core are many times slower than one.
    """
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
