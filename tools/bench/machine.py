"""Measure the limits of this machine, and what follows from them for a work.

The peak of floating-point operations is that of a large product of matrices, by NumPy or by PyTorch, if it is
installed, whichever is faster; each runs in a process of its own. The bandwidth is that of copying an array
that fits into no cache. A work takes at least the time of its operations at the peak, and of its bytes at the
bandwidth.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from msgspec.structs import replace

from autograder.model import Struct
from bench.contender import time_work
from bench.suite import Work, environment

# Products of a millisecond or two: on a busy machine some of them are not interrupted.
SIDE, COPIED = 512, 64 << 20
SECONDS = 1.0


class Machine(Struct):
    """A machine: its name, operations a second by dtype, and bytes a second."""

    processor: str
    cores: int
    versions: str
    peak: dict[str, float]
    bandwidth: float

    def least_seconds(self, work: Work) -> float:
        """Give the least time that a work can take, in seconds."""
        return max(work.operations / self.peak[work.dtype], work.moved / self.bandwidth)

    def at_best(self, later: Machine) -> Machine:
        """Give the best that this measurement and a later one found: others may have been busy during one."""
        return replace(
            self,
            peak={dtype: max(rate, later.peak[dtype]) for dtype, rate in self.peak.items()},
            bandwidth=max(self.bandwidth, later.bandwidth),
        )


def describe() -> Machine:
    """Measure this machine; takes some seconds."""
    found = [_measured(library) for library in ("numpy", "torch")]
    peaks = [each for each in found if each]
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        versions=_versions(),
        peak={dtype: max(peak[dtype] for peak in peaks) for dtype in ("float32", "float64")},
        bandwidth=max(peak["copied"] for peak in peaks),
    )


def _measured(library: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.machine", library]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    figures: dict[str, float] = json.loads(done.stdout) if done.returncode == 0 else {}
    return figures


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for package in ("numpy", "torch"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _with_numpy(dtype: str) -> Callable[[], object]:
    a = np.ones((SIDE, SIDE), dtype=dtype)
    return lambda: a @ a


def _with_torch(dtype: str) -> Callable[[], object]:
    import torch

    a = torch.ones((SIDE, SIDE), dtype=getattr(torch, dtype))
    return lambda: a @ a


def main(library: str) -> None:
    """Print operations a second by dtype, and bytes copied a second."""
    product = {"numpy": _with_numpy, "torch": _with_torch}[library]
    figures = {
        dtype: 2 * SIDE**3 / min(time_work(product(dtype), SECONDS)) for dtype in ("float32", "float64")
    }
    source, target = np.ones(COPIED // 8), np.empty(COPIED // 8)
    copying = min(time_work(lambda: np.copyto(target, source), SECONDS))
    print(json.dumps({**figures, "copied": 2 * COPIED / copying}))


if __name__ == "__main__":
    main(sys.argv[1])
