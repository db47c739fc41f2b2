"""The compiled module under test: the installed one, or the one in the folder that FASTCONV_UNDER_TEST names.

Import it before anything of `HW5_code`, so that the students' functions use the same module.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "source" / "hw5"
FOLDER = os.environ.get("FASTCONV_UNDER_TEST")

sys.path.insert(0, str(SUPPORT))
if FOLDER:
    sys.path.insert(0, FOLDER)

import fastconv  # noqa: E402
from HW5_code import numpy_layers  # noqa: E402

if FOLDER and Path(fastconv.__file__).parent.resolve() != Path(FOLDER).resolve():
    raise ImportError(f"FASTCONV_UNDER_TEST is {FOLDER}, but {fastconv.__file__} was imported")

THREADS = (1, 2, 3)


@contextmanager
def settings(instruction_set: str, threads: int) -> Iterator[None]:
    """Compute with an instruction set and a number of threads."""
    before = fastconv.instruction_set(), fastconv.num_threads()
    fastconv.set_instruction_set(instruction_set)
    fastconv.set_num_threads(threads)
    try:
        yield
    finally:
        fastconv.set_instruction_set(before[0])
        fastconv.set_num_threads(before[1])


def ways(module: ModuleType) -> list[list[tuple[str, int]]]:
    """Give the settings in groups whose results must be the same bit for bit."""
    if module is not fastconv:
        return [[(fastconv.instruction_set(), 1)]]
    return [[(name, threads) for threads in THREADS] for name in fastconv.INSTRUCTION_SETS]


__all__ = ["FOLDER", "ROOT", "SUPPORT", "THREADS", "fastconv", "numpy_layers", "settings", "ways"]
