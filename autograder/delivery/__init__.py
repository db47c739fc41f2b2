"""Export reports and grades to the places where scores go.

An exporter of reports is a function ``(Sequence[Report]) -> str`` in a module of its own that imports nothing
but the model from the engine. A new format is a new module and a new entry in `FORMATS`. Tables of learning
platforms are in `autograder.delivery.sheets`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from autograder.delivery.classroom import to_classroom
from autograder.delivery.ctrf import to_ctrf
from autograder.delivery.gradescope import to_gradescope
from autograder.delivery.junit import to_junit
from autograder.delivery.prairielearn import to_prairielearn
from autograder.delivery.summary import to_csv
from autograder.model import Report, Struct
from autograder.report import to_json


class Format(Struct):
    """One format: its exporter, and whether a file holds a `single` report or all of them.

    The exporter of a format `for_students` gets the students' views.
    """

    render: Callable[[Sequence[Report]], str]
    file_name: str
    single: bool
    about: str
    for_students: bool = False


def _single(render: Callable[[Report], str], file_name: str, about: str, *, for_students: bool) -> Format:
    return Format(
        render=lambda reports: render(reports[0]),
        file_name=file_name,
        single=True,
        about=about,
        for_students=for_students,
    )


FORMATS: dict[str, Format] = {
    "csv": Format(render=to_csv, file_name="summary.csv", single=False, about="one row a submission"),
    "gradescope": _single(to_gradescope, "results.json", "Gradescope's results.json", for_students=False),
    "student": _single(to_json, "report.json", "the report as its learner may see it", for_students=True),
    "classroom": _single(to_classroom, "results.json", "GitHub Classroom's result", for_students=True),
    "prairielearn": _single(
        to_prairielearn, "results.json", "PrairieLearn's results.json", for_students=True
    ),
    "ctrf": _single(to_ctrf, "ctrf.json", "Common Test Report Format", for_students=True),
    "junit": Format(
        render=to_junit, file_name="junit.xml", single=False, about="JUnit XML", for_students=True
    ),
}


def newest_attempts(reports: Iterable[Report]) -> list[Report]:
    """Keep the report of each submission's newest attempt."""
    ordered = sorted(reports, key=lambda report: report.submission.attempt)
    return list({(one.assignment.id, one.submission.id): one for one in ordered}.values())


__all__ = ["FORMATS", "Format", "newest_attempts", "to_csv", "to_gradescope"]
