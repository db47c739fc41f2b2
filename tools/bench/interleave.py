"""Run contenders side by side: each in its own process, one working while the others are stopped.

Libraries disturb each other in one process, and their idle threads spin. So every contender has its own
process. They take turns, work by work and round by round, and all but one are stopped by a signal.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from autograder.errors import GraderFault
from autograder.model import Struct
from bench.suite import Contender, Suite, environment


class Row(Struct):
    """A contender's time for a work: the quickest run, the median and the quartiles, in seconds."""

    work: str
    contender: str
    least: float
    median: float
    lower: float
    upper: float
    runs: int


class Absent(Struct):
    """A contender that can't run here, and why."""

    contender: str
    reason: str


class _Process:
    """A contender's process, which is stopped outside its turns."""

    def __init__(self, root: Path, suite: str, name: str, spec: Contender) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.contender", str(root), suite, spec.same_as or name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(**spec.environment),
            text=True,
        )
        self.first = self._answer()
        if "works" in self.first:
            self._process.send_signal(signal.SIGSTOP)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise GraderFault(f"the contender `{self.name}` ended without an answer")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def times(self, work: str, seconds: float) -> list[float]:
        """Let it work for some seconds."""
        assert self._process.stdin is not None
        self._process.send_signal(signal.SIGCONT)
        print(json.dumps({"work": work, "seconds": seconds}), file=self._process.stdin, flush=True)
        times: list[float] = self._answer()["times"]
        self._process.send_signal(signal.SIGSTOP)
        return times

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def take_turns(root: Path, name: str, suite: Suite, rounds: int, seconds: float) -> Iterator[Row | Absent]:
    """Measure every contender at every work that it can do.

    Parameters
    ----------
    root : Path
        The course.
    name, suite
        The suite and its name.
    rounds : int
        The number of turns that each contender has at every work.
    seconds : float
        The length of a turn.

    Raises
    ------
    GraderFault
        A contender ended too early.
    """
    with ExitStack() as stack:
        processes = []
        for contender, spec in suite.contenders.items():
            process = _Process(root, name, contender, spec)
            stack.callback(process.end)
            if "unavailable" in process.first:
                yield Absent(contender=contender, reason=process.first["unavailable"])
            else:
                processes.append(process)
        for work in suite.works:
            able = [process for process in processes if work.name in process.first["works"]]
            times: dict[str, list[float]] = {process.name: [] for process in able}
            for _ in range(rounds):
                for process in able:
                    times[process.name] += process.times(work.name, seconds)
            yield from (_row(work.name, contender, values) for contender, values in times.items())


def _row(work: str, contender: str, times: list[float]) -> Row:
    lower, median, upper = statistics.quantiles(times, n=4, method="inclusive")
    return Row(
        work=work,
        contender=contender,
        least=min(times),
        median=median,
        lower=lower,
        upper=upper,
        runs=len(times),
    )
