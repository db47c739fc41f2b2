"""Run the visible checks on a student's own machine, with the same code as grading.

The machine and the code are the student's own, so nothing has to be hidden and nobody kept out. The code
runs in a plain subprocess with time limits, and the report has the same form.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import io
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from rich.console import Console, Group, RenderableType
from rich.text import Text

from autograder.authoring.context import AssignmentContext, Reading
from autograder.authoring.questions import DataSet
from autograder.course import Course, find_release
from autograder.errors import GraderFault, IntakeError, UsageError
from autograder.execution.packages import importable
from autograder.execution.plain import open_session
from autograder.extract import MISSING, has_given_code, not_there, too_new
from autograder.grading.reading import read_candidate
from autograder.grading.setup import assignment_context, describe_environment, describe_grader, kinds_of
from autograder.grading.submission import Graded, Pipeline
from autograder.guest import stand_ins
from autograder.intake import candidate_for, read_notebook
from autograder.intake.running import running_file, running_in_colab
from autograder.model import Notebook, Notice, Report, Struct, capped
from autograder.report import ReportFacts, build_report
from autograder.report.html import report_html
from autograder.report.terminal import render
from autograder.text import harmless

REMAINING = "visible checks passed; hidden ones remain"
# The oldest Python that runs this program, so no older one grades.
OLDEST_PYTHON = (3, 11)


class SelfCheck(Struct):
    """The report of a self-check, and its notebook with the time when it was saved, for a person.

    `pictures` are those that the report names. A notebook shows it as HTML, all else as text.
    """

    report: Report
    notebook: str
    pictures: dict[str, bytes] = {}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """Give the forms from which a notebook's front end chooses."""
        closing = closing_line(self.report)
        html = report_html(self.report, self.pictures, heading=self.notebook, closing=closing, points=False)
        text = io.StringIO()
        Console(file=text, width=100, force_jupyter=False, color_system=None).print(page(self))
        return {"text/html": html, "text/plain": text.getvalue()}


def check(place: Path | None = None) -> SelfCheck:
    """Run the visible checks of a notebook.

    Parameters
    ----------
    place : Path, optional
        The notebook, or a folder with it. If none is named, it is the notebook that runs this code. If that
        is not known, it is the last saved one in the release's folder in which somebody worked.

    Raises
    ------
    UsageError
        There is no release here, or no such notebook.
    """
    course = _release_for(place)
    pipeline = pipeline_for(course)
    with tempfile.TemporaryDirectory(prefix="autograder-check-") as folder:
        path, name = _chosen(place, course, pipeline.shared.given, Path(folder))
        if not path.is_file():
            raise UsageError(f"{path}: there is no such notebook", "Name yours: autograder check NOTEBOOK")
        candidate = replace(candidate_for(path, course.assignment.files.rules), origin=name)
        try:
            reading = pipeline.read(candidate)
            graded = pipeline.grade_reading(reading)
            notices = tuple(_advice(reading, course, pipeline.shared))
        except GraderFault as fault:
            failed = build_report(course.assignment, candidate.unread(), pipeline.facts, fault=str(fault))
            graded, notices = Graded(report=failed), ()
    # passages to read are for a person who grades
    report = replace(graded.report, notices=(*notices, *graded.report.notices), integrity=())
    return SelfCheck(report=report, notebook=name, pictures=graded.pictures)


def _release_for(place: Path | None) -> Course:
    """Find the release around the named notebook, the running one, or the working directory."""
    named = place if place is None or place.is_dir() else place.parent
    running = running_file()
    for folder in (named, running.parent if running else None):
        if folder is not None:
            with contextlib.suppress(UsageError):
                return find_release(folder.resolve())
    return find_release(Path.cwd())


def _chosen(place: Path | None, course: Course, given: Notebook, empty: Path) -> tuple[Path, str]:
    """Choose the notebook to check; give its file, and what a person calls it.

    A notebook that is in no file is written into the `empty` folder.
    """
    running = None if place else running_file()
    if running is not None and _homework(running, course) is not None:
        return running, _called(running)
    if place is None and (content := running_in_colab()):
        browsed = empty / course.assignment.notebook
        browsed.write_text(content, encoding="utf-8")
        if _homework(browsed, course) is not None:
            return browsed, "the notebook in this page, as it is now"
    is_file = place is not None and not place.is_dir()
    path = place if place and is_file else _last_worked(place or course.work, course, given)
    return path.resolve(), _called(path.resolve())


