"""Choose a notebook, read it, run its visible checks, and make the report."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from autograder.authoring.context import AssignmentContext, CheckContext, Reading
from autograder.authoring.kinds import CheckKind
from autograder.authoring.questions import DataSet
from autograder.authoring.specs import CheckSpec
from autograder.course import Course
from autograder.errors import GraderFault, UsageError
from autograder.execution.packages import importable
from autograder.execution.plain import open_session
from autograder.extract import has_given_code, not_there, too_new
from autograder.grading.reading import read_candidate
from autograder.grading.setup import assignment_context, describe_environment, describe_grader, kinds_of
from autograder.grading.submission import Graded, Pipeline
from autograder.guest import stand_ins
from autograder.intake import candidate_for, read_notebook
from autograder.model import Finding, Notice, capped
from autograder.report import ReportFacts, build_report
from autograder.selfcheck.choosing import Chosen, asked_for, choose, only, release_for
from autograder.selfcheck.remembered import memory_for
from autograder.selfcheck.showing import SelfCheck
from autograder.selfcheck.unsaved import warning_for

# The oldest Python that runs this program, so no older one grades.
OLDEST_PYTHON = (3, 11)
# Children that are started in advance where another core has time for it.
SPARE = 2 if (os.cpu_count() or 1) > 1 else 0
# Is told the title of the item that is judged next, and which of how many it is.
Progress = Callable[[str, int, int], None]


def check(what: str | Path | None = None, item: str = "", progress: Progress | None = None) -> SelfCheck:
    """Run the visible checks of a notebook.

    Parameters
    ----------
    what : str or Path, optional
        The notebook, a folder with it, or the id of an item; see `asked_for`. If no place is named, it is
        the notebook that runs this code. If that is not known, it is the last saved one in the release's
        folder in which somebody worked.
    item : str, optional
        The id of the only item to judge.
    progress : callable, optional
        Is told of each item before it is judged.

    Raises
    ------
    UsageError
        There is no release here, or no such notebook or item.
    """
    place, item = asked_for(what, item)
    course = release_for(place)
    course = replace(course, assignment=only(course.assignment, item))
    pipeline = pipeline_for(course, progress)
    with tempfile.TemporaryDirectory(prefix="autograder-check-") as folder:
        chosen = choose(place, course, pipeline.shared.given, Path(folder))
        return _checked(chosen, course, pipeline, item)


def _checked(chosen: Chosen, course: Course, pipeline: Pipeline, item: str) -> SelfCheck:
    candidate = replace(candidate_for(chosen.path, course.assignment.files.rules), origin=chosen.name)
    warning = warning_for(chosen, course.assignment.definitions)
    try:
        reading = pipeline.read(candidate)
        memory = memory_for(course, reading.submission)
        pipeline = replace(pipeline, kinds=memory.remembering(pipeline.kinds))
        graded = pipeline.grade_reading(reading, kept=memory.before)
        memory.write()
        notices = tuple(_advice(reading, course, pipeline.shared))
    except GraderFault as fault:
        failed = build_report(course.assignment, candidate.unread(), pipeline.facts, fault=str(fault))
        graded, notices = Graded(report=failed), ()
    # passages to read are for a person who grades
    report = replace(graded.report, notices=(*notices, *graded.report.notices), integrity=())
    return SelfCheck(
        report=report, notebook=chosen.name, warning=warning, only=item, pictures=graded.pictures
    )


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


def pipeline_for(course: Course, progress: Progress | None = None) -> Pipeline:
    """Make the pipeline of a release, with a plain subprocess and without reference and data."""
    given = read_notebook(course.given_notebook)
    kinds = kinds_of(course)
    if progress is not None:
        kinds = _announced(kinds, course, progress)
    extension = course.extension()
    return Pipeline(
        assignment=course.assignment,
        shared=assignment_context(course, given, _no_data, {}, seed=0),
        kinds=kinds,
        read=functools.partial(read_candidate, course=course, given=given, kinds=kinds),
        open_session=functools.partial(
            open_session, course.support, (extension,) if extension else (), spare=SPARE
        ),
        facts=ReportFacts(
            grader=describe_grader(course, seed=0),
            environment=describe_environment(course, "none (a plain subprocess on your own machine)"),
        ),
        training=False,
    )


def _announced(kinds: Mapping[str, CheckKind], course: Course, progress: Progress) -> Mapping[str, CheckKind]:
    """Have each check tell its item's title before it runs."""
    items = course.assignment.items
    places = {check.id: (one.title, n) for n, one in enumerate(items, 1) for check in one.checks}

    def announced(kind: CheckKind) -> CheckKind:
        def run(spec: CheckSpec, context: CheckContext) -> Finding:
            title, number = places[spec.id]
            progress(title, number, len(items))
            return kind.run(spec, context)

        return replace(kind, run=run)

    return {name: announced(kind) for name, kind in kinds.items()}


def _no_data(_: int) -> DataSet:
    raise UsageError("a visible check needs the data set, which a self-check does not have")
