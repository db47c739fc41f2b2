"""Measure a push into nbgrader's gradebook, one in which nothing changed, and a pull of points for all."""

from __future__ import annotations

import datetime
import tempfile
from pathlib import Path

from sqlalchemy import text

from autograder.delivery.nbgrader import pull, push, read_class, read_released
from autograder.delivery.nbgrader.database import opened
from autograder.grades.importing import import_reports
from autograder.grades.rubric import Rubric
from autograder.grades.store import Gradebook
from autograder.model import Report
from bench.gradebook import seconds, written


def measure_nbgrader(
    reports: list[Report], rubric: Rubric, notebook: Path, learners: int, url: str | None = None
) -> dict[str, float]:
    """Give the seconds of each step.

    Parameters
    ----------
    reports : list of Report
        Real reports, which the learners get in turn.
    rubric : Rubric
        The assignment's rubric.
    notebook : Path
        The release's notebook.
    learners : int
        The size of the class; each has handed in once.
    url : str, optional
        An empty database; SQLite if none is named.
    """
    released = read_released(notebook)
    with tempfile.TemporaryDirectory(prefix="autograder-bench-") as scratch:
        url = url or f"sqlite:///{scratch}/gradebook.db"
        with Gradebook(f"sqlite:///{scratch}/gradebook.sqlite3", "bench") as gradebook:
            gradebook.apply(rubric)
            import_reports(gradebook, written(Path(scratch), reports, learners, 1))

            def pushed() -> None:
                pull(gradebook, rubric, url, notebook.stem, create=True)
                push(read_class(gradebook, rubric, now=datetime.datetime.now(datetime.UTC)), url, released)

            figures = {"first push": seconds(pushed), "again": seconds(pushed)}
            with opened(url) as connection:
                connection.execute(text("UPDATE grade SET manual_score = 0 WHERE auto_score IS NOT NULL"))
            figures["pull of points for all"] = seconds(pull, gradebook, rubric, url, notebook.stem)
    return {"learners": learners, **figures}
