"""Grade a class here and on a Dask cluster, undisturbed and while its workers are killed, and compare.

All three must end with one report for each submission, and differ only in their times.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from autograder.errors import UsageError
from autograder.execution.tempdirs import TempDir
from autograder.model import Struct
from bench.dask_cluster import DaskCluster, worker_processes
from bench.soak import ENDED_WELL, Plan, cheap_course, compare, make_submissions


class Compared(Struct):
    """The outcome: seconds of each run, and a sentence for each thing that is wrong.

    `undisturbed` are the seconds from the first worker that was ready to the end, of the cluster and of this
    machine, so that neither's start counts. `grading` are the seconds that each submission took.
    """

    wrong: tuple[str, ...]
    here_seconds: float
    cluster_seconds: float
    disturbed_seconds: float
    deaths: int
    grading: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The throughput of the cluster's workers by that of as many processes here."""
        return self.here_seconds / self.cluster_seconds


def measure_cluster(plan: Plan, say: Callable[[str], None]) -> Compared:
    """Grade everything three times and compare; `plan.jobs` is the number of processes and of workers."""
    with contextlib.closing(_Folder()) as place:
        scratch = Path(place.name)
        course = cheap_course(plan.root, scratch / "course")
        make_submissions(plan, course, scratch / "submissions")
        say(f"{plan.count} submissions made; seed {plan.seed}")
        runs = _Runs(plan, scratch)
        runs.here("here")
        say(f"graded here with {plan.jobs} processes: {seconds_of(scratch / 'here'):.0f} s")
        runs.on_cluster("cluster", iter(()))
        say(f"graded by {plan.jobs} workers: {seconds_of(scratch / 'cluster'):.0f} s")
        draw = random.Random(plan.seed)
        moments = sorted(draw.randint(1, max(1, plan.count - 2)) for _ in range(plan.kills))
        deaths = runs.on_cluster("disturbed", iter(moments), say)
        ids = [f"n{number:05}" for number in range(plan.count)]
        here, *others = (scratch / name for name in ("here", "cluster", "disturbed"))
        wrong = [sentence for other in others for sentence in compare(here, other, ids)]
        return Compared(
            wrong=tuple(wrong),
            here_seconds=seconds_of(here),
            cluster_seconds=seconds_of(scratch / "cluster"),
            disturbed_seconds=seconds_of(scratch / "disturbed"),
            deaths=deaths,
            grading=tuple(event["seconds"] for event in _events(scratch / "cluster", "done")),
        )


class _Folder(TempDir):
    def close(self) -> None:
        self.cleanup()


class _Runs:
    """Starts batches on the same submissions."""

    def __init__(self, plan: Plan, scratch: Path) -> None:
        self._plan, self._scratch = plan, scratch
        self._draw = random.Random(plan.seed + 1)

    def _start(self, output: str, *options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "autograder", "grade", str(self._scratch / "submissions")]
        command += ["--course", str(self._scratch / "course"), "-o", str(self._scratch / output)]
        command += ["--no-training", "--slowness", "1", "--seed", str(self._plan.seed), *options]
        with (self._scratch / f"{output}.log").open("wb") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ, cwd=self._scratch)

    def _require_well(self, process: subprocess.Popen[bytes], output: str) -> None:
        if process.wait() not in ENDED_WELL:
            log = (self._scratch / f"{output}.log").read_text(encoding="utf-8", errors="replace")
            raise UsageError(f"the run `{output}` ended with {process.returncode}: {log[-1500:]}")

    def here(self, output: str) -> None:
        self._require_well(self._start(output, "--jobs", str(self._plan.jobs)), output)

    def on_cluster(
        self, output: str, moments: Iterator[int], say: Callable[[str], None] = lambda _: None
    ) -> int:
        """Grade on workers, and kill one whenever so many are graded; gives the number of deaths."""
        folder = self._scratch / f"dask-{output}"
        folder.mkdir()
        cluster, deaths = DaskCluster(folder), 0
        try:
            _, address = cluster.scheduler()
            workers = cluster.workers(address, self._plan.jobs)
            process = self._start(output, "--scheduler", address)
            for moment in moments:
                while process.poll() is None and len(_events(self._scratch / output, "done")) < moment:
                    time.sleep(0.02)
                time.sleep(self._draw.uniform(0, 1))
                alive = worker_processes(workers)
                with contextlib.suppress(psutil.Error, IndexError):
                    self._draw.choice(alive).kill()
                    deaths += 1
                    say(f"killed a worker when {moment} were graded")
            self._require_well(process, output)
        finally:
            cluster.end()
        return deaths


def _events(folder: Path, kind: str) -> list[dict[str, object]]:
    with contextlib.suppress(OSError):
        lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
        events = (json.loads(line) for line in lines if line.endswith("}"))
        return [event for event in events if event["event"] == kind]
    return []


def seconds_of(folder: Path) -> float:
    """Give the seconds of a batch from its first report to its last, so that no start counts."""
    from datetime import datetime

    times = [datetime.fromisoformat(str(event["time"])) for event in _events(folder, "done")]
    return (times[-1] - times[0]).total_seconds()
