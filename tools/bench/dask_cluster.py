"""Start a Dask scheduler and workers on this machine, as processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

_SCHEDULER = ("distributed.cli.dask_scheduler", "--no-dashboard", "--host", "127.0.0.1", "--port", "0")
_WORKER = ("distributed.cli.dask_worker", "--no-dashboard", "--nthreads", "1", "--memory-limit", "2GiB")
_PATIENCE_SECONDS = 60.0


class DaskCluster:
    """Starts and ends the processes of clusters; `folder` has their logs and the workers' files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def scheduler(self, *options: object, **environment: str) -> tuple[subprocess.Popen[bytes], str]:
        """Start a scheduler; give its process and its address."""
        there = self.folder / f"scheduler-{len(self._started)}.json"
        words = ["-m", *_SCHEDULER, "--scheduler-file", there, *options]
        process = self._start(there.stem, words, **environment)
        addresses: list[str] = []

        def answers() -> bool:
            with contextlib.suppress(OSError, ValueError):  # it is not there yet, or not whole
                addresses.append(json.loads(there.read_text(encoding="utf-8"))["address"])
            return bool(addresses)

        if not within(_PATIENCE_SECONDS, answers):
            raise RuntimeError(f"the scheduler does not start: see {there.with_suffix('.log')}")
        return process, addresses[0]

    def workers(
        self, address: str, count: int = 1, before: Sequence[str] = (), **environment: str
    ) -> subprocess.Popen[bytes]:
        """Start workers below one process, which replaces those that die."""
        name = f"worker-{len(self._started)}"
        places = ["--host", "127.0.0.1", "--nworkers", count, "--local-directory", self.folder / name]
        return self._start(name, [*before, "-m", *_WORKER, address, *places], **environment)

    def _start(self, name: str, words: Sequence[object], **environment: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, *map(str, words)]
        with (self.folder / f"{name}.log").open("wb") as log:
            variables = {**os.environ, **environment}
            process = subprocess.Popen(command, cwd=self.folder, env=variables, stdout=log, stderr=log)
        self._started.append(process)
        return process

    def end(self) -> None:
        """End all processes that were started, and those below them."""
        for process in self._started:
            below = []
            with contextlib.suppress(psutil.NoSuchProcess):
                below = psutil.Process(process.pid).children(recursive=True)
            process.kill()
            for one in below:
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()
            process.wait()


def worker_processes(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Give the worker processes below a `dask worker`."""
    below = psutil.Process(process.pid).children()
    return [one for one in below if any("spawn_main" in word for word in _words(one))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    """Wait until something has happened, for some seconds at most; say whether it has."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
