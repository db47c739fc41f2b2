"""One submission's way through: intake → definitions → sandbox → checks → scoring → report."""

from __future__ import annotations

import contextlib
import datetime
import platform
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import numpy as np

import autograder
from autograder.assignment import Assignment, CheckSpec, ItemSpec, Network, Training
from autograder.checks import run_check
from autograder.course import Course
from autograder.errors import AutograderError, GraderFault
from autograder.extract import extract, oddities, outside
from autograder.intake import Candidate, read
from autograder.model import (
    Chunk,
    Definitions,
    Environment,
    Finding,
    Grader,
    ItemReport,
    Notebook,
    Notice,
    Report,
    Status,
    Struct,
    Submission,
)
from autograder.report import build_report
from autograder.scoring import Timed, score_item
from autograder.student import Session, StudentFault
from autograder.workbench import Materials, Workbench

# Passages of one submission that a report names.
MOST_TO_READ = 20
OpenSession = Callable[[], AbstractContextManager[Session]]


class Graded(Struct):
    """A submission's report and the pictures that go beside it, by file name."""

    report: Report
    pictures: dict[str, bytes] = {}


class Place(Struct):
    """Where students' code runs: how to open a session there, and what the report says of it.

    `slowness` is the factor by which limits of time are longer there; see `autograder.calibration`.
    """

    open_session: OpenSession
    kind: str
    walls: tuple[str, ...] = ()
    slowness: float = 1.0


def definitions_of(notebook: Notebook, assignment: Assignment) -> Definitions:
    """The definitions that the assignment wants, after the preamble's imports."""
    found = extract(notebook, assignment.definitions, assignment.legacy)
    preamble = tuple(Chunk(source=line, names=(), cell=0) for line in assignment.sandbox.preamble)
    return msgspec.structs.replace(found, chunks=preamble + found.chunks)


class Pipeline:
    """Grades the submissions of one assignment.

    Parameters
    ----------
    course : Course
        Where the assignment is.
    materials : Materials
        What its submissions share.
    place : Place
        Where students' code runs.
    training : bool
        Whether the items that train are judged; they are skipped otherwise.
    """

    def __init__(self, course: Course, materials: Materials, place: Place, training: bool = True) -> None:
        self.course = course
        self.materials = materials
        self.place = place
        self.training = training

    def grade(self, candidate: Candidate) -> Graded:
        """Grade one submission; a fault of the grader is met by a second try, then said."""
        submission = read(candidate, self.course.assignment)
        with contextlib.suppress(GraderFault):
            return self._grade(submission)
        try:
            return self._grade(submission)
        except GraderFault as fault:
            return self.give_up(submission, str(fault))

    def give_up(self, submission: Submission, reason: str) -> Graded:
        """The report of a submission that the grader failed on: no score, and the reason."""
        return Graded(report=self._report(submission, (), fault=reason))

    def _grade(self, submission: Submission) -> Graded:
        if submission.notebook is None or submission.problem is not None:
            return Graded(report=self._report(submission, ()))
        definitions = definitions_of(submission.notebook, self.course.assignment)
        with self.place.open_session() as session:
            bench = Workbench(self.materials, submission, submission.notebook, definitions, session)
            pictures: dict[str, bytes] = {}
            items = tuple(self._item(item, bench, pictures) for item in self.course.assignment.items)
        report = self._report(submission, items, bench)
        return Graded(report=report, pictures=pictures)

    def _item(self, item: ItemSpec, bench: Workbench, pictures: dict[str, bytes]) -> ItemReport:
        findings: dict[str, Timed] = {}
        for check in item.checks:
            start = time.perf_counter()
            finding = self._check(check, bench)
            names = tuple(
                f"{check.id}-{number}.{_suffix(picture)}"
                for number, picture in enumerate(finding.pictures, 1)
            )
            pictures.update(zip(names, finding.pictures, strict=True))
            findings[check.id] = Timed(finding=finding, seconds=time.perf_counter() - start, pictures=names)
        return score_item(item, findings)

    def _check(self, check: CheckSpec, bench: Workbench) -> Finding:
        if self._is_switched_off(check):
            message = "Not judged: training was switched off."
            return Finding(check=check.id, status=Status.SKIPPED, fraction=0.0, message=message)
        try:
            return run_check(check, bench)
        except StudentFault as fault:  # while a child was being opened
            return Finding(check=check.id, status=Status.ERROR, fraction=0.0, message=fault.message)
        except AutograderError:
            raise
        except Exception as error:
            # A mistake of ours must cost nobody a point: it becomes a fault of the grader, with its place.
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise GraderFault(
                f"`{check.id}`: {type(error).__name__}: {error} ({Path(place.filename).name}:{place.lineno})"
            ) from error

    def _is_switched_off(self, check: CheckSpec) -> bool:
        trains = isinstance(check, Training) or (isinstance(check, Network) and check.trains)
        return trains and not self.training

    def _report(
        self,
        submission: Submission,
        items: Sequence[ItemReport],
        bench: Workbench | None = None,
        fault: str = "",
    ) -> Report:
        return build_report(
            assignment=self.course.assignment,
            submission=submission,
            items=items,
            grader=Grader(
                name="autograder",
                version=autograder.__version__,
                config_sha256=self.course.config_sha256(),
                cases_sha256=self.course.cases_sha256(),
                seed=self.materials.salt,
            ),
            environment=self._environment(bench.data) if bench else self._environment(),
            generated_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            fault=fault,
            given_up=bench.given_up if bench else "",
            notices=_notices(bench) if bench else (),
            integrity=self._to_read(bench.definitions) if bench else (),
        )

    def _to_read(self, definitions: Definitions) -> tuple[Notice, ...]:
        found = oddities(definitions.chunks, self.materials.given, self.materials.support)
        return tuple(
            Notice(code="to-read", message=one.what, where=one.where) for one in found[:MOST_TO_READ]
        )

    def _environment(self, data: str = "") -> Environment:
        default = msgspec.to_builtins(self.materials.assignment.limits["default"])
        return Environment(
            os=platform.platform(terse=True),
            arch=platform.machine(),
            python=platform.python_version(),
            numpy=np.__version__,
            sandbox=self.place.kind,
            walls=self.place.walls,
            limits=default | {"slowness": self.place.slowness},
            data=data,
        )


def _notices(bench: Workbench) -> tuple[Notice, ...]:
    definitions = bench.definitions
    return (*definitions.notices, *outside(bench.notebook, definitions.chunks, bench.submission.files))


def _suffix(picture: bytes) -> str:
    return "svg" if picture.startswith(b"<svg") else "png"
