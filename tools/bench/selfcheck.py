"""Measure the self-check as a student waits for it: the whole command, in a copy of the release.

The yardstick is a plain import of NumPy, which each of the check's processes needs too. All take turns, so
that a busy machine is busy for all.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from autograder.model import Struct

YARDSTICK = 'python -I -c "import numpy"'


class Wait(Struct):
    """Record how long one command took: seconds, and the median as a multiple of the yardstick's median."""

    name: str
    median: float
    least: float
    greatest: float
    ratio: float


def measure_selfcheck(release: Path, half: Path, done: Path, rounds: int) -> list[Wait]:
    """Time the check of an untouched, a half-done and a done notebook, and of one that has not changed.

    Parameters
    ----------
    release : Path
        The release's folder.
    half, done : Path
        Folders with a notebook, and perhaps a PDF.
    rounds : int
        How often each takes its turn.
    """
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder:
        scratch = Path(folder)
        candidates = dict(_candidates(release, {"half done": half, "done": done}, scratch))
        times: dict[str, list[float]] = {name: [] for name in candidates}
        for _ in range(rounds):
            for name, run in candidates.items():
                start = time.perf_counter()
                run()
                times[name].append(time.perf_counter() - start)
    plain = statistics.median(times[YARDSTICK])
    return [_wait(name, taken, plain) for name, taken in times.items()]


def _wait(name: str, taken: list[float], plain: float) -> Wait:
    median = statistics.median(taken)
    return Wait(
        name=name,
        median=round(median, 3),
        least=round(min(taken), 3),
        greatest=round(max(taken), 3),
        ratio=round(median / plain, 1),
    )


def _candidates(
    release: Path, works: Mapping[str, Path], scratch: Path
) -> Iterator[tuple[str, Callable[[], None]]]:
    yield YARDSTICK, lambda: _run(["-I", "-c", "import numpy"], scratch, scratch)
    yield "autograder --help", lambda: _run(["-m", "autograder", "--help"], scratch, scratch)
    for name, work in {"untouched": release, **works}.items():
        folder, cache = scratch / name, scratch / f"cache of {name}"
        shutil.copytree(release, folder)
        shutil.copytree(work, folder, dirs_exist_ok=True)
        yield name, lambda folder=folder, cache=cache: _check(folder, cache, fresh=True)
        yield f"{name}, unchanged", lambda folder=folder, cache=cache: _check(folder, cache, fresh=False)


def _check(folder: Path, cache: Path, *, fresh: bool) -> None:
    if fresh:
        shutil.rmtree(cache, ignore_errors=True)
    _run(["-m", "autograder", "check"], folder, cache)


def _run(arguments: list[str], folder: Path, cache: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode())