def _last_worked(folder: Path, course: Course, given: Notebook) -> Path:
    """Give the homework that was saved last and is not as it was handed out, or else the release's file."""
    own = folder / course.assignment.notebook
    saved = {path: path.stat().st_mtime for path in folder.glob("*.ipynb") if path.is_file()}
    for path in sorted(saved, key=lambda path: (saved[path], path == own), reverse=True):
        notebook = _homework(path, course)
        if notebook is not None and not has_given_code(notebook, given):
            return path
    return own


def _homework(path: Path, course: Course) -> Notebook | None:
    """Read a notebook; give None if it can't be read, or defines nothing that is asked for."""
    names = "|".join(map(re.escape, course.assignment.definitions)) or r"\w+"
    defines = re.compile(rf"^[ \t]*(?:async\s+)?(?:def|class)\s+(?:{names})\b", re.MULTILINE)
    try:
        notebook = read_notebook(path)
    except IntakeError:
        return None
    return notebook if any(defines.search(cell.source) for cell in notebook.cells) else None


def _called(path: Path) -> str:
    if not path.is_file():
        return str(path)
    saved = datetime.datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    return harmless(f"{path}, saved {saved:%Y-%m-%d %H:%M:%S}")


def _advice(reading: Reading, course: Course, shared: AssignmentContext) -> Iterator[Notice]:
    """Say what a student should know before handing the notebook in."""
    notebook = reading.submission.notebook
    if notebook is not None and has_given_code(notebook, shared.given):
        message = "This is the notebook as it was handed out. Save yours, or name it: autograder check FILE"
        yield Notice(code="as-handed-out", message=message)
    sandbox = course.assignment.sandbox
    given = {chunk.source for chunk in shared.given_definitions.chunks}
    own = [chunk for chunk in reading.definitions.chunks if chunk.source not in given]
    offered = sorted({*sandbox.imports, *sandbox.if_installed, *sandbox.support})
    installed = importable((*sandbox.imports, *sandbox.if_installed))
    there = {*sys.stdlib_module_names, *offered, *installed, *stand_ins.PACKAGES, sandbox.extension}
    yield from capped((*not_there(own, there, offered), *too_new(own, OLDEST_PYTHON)))


def pipeline_for(course: Course) -> Pipeline:
    """Make the pipeline of a release, with a plain subprocess and without reference and data."""
    given = read_notebook(course.given_notebook)
    kinds = kinds_of(course)
    extension = course.extension()
    return Pipeline(
        assignment=course.assignment,
        shared=assignment_context(course, given, _no_data, {}, seed=0),
        kinds=kinds,
        read=functools.partial(read_candidate, course=course, given=given, kinds=kinds),
        open_session=functools.partial(open_session, course.support, (extension,) if extension else ()),
        facts=ReportFacts(
            grader=describe_grader(course, seed=0),
            environment=describe_environment(course, "none (a plain subprocess on your own machine)"),
        ),
        training=False,
    )


def _no_data(_: int) -> DataSet:
    raise UsageError("a visible check needs the data set, which a self-check does not have")


def closing_line(report: Report) -> str:
    """Give the last line of a self-check: never "all passed" while hidden checks remain."""
    bad = [item for item in report.items if item.status.value in ("failed", "error", "timeout")]
    if report.score is None:
        return report.message
    if bad:
        return f"{len(bad)} of {len(report.items)} parts need work: {', '.join(item.id for item in bad)}"
    if any(notice.code == MISSING for notice in report.notices):
        return "visible checks passed here; when graded they would miss a package: see the notes"
    return REMAINING


def page(found: SelfCheck) -> RenderableType:
    """Render a self-check for a terminal or a notebook: its notebook, the report, and the last line."""
    closing = closing_line(found.report)
    style = "bold green" if closing == REMAINING else "bold"
    return Group(Text(found.notebook), render(found.report, points=False), Text(closing, style=style))
