"""Grade in a worker process: make the pipeline once, then grade each candidate that is sent."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from msgspec.structs import replace

from autograder.batch.attempts import attempt_to_write
from autograder.batch.grading_run import GradingRun
from autograder.batch.keeping import kept_findings
from autograder.batch.ledger import Done
from autograder.errors import AutograderError, SandboxError, UsageError
from autograder.files import PRIVATE, write_atomically
from autograder.grading.submission import Graded, Pipeline
from autograder.intake import Candidate
from autograder.intake.isolation import ReaderGone
from autograder.model import FileRecord, Report, Struct
from autograder.report import build_report, pictures_path, report_path, to_json, write_report
from autograder.report.late import first_handed_in

OpenPipeline = Callable[[GradingRun], Pipeline]


class Failed(Struct):
    """The grader failed on a submission, which may be tried again."""

    reason: str


class Broken(Struct):
    """The worker can't go on, for the reason in the message."""

    message: str
    hint: str


def save(graded: Graded, folder: Path) -> Report:
    """Number the attempt, write its pictures, then its report; gives the report as it was written.

    Raises `ReportError` if the report does not fit the schema, and `UsageError` if the folder can't be
    written to.
    """
    report = _numbered(graded.report, folder)
    place = (folder, report.submission.id, report.submission.attempt)
    try:
        for name, content in graded.pictures.items():
            write_atomically(pictures_path(*place) / name, content, PRIVATE)
        write_report(report_path(*place), report)
    except OSError as error:
        raise UsageError(
            f"{folder}: the report of {report.submission.id} can't be written: {error.strerror}",
            "Free some space, or choose another -o DIR; --resume grades the submissions that are left.",
        ) from error
    return report


def _numbered(report: Report, folder: Path) -> Report:
    attempt, before = attempt_to_write(folder, report.submission)
    facts = first_handed_in(report.submission, before, report.assignment.due_at)
    return replace(report, submission=replace(facts, attempt=attempt))


def work(
    connection: Connection, open_pipeline: OpenPipeline, run: GradingRun, folder: Path, resume: bool = False
) -> None:
    """Serve a connection: a `Candidate` comes in, `Done`, `Failed` or `Broken` goes out; None ends it.

    An interrupt from the keyboard reaches the whole process group; the batch decides what ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, BrokenPipeError, OSError):
        try:
            # first of all: the reader's process is forked while there is one thread
            pipeline = open_pipeline(run)
            threading.Thread(target=_end_with_the_batch, daemon=True).start()
            while (candidate := connection.recv()) is not None:
                connection.send(_grade(pipeline, candidate, folder, resume))
        except AutograderError as error:
            connection.send(Broken(message=error.message, hint=error.hint))


def _end_with_the_batch() -> None:
    """End when the batch's process ends: a resumed batch must be the only writer."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _grade(pipeline: Pipeline, candidate: Candidate, folder: Path, resume: bool) -> Done | Failed:
    """Grade one submission; a resumed batch keeps the findings of an earlier one that hold.

    Raises `UsageError` or `SandboxError` for a reason that would stop every other submission, too.
    """
    start = time.perf_counter()
    try:
        reading = pipeline.read(candidate)
        mine, asked = pipeline.facts.grader, pipeline.asked
        kept = kept_findings(mine, asked, reading.submission, folder) if resume else {}
        graded = pipeline.grade_reading(reading, kept)
        return record(graded, reading.submission.fingerprint, folder, start)
    except (UsageError, SandboxError):
        raise
    except ReaderGone as error:
        # the batch replaces a worker that ended: a new one has a new reader
        raise SystemExit(1) from error
    except Exception as error:
        return Failed(reason=reason_of(error))


def reason_of(error: Exception) -> str:
    """Say why the grader failed."""
    return error.message if isinstance(error, AutograderError) else f"{type(error).__name__}: {error}"


def record(graded: Graded, fingerprint: str, folder: Path, start: float) -> Done:
    """Write a submission's report, whose grading began at `start` (`time.perf_counter`); raise as `save`."""
    report = save(graded, folder)
    return Done(
        id=report.submission.id,
        attempt=report.submission.attempt,
        outcome=report.outcome.value,
        message=report.message,
        final=report.score.final if report.score else None,
        fingerprint=fingerprint,
        report_sha256=hashlib.sha256(to_json(report).encode()).hexdigest(),
        seconds=time.perf_counter() - start,
    )


def give_up(
    run: GradingRun, candidate: Candidate, files: Sequence[FileRecord], reason: str, folder: Path
) -> Done:
    """Write the report of a submission on which the grader keeps failing.

    Of its files only the hashes are known: they may be what the grader fails on.
    """
    submission = replace(candidate.unread(), files=tuple(files))
    report = build_report(run.course().assignment, submission, run.facts, fault=reason)
    return record(Graded(report=report), "", folder, time.perf_counter())
