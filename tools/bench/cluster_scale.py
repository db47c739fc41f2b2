"""Simulate a large class on many workers, from what each step of one submission takes on this machine.

::

    readers           read and pack, each one after another
    exchange          client, scheduler and worker's loop pass a message on: the share for which others wait
    worker            grades, one after another
    writer            writes report and ledger, one after another

Reader and writer are the batch's own process; the exchange is Dask's. Whichever of them is busy all the time
is what more workers don't help.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.batch import Ledger, RunOptions, plan_for_others
from autograder.batch.cluster import Cluster
from autograder.batch.cluster.connection import Connection, connected
from autograder.batch.cluster.there import pack_work
from autograder.batch.cluster.travelling import grade_there
from autograder.batch.grading_run import open_reader
from autograder.batch.worker import record
from autograder.errors import UsageError
from autograder.grading.submission import Graded
from autograder.intake import discover
from autograder.model import Struct
from autograder.report import newest_reports, read_report
from bench.dask_cluster import DaskCluster

_EXCHANGES = 300
_AHEAD = 2


class Steps(Struct):
    """The seconds that the steps of submissions take.

    `latency` is the time of an exchange in which nothing is graded, and `exchange` the share of it for which
    another has to wait.
    """

    grading: tuple[float, ...]
    reading: tuple[float, ...]
    writing: tuple[float, ...]
    exchange: float
    latency: float


class Scaled(Struct):
    """A simulated batch: its seconds, and the share of them for which each part was busy."""

    workers: int
    seconds: float
    reader: float
    exchange: float
    grading: float
    writer: float


def measure_steps(root: Path, batch: Path, samples: Path) -> Steps:
    """Measure the steps: `batch` is the folder of a batch that graded the folder `samples`.

    Raises `UsageError` if its log tells of no submission.
    """
    events = map(json.loads, (batch / "log.jsonl").read_text(encoding="utf-8").splitlines())
    grading = [event["seconds"] for event in events if event["event"] == "done" and event["seconds"] > 0]
    if not grading:
        raise UsageError(f"{batch}: its log tells of no submission", "Name the folder of a batch.")
    run = plan_for_others(RunOptions(root=root, training=False, seed=0))
    reader = open_reader(run)
    candidates = discover((samples,), run.course().assignment).candidates
    reading, works = [], []
    for candidate in candidates:
        start = time.perf_counter()
        works.append(pack_work(reader.read(candidate), {}))
        reading.append(time.perf_counter() - start)
    with tempfile.TemporaryDirectory() as folder, contextlib.closing(_Ended(Path(folder))) as cluster:
        exchange, latency = _exchanges(cluster.address, sorted(works, key=len)[len(works) // 2])
        writing = list(_writing(batch, Path(folder) / "reports"))
    return Steps(
        grading=tuple(grading),
        reading=tuple(reading),
        writing=tuple(writing),
        exchange=exchange,
        latency=latency,
    )


class _Ended(DaskCluster):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        _, self.address = self.scheduler()
        self.workers(self.address, 2)

    def close(self) -> None:
        self.end()


def _writing(batch: Path, folder: Path) -> Iterator[float]:
    with Ledger(folder / "ledger.sqlite3") as ledger:
        for path in newest_reports(batch).values():
            report = read_report(path, by_schema=False)
            start = time.perf_counter()
            ledger.record(record(Graded(report=report), "f", folder, start), "key")
            yield time.perf_counter() - start


def _exchanges(address: str, work: bytes) -> tuple[float, float]:
    """Send a submission to workers that know nothing of it; give the seconds for each, and for one alone."""
    with connected(Cluster(scheduler=address)) as connection:
        workers: frozenset[str] = frozenset()
        while len(workers) < 2:
            workers = getattr(connection.events.get(), "workers", workers)
        every = sorted(workers)
        _exchange(connection, every, work, 20)
        return _exchange(connection, every, work, _EXCHANGES), _exchange(
            connection, every[:1], work, _EXCHANGES
        )


def _exchange(connection: Connection, workers: Sequence[str], work: bytes, count: int) -> float:
    left, start, came = count, time.perf_counter(), 0
    for worker in workers:
        connection.ask(worker, "x", grade_there, "no run", work)
        left -= 1
    while came < count:
        event = connection.events.get()
        worker = getattr(event, "worker", None)
        if worker is None:
            continue
        came += 1
        if left:
            connection.ask(worker, "x", grade_there, "no run", work)
            left -= 1
    return (time.perf_counter() - start) / count


def simulate(steps: Steps, workers: int, submissions: int, seed: int, readers: int = 4) -> Scaled:
    """Simulate a batch, whose submissions take what random ones of the measured took."""
    draw = random.Random(seed)
    busy = {"reader": 0.0, "exchange": 0.0, "grading": 0.0, "writer": 0.0}
    free = {"reader": [0.0] * readers, "exchange": [0.0], "writer": [0.0]}

    def serve(part: str, at: float, seconds: float) -> float:
        """Have the first that is free in a part do something; give the time when that is done."""
        done = max(at, free[part][0]) + seconds
        heapq.heapreplace(free[part], done)
        busy[part] += seconds
        return done

    order = itertools.count()
    events: list[tuple[float, int, str]] = []

    def happen(at: float, what: str) -> None:
        heapq.heappush(events, (at, next(order), what))

    unread, ready, idle, under_way, now = submissions, 0, workers, 0, 0.0
    while True:
        while unread and under_way < _AHEAD * workers:
            unread, under_way = unread - 1, under_way + 1
            happen(serve("reader", now, draw.choice(steps.reading)), "read")
        while ready and idle:
            ready, idle = ready - 1, idle - 1
            seconds = draw.choice(steps.grading)
            busy["grading"] += seconds
            sent = serve("exchange", now, steps.exchange)
            happen(sent + max(0.0, steps.latency - steps.exchange) + seconds, "came")
        if not events:
            break
        at, _, what = heapq.heappop(events)
        if what == "read":
            now, ready = max(at, free["writer"][0]), ready + 1
        else:
            now = serve("writer", at, draw.choice(steps.writing))
            idle, under_way = idle + 1, under_way - 1
    parts = {name: seconds / now for name, seconds in busy.items()}
    parts["grading"] /= workers
    parts["reader"] /= readers
    return Scaled(workers=workers, seconds=now, **parts)


def mean(values: Sequence[float]) -> float:
    """Give the mean of some seconds, to the microsecond."""
    return round(statistics.fmean(values), 6)
