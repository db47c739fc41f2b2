"""Measure the review page: how long a browser waits for each page and for a save, in a class of hundreds."""

from __future__ import annotations

import http.client
import random
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from msgspec.structs import replace

from autograder.course import find_course
from autograder.grades.importing import import_reports
from autograder.grades.rubric import Rubric, rubric_of
from autograder.grades.store import Gradebook
from autograder.model import FileRecord, ItemReport, Learner, Report, Status
from autograder.pages.review.app import review_app
from autograder.pages.review.desk import Desk, Given
from autograder.pages.review.guard import Guard
from autograder.pages.review.serve import listen
from autograder.report import read_report, report_files, to_json
from bench.grading import Figure

RUNS = 40


def measure_course(root: Path, submission: Path, copies: int) -> Iterator[Figure]:
    """Grade a submission of a course, and measure the review of as many copies of its report."""
    found = find_course(root)
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder:
        command = [
            sys.executable,
            "-m",
            "autograder",
            "grade",
            str(submission),
            "-o",
            folder,
            "--no-training",
        ]
        subprocess.run(command, cwd=root, check=False, capture_output=True)
        (path,) = report_files([Path(folder)])
        report = read_report(path)
    yield from measure(report, rubric_of(found), copies)


def measure(report: Report, rubric: Rubric, copies: int) -> Iterator[Figure]:
    """Measure the review of copies of a report in which all items wait, and half of them are judged."""
    with (
        tempfile.TemporaryDirectory(prefix="autograder-bench-") as folder,
        Gradebook(f"sqlite:///{folder}/gradebook.sqlite3", "ta") as gradebook,
    ):
        gradebook.apply(rubric)
        import_reports(gradebook, list(_written(Path(folder), report, copies)))
        desk = Desk(gradebook, rubric.assignment)
        start = time.perf_counter()
        desk.pieces()
        yield _figure("the first look at the gradebook", [time.perf_counter() - start])
        items = [item.id for item in rubric.items]
        for piece in list(desk.pieces().values())[::2]:
            for item in items:
                desk.save(piece, item, Given(points="0", text="measured"))
        with _Browser(desk, Path(folder)) as browser:
            yield from _pages(browser, list(desk.pieces()), items)


def _written(folder: Path, report: Report, copies: int) -> Iterator[Path]:
    items = tuple(map(_waiting, report.items))
    for number in range(copies):
        file = FileRecord(path="a.ipynb", bytes=1, sha256=f"{number:064x}")
        facts = replace(report.submission, id=f"s{number:04}", files=(file,))
        one = replace(report, items=items, submission=facts, learner=Learner(id=f"s{number:04}"))
        path = folder / f"{number}.json"
        path.write_text(to_json(one), encoding="utf-8")
        yield path


def _waiting(item: ItemReport) -> ItemReport:
    """Leave an item to a person."""
    checks = tuple(replace(check, status=Status.MANUAL) for check in item.checks)
    return replace(item, status=Status.MANUAL, checks=checks, score=item.score or 0.0)


def _pages(browser: _Browser, refs: list[str], items: list[str]) -> Iterator[Figure]:
    chance = random.Random(1)

    def work() -> str:
        return f"/work/{chance.choice(items)}/{chance.choice(refs)}"

    yield _figure("the start page", _times(lambda: browser.get("/")))
    yield _figure("the list of an item", _times(lambda: browser.get(f"/items/{chance.choice(items)}")))
    yield _figure("a submission", _times(lambda: browser.get(work())))
    yield _figure("to the next", _times(lambda: browser.get(f"/items/{chance.choice(items)}/next")))
    yield _figure("a save", _times(lambda: browser.save(work(), chance.choice(refs))))


def _times(ask: Callable[[], object]) -> list[float]:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        ask()
        times.append(time.perf_counter() - start)
    return times


def _figure(name: str, seconds: list[float]) -> Figure:
    values = [round(1000 * one, 1) for one in seconds]
    middle = round(statistics.median(values), 1)
    return Figure(name=name, unit="ms", median=middle, least=min(values), greatest=max(values))


class _Browser:
    """A client with its cookie, and the server that it asks."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self._listener = listen(0)
        port = self._listener.getsockname()[1]
        guard = Guard(review_app(desk, folder), port)
        config = uvicorn.Config(guard, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listener]})
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._ticket = guard.ticket()
        self._headers: dict[str, str] = {}

    def __enter__(self) -> _Browser:
        self._thread.start()
        self._connection.request("GET", self._ticket)
        answer = self._connection.getresponse()
        answer.read()
        self._headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()
        self._server.should_exit = True
        self._thread.join()
        self._listener.close()

    def get(self, path: str) -> str:
        """Ask for a page, and read it to its end."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        text = answer.read().decode()
        assert answer.status in (200, 303), f"{path}: {answer.status}"
        return text

    def save(self, path: str, words: str) -> None:
        """Load a page and save points from it; the page is a part of the time."""
        page = self.get(path)
        csrf, seen = (
            re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)[1]  # type: ignore[index]
            for name in ("csrf", "seen")
        )
        body = urllib.parse.urlencode({"csrf": csrf, "seen": seen, "points": "0", "text": words})
        self._connection.request("POST", path, body, self._headers | {"Accept": "application/json"})
        answer = self._connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()
