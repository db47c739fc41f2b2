"""A pipeline that a test steers by what a submission's file says."""

import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from autograder.authoring.context import Reading
from autograder.batch import Batch, GradingRun, RunOptions
from autograder.errors import DataError, GraderFault
from autograder.grading.submission import Graded
from autograder.intake import Candidate, SourceKind, fingerprint, read
from autograder.intake.isolation import ReaderGone
from autograder.model import (
    AssignmentFacts,
    Environment,
    Finding,
    Grader,
    Learner,
    Outcome,
    Report,
    Score,
    Submission,
    SubmissionFacts,
)
from autograder.report import SCHEMA_VERSION, ReportFacts
from autograder.report.late import lateness

ROOT = Path(__file__).parents[2]
DUE = "2027-03-01T12:00:00+00:00"
FACTS = ReportFacts(
    grader=Grader(name="g", version="1", config_sha256="", cases_sha256="", seed=0),
    environment=Environment(os="", arch="", python="", numpy="", sandbox="none"),
)
RUN = GradingRun(
    options=RunOptions(root=ROOT, assignment="hw5", training=False),
    slowness=1.0,
    data=None,
    seed=0,
    prepared={},
    asked={},
    facts=FACTS,
    key="key",
)


def report(submission: Submission, points: float) -> Report:
    identity = submission.id
    return Report(
        schema_version=SCHEMA_VERSION,
        generated_at="2020-01-01T00:00:00+00:00",
        outcome=Outcome.GRADED,
        message="",
        grader=FACTS.grader,
        environment=FACTS.environment,
        assignment=AssignmentFacts(id="a", title="a", version="1", max_score=9, due_at=DUE),
        submission=SubmissionFacts(
            id=identity,
            origin=identity,
            files=submission.files,
            attempt=submission.attempt,
            submitted_at=submission.submitted_at,
            late=lateness(submission.submitted_at, DUE),
        ),
        learner=Learner(id=identity),
        score=Score(raw=points, penalties=0, final=points, max=9),
    )


class Steered:
    """Grades a file that says what must happen: a number of points, or ``die``."""

    facts = FACTS
    asked = {}

    def __init__(self, counter: Path, run: GradingRun) -> None:
        self.counter = counter
        self.assignment = run.course().assignment

    def read(self, candidate: Candidate) -> Reading:
        self.path = candidate.path
        mark = fingerprint(candidate, self.assignment)
        files = read(candidate, self.assignment).files
        return Reading(submission=replace(candidate.unread(), fingerprint=mark, files=files))

    def grade_reading(self, reading: Reading, kept: Mapping[str, Finding]) -> Graded:
        assert kept == {}  # its reports have no checks
        identity = reading.submission.id
        with self.counter.open("a") as log:
            log.write(identity + "\n")
        says = self.path.read_text()
        if says == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if says == "odd":
            raise ZeroDivisionError("of ours")
        if says == "once" and self.counter.read_text().split().count(identity) == 1:
            raise GraderFault("the sandbox did not start")
        if says == "reader gone" and self.counter.read_text().split().count(identity) == 1:
            raise ReaderGone("the reader's process is gone")
        if says == "edited":
            self.path.write_text("6")
            says = "5"
        if says == "unfit":
            return Graded(report=report(reading.submission, float("nan")))
        if says == "no data":
            raise DataError("data/x: is not there")
        points = 1.0 if says in ("once", "reader gone") else float(says)
        return Graded(report=report(reading.submission, points), pictures={"p-1.png": b"x"})


def batch_of(folder: Path, says: dict[str, str], **options) -> Batch:
    """Give a batch of a file each; `attempts` are the numbers that the platform names."""
    attempts, times = options.pop("attempts", {}), options.pop("times", {})
    candidates = []
    for identity, text in says.items():
        path = folder / f"{identity}.ipynb"
        path.write_text(text)
        candidates.append(
            Candidate(
                id=identity,
                learner=identity,
                origin=identity,
                path=path,
                place=SourceKind.FILE,
                attempt=attempts.get(identity, 1),
                submitted_at=times.get(identity),
            )
        )
    defaults = {
        "run": RUN,
        "candidates": tuple(candidates),
        "folder": folder / "out",
        "open_pipeline": partial(Steered, folder / "count"),
    }
    return Batch(**{**defaults, **options})


def graded_so_far(tmp_path: Path) -> list[str]:
    path = tmp_path / "count"
    return sorted(path.read_text().split()) if path.exists() else []
