"""On a worker: make the pipeline of a run from what was sent, and grade what was read elsewhere."""

from __future__ import annotations

import contextlib
import pickle
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from autograder.authoring.context import Reading
from autograder.batch.cluster.bundle import unpack_course
from autograder.batch.grading_run import GradingRun, open_pipeline_without_reader, plan_run
from autograder.batch.worker import Broken, Failed, reason_of
from autograder.errors import AutograderError, SandboxError, UsageError
from autograder.execution.environment import one_blas_thread
from autograder.files import cache_dir
from autograder.grading.reading import with_typed_readings
from autograder.grading.submission import Graded, Pipeline
from autograder.intake.isolation import packed, unpacked
from autograder.model import Finding, Struct


class GradedThere(Struct):
    """A submission that a worker graded, and the seconds that it took."""

    graded: Graded
    seconds: float


Answer = GradedThere | Failed | Broken


class GradingPlace:
    """Grade for one run on a worker: holds its pipeline, and a folder with the course."""

    def __init__(self, key: str, pipeline: Pipeline, folder: Path) -> None:
        self.key = key
        self._pipeline = pipeline
        self._folder = folder

    def grade(self, work: bytes) -> bytes:
        """Grade what `pack_work` gave, and give an `Answer`."""
        return pickle.dumps(self._answer(work))

    def _answer(self, work: bytes) -> Answer:
        start = time.perf_counter()
        try:
            data, kept = pickle.loads(work)
            pipeline = self._pipeline
            reading = with_typed_readings(unpacked(data, Reading), pipeline.assignment, pipeline.kinds)
            graded = pipeline.grade_reading(reading, kept)
        except (UsageError, SandboxError) as error:
            return Broken(message=error.message, hint=error.hint)
        except Exception as error:
            return Failed(reason=reason_of(error))
        return GradedThere(graded=graded, seconds=time.perf_counter() - start)

    def remove(self) -> None:
        """Remove the course from this machine."""
        shutil.rmtree(self._folder, ignore_errors=True)


def pack_work(reading: Reading, kept: dict[str, Finding]) -> bytes:
    """Give a reading as bytes, with the findings that need not be made again.

    The reading holds values of the assignment's own types, which a worker can't unpickle: it is plain data.
    """
    return pickle.dumps((packed(reading), kept))


def prepare(run_id: str, run: bytes, course: bytes, local: str) -> GradingPlace | str:
    """Make a place for a run in the worker's folder `local`; gives a sentence if this machine is not fit.

    The sandbox is tested here, and slowness and baselines are measured here: they are each machine's own.
    """
    one_blas_thread()
    theirs: GradingRun = pickle.loads(run)
    folder = Path(local) / f"autograder-{run_id}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unpack_course(course, folder)
        # the place on the batch's machine; where it is not here, this machine has its own
        data = theirs.data if theirs.data and theirs.data.is_dir() else None
        options = replace(theirs.options, root=folder, seed=theirs.seed, data=data)
        with _one_at_a_time():
            mine = plan_run(options)
        other = difference(theirs, mine)
        if not other:
            facts = replace(mine.facts, run_id=theirs.facts.run_id, ids=theirs.facts.ids)
            return GradingPlace(mine.key, open_pipeline_without_reader(replace(mine, facts=facts)), folder)
    except (AutograderError, OSError, msgspec.MsgspecError) as error:
        other = reason_of(error)
        if isinstance(error, AutograderError) and error.hint:
            other += f" ({error.hint})"
    shutil.rmtree(folder, ignore_errors=True)
    return other


def difference(theirs: GradingRun, mine: GradingRun) -> str:
    """Say in which way a worker would grade otherwise than the batch; nothing if it would not."""
    if theirs.key == mine.key:
        return ""
    grader, here = theirs.facts.grader, mine.facts.grader
    if grader.config_sha256 != here.config_sha256:
        return "its assignment.toml is not the batch's"
    if grader.cases_sha256 != here.cases_sha256:
        return "its cases or its compiled module are not the batch's: has it a module that the batch lacks?"
    return f"its data set is not the batch's: {mine.data}; put the same files there, or fetch them"


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep workers of one machine from measuring at the same time."""
    import fcntl  # a worker has a sandbox, so it is Linux

    folder = cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".measuring.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
