"""Export reports to the places where scores go.

An exporter is a function ``(Sequence[Report]) -> str`` in a module of its own that imports nothing but the
model from the engine. A new format is a new module and a new entry in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from autograder.delivery.gradescope import to_gradescope
from autograder.delivery.summary import to_csv
from autograder.model import Report, Struct


class Format(Struct):
    """One format: its exporter, and whether a file holds a `single` report or all of them."""

    render: Callable[[Sequence[Report]], str]
    file_name: str
    single: bool
    about: str


FORMATS: dict[str, Format] = {
    "csv": Format(render=to_csv, file_name="summary.csv", single=False, about="one row a submission"),
    "gradescope": Format(
        render=lambda reports: to_gradescope(reports[0]),
        file_name="results.json",
        single=True,
        about="Gradescope's results.json",
    ),
}


def newest_attempts(reports: Iterable[Report]) -> list[Report]:
    """Keep the report of each submission's newest attempt."""
    ordered = sorted(reports, key=lambda report: report.submission.attempt)
    return list({(one.assignment.id, one.submission.id): one for one in ordered}.values())


__all__ = ["FORMATS", "Format", "newest_attempts", "to_csv", "to_gradescope"]
