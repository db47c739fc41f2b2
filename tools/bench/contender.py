"""Be the process of one contender: ``python -m bench.contender ROOT SUITE CANDIDATE``.

It lists the works that it can do, then waits for orders, one JSON object a line. It answers
``{"work": NAME, "seconds": S}`` with ``{"times": [seconds, …]}``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from autograder.course import find_course
from bench.suite import UnavailableError, load_suite

WARM_UP, LEAST_RUNS = 3, 3


def time_work(work: Callable[[], object], seconds: float) -> list[float]:
    """Time a work until the time is up, after a few runs that don't count; give the durations in seconds."""
    end = time.perf_counter() + seconds
    for _ in range(WARM_UP):
        work()
        if time.perf_counter() > end:
            break
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < LEAST_RUNS or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def _own_output() -> TextIO:
    """Keep standard output for answers; anything else that is printed goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    return answers


def main(root: str, suite_name: str, name: str) -> None:
    """Serve until the orders end."""
    answers = _own_output()
    suite = load_suite(find_course(Path(root)), suite_name)
    try:
        works = suite.contenders[name].prepare(Path(root))
    except (UnavailableError, ImportError) as error:
        print(json.dumps({"unavailable": str(error)}), file=answers)
        return
    print(json.dumps({"works": list(works)}), file=answers)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps({"times": time_work(works[order["work"]], order["seconds"])}), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
