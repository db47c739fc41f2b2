"""Measure a gradebook: import, all grades, one learner's, and rescoring, at growing numbers of learners."""

from __future__ import annotations

import datetime
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec.structs import replace

from autograder.grades.applying import preview
from autograder.grades.importing import import_reports
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import FileRecord, Learner, Report
from autograder.report import to_json

_FIRST_HAND_IN = datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC)


def measure_gradebook(
    reports: list[Report], rubric: Rubric, sizes: list[int], attempts: int
) -> Iterator[dict[str, float]]:
    """Give the seconds of each step for each number of learners, in SQLite.

    Parameters
    ----------
    reports : list of Report
        Real reports, which the learners get in turn.
    rubric : Rubric
        The assignment's rubric. Rescoring is by the same one with other points for its first item.
    sizes : list of int
        Numbers of learners.
    attempts : int
        Reports of each learner.
    """
    first = replace(rubric.items[0], points=rubric.items[0].points + 1)
    changed = replace(rubric, config_sha256="changed", items=(first, *rubric.items[1:]))
    for learners in sizes:
        with tempfile.TemporaryDirectory(prefix="autograder-bench-") as scratch:
            paths = list(written(Path(scratch), reports, learners, attempts))
            with Gradebook(f"sqlite:///{scratch}/gradebook.sqlite3", "bench") as gradebook:
                gradebook.apply(rubric)
                yield {
                    "learners": learners,
                    "reports": len(paths),
                    "import": seconds(import_reports, gradebook, paths),
                    "all grades": seconds(gradebook.grades, rubric),
                    "one learner": statistics.median(
                        seconds(gradebook.grades, rubric, f"s{number:05}")
                        for number in range(1, learners, max(1, learners // 20))
                    ),
                    "rescoring": seconds(preview, gradebook, changed),
                }


def seconds(work: Callable[..., object], *args: object) -> float:
    """Give the time that a piece of work takes."""
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


def written(folder: Path, reports: list[Report], learners: int, attempts: int) -> Iterator[Path]:
    """Write the reports of learners whose files and times differ."""
    for number in range(learners * attempts):
        learner, attempt = f"s{number // attempts:05}", number % attempts + 1
        one = reports[number % len(reports)]
        at = _FIRST_HAND_IN + datetime.timedelta(hours=number % 100 + 100 * attempt)
        files = (FileRecord(path="notebook.ipynb", bytes=1, sha256=f"{number:064x}"),)
        facts = replace(one.submission, id=learner, attempt=attempt, files=files, submitted_at=at.isoformat())
        path = folder / f"{learner}-{attempt}.json"
        path.write_text(to_json(replace(one, submission=facts, learner=Learner(id=learner))))
        yield path
