"""Measure the class page and the similarity page: seconds and bytes, at growing numbers of students."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from autograder.grades.importing import import_reports
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import Cell, CellKind, Notebook, Report
from autograder.pages.dashboard.from_gradebook import read_gradebook
from autograder.pages.dashboard.from_reports import read_class
from autograder.pages.dashboard.links import Places
from autograder.pages.dashboard.render import render
from autograder.pages.dashboard.tables import to_csv
from autograder.pages.dashboard.views import all_tables
from autograder.pages.similarity.render import render_page
from autograder.similarity import Work, compare_all, work_of
from bench.gradebook import seconds, written

_FUNCTIONS = 12
_LINES = 12


def measure_dashboard(reports: list[Report], rubric: Rubric, sizes: list[int]) -> Iterator[dict[str, float]]:
    """Give the seconds of each step and the size of the page for each number of students.

    Parameters
    ----------
    reports : list of Report
        Real reports, which the students get in turn.
    rubric : Rubric
        The assignment's rubric.
    sizes : list of int
        Numbers of students.
    """
    for students in sizes:
        with tempfile.TemporaryDirectory(prefix="autograder-bench-") as scratch:
            folder = Path(scratch) / "reports"
            folder.mkdir()
            paths = list(written(folder, reports, students, 1))
            room = read_class(paths)
            with Gradebook(f"sqlite:///{scratch}/gradebook.sqlite3", "bench") as gradebook:
                gradebook.apply(rubric)
                import_reports(gradebook, paths)
                yield {
                    "students": students,
                    "items": len(room.items),
                    "the command": seconds(_command, folder, Path(scratch) / "class.html"),
                    "read reports": seconds(read_class, paths),
                    "read the gradebook": seconds(read_gradebook, gradebook, rubric),
                    "the page": seconds(render, room, Places()),
                    "all CSV": seconds(lambda room=room: [to_csv(one) for one in all_tables(room, Places())]),
                    "KiB": len(render(room, Places()).encode()) // 1024,
                }


def _command(folder: Path, page: Path) -> None:
    """Run the command as a person does, with the start of Python."""
    command = [sys.executable, "-m", "autograder", "dashboard", str(folder), "-o", str(page)]
    subprocess.run(command, check=True, capture_output=True)


def measure_similarity(sizes: list[int]) -> Iterator[dict[str, float]]:
    """Give the seconds and the size of the similarity page for each number of submissions.

    Each submission has code of its own, about as much as a homework's, with lines that strangers have, too.
    Every tenth has a third of its code from the one before.
    """
    given = work_of("release", _notebook(_code(random.Random(0), 4)))
    for count in sizes:
        works = list(_class(count))
        start = time.perf_counter()
        found = compare_all(works, given, 0.2, 100)
        compared = time.perf_counter()
        page = render_page(found, count, "Measured", (0.2, 100))
        yield {
            "submissions": count,
            "groups": len(found.groups),
            "compare": compared - start,
            "the page": time.perf_counter() - compared,
            "KiB": len(page.encode()) // 1024,
        }


def _class(count: int) -> Iterator[Work]:
    before: list[str] = []
    for number in range(count):
        own = _code(random.Random(number + 1), _FUNCTIONS)
        own[: len(own) // 3] = before[: len(own) // 3] if number % 10 == 1 else own[: len(own) // 3]
        before = own
        yield work_of(f"s{number:04}", _notebook([*_code(random.Random(0), 4), *own]))


def _code(rng: random.Random, functions: int) -> list[str]:
    """Write functions whose tokens nobody else has in this order."""
    names = ["sum", "dot", "reshape", "transpose", "max", "pad", "mean", "copy", "ravel", "astype"]

    def line() -> str:
        first, second, third = rng.choices(names, k=3)
        call = f"np.{first}(x[{rng.choice(':ij')}], w.{second}({rng.choice('xw')}))"
        return f"    x = {call} {rng.choice('+-*/@')} w.{third}(x)\n"

    return ["def layer(x, w):\n" + "".join(line() for _ in range(_LINES)) for _ in range(functions)]


def _notebook(functions: list[str]) -> Notebook:
    cells = (
        Cell(index=place, id=str(place), kind=CellKind.CODE, source=source)
        for place, source in enumerate(functions)
    )
    return Notebook(path="n.ipynb", cells=tuple(cells))
