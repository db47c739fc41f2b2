"""Run a batch: hand candidates to workers, record finished ones, replace a worker that died."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import cast

from autograder.batch.folder import alone_in
from autograder.batch.grading_run import GradingRun, open_pipeline, open_reader, seed_of
from autograder.batch.ledger import Done, Ledger
from autograder.batch.log import LOG, BatchLog
from autograder.batch.shards import ShardRecord, enter
from autograder.batch.worker import Broken, Failed, OpenPipeline, give_up, work
from autograder.errors import AutograderError
from autograder.grading.reading import SubmissionReader
from autograder.intake import Candidate
from autograder.intake.layout import LEDGER
from autograder.model import Struct

# Spawned, not forked: the progress bar's thread and SQLite do not survive a fork.
_CONTEXT = multiprocessing.get_context("spawn")
TRIES = 2


class Batch(Struct):
    """The submissions to grade, the run that says how, and the folder for the reports.

    Each worker calls `open_pipeline`, which must be picklable, to make its pipeline. `shard` says which part
    of the class the candidates are; None for all of it. `readers` processes here read submissions for workers
    elsewhere.
    """

    run: GradingRun
    candidates: tuple[Candidate, ...]
    folder: Path
    jobs: int = 1
    resume: bool = False
    open_pipeline: OpenPipeline = open_pipeline
    shard: ShardRecord | None = None
    readers: int = 1


# Grades the candidates that are left, and gives each whose report is whole.
WorkOff = Callable[[Batch, deque[Candidate], Sequence[SubmissionReader], BatchLog], Iterator[Done]]


class _Worker:
    """A process and the submission it grades; `after` is a dead worker whose submission it takes over."""

    def __init__(self, batch: Batch, after: _Worker | None = None) -> None:
        self.candidate: Candidate | None = None
        if after is not None:
            self.candidate = after.candidate
            after.stop()
        self.connection, there = _CONTEXT.Pipe()
        self.process: SpawnProcess = _CONTEXT.Process(
            target=work, args=(there, batch.open_pipeline, batch.run, batch.folder, batch.resume)
        )
        self.process.start()
        there.close()

    def give(self, candidate: Candidate | None) -> None:
        self.candidate = candidate
        with contextlib.suppress(BrokenPipeError):
            self.connection.send(candidate)

    def stop(self) -> None:
        self.process.terminate()
        self.process.join()
        self.connection.close()


def grade_all(batch: Batch, work_off: WorkOff | None = None) -> Iterator[Done]:
    """Grade a batch, and give each submission once its report is whole and recorded.

    By default this machine's processes grade it; `work_off` has others do it.

    Call it before a progress bar starts: it forks. Submissions that a resumed batch need not grade again
    come first, with 0 seconds.

    Raises `UsageError` if another batch writes to the same folder, or its ledger can't be read, and
    `AutograderError` if a worker fails for a reason that would stop every submission.
    """
    # the readers' processes are forked before the caller starts a progress bar's thread
    return _grade_all(batch, [open_reader(batch.run) for _ in range(batch.readers)], work_off or _work_off)


def _grade_all(batch: Batch, readers: Sequence[SubmissionReader], work_off: WorkOff) -> Iterator[Done]:
    folder = batch.folder
    with alone_in(folder), Ledger(folder / LEDGER) as ledger, BatchLog(folder / LOG) as log:
        enter(folder, batch.shard)
        part = str(batch.shard.shard) if batch.shard else ""
        log.started(len(batch.candidates), batch.jobs, batch.resume, batch.run.key, part)
        left: deque[Candidate] = deque()
        for candidate in batch.candidates:
            current = readers[0].fingerprint(candidate) if batch.resume else ""
            # an empty one says nothing: files that can't be read may have changed
            before = ledger.done(candidate.id, batch.run.key, current, folder) if current else None
            if before is None:
                left.append(candidate)
            else:
                log.done(before)
                yield before
        for done in work_off(batch, left, readers, log):
            ledger.record(done, batch.run.key)
            log.done(done)
            yield done


def seed_to_resume(folder: Path) -> int | None:
    """Give the seed of the batch that wrote to a folder last; None if none has graded anything there."""
    if not (folder / LEDGER).exists():
        return None
    with Ledger(folder / LEDGER) as ledger:
        return seed_of(ledger.last_key())


def _work_off(
    batch: Batch, left: deque[Candidate], readers: Sequence[SubmissionReader], log: BatchLog
) -> Iterator[Done]:
    """Keep the workers busy until nothing is left; a failure of the grader costs a submission one try."""
    tries: Counter[str] = Counter()
    workers = [_Worker(batch) for _ in range(min(batch.jobs, len(left)))]
    try:
        for worker in workers:
            worker.give(left.popleft())
        while busy := [w for w in workers if w.candidate is not None]:
            ready = cast(Sequence[Connection], wait([w.connection for w in busy]))
            for place, worker in enumerate(workers):
                if worker.connection not in ready or worker.candidate is None:
                    continue
                answer = _receive(worker)
                if answer is None:
                    workers[place] = _Worker(batch, after=worker)
                if not isinstance(answer, Done):
                    reason = _try_again(workers[place], answer, tries)
                    if reason is None:
                        log.retried(worker.candidate.id, answer.reason if answer else "Its process died.")
                        continue
                    files = readers[0].files(worker.candidate)
                    answer = give_up(batch.run, worker.candidate, files, reason, batch.folder)
                yield answer
                workers[place].give(left.popleft() if left else None)
    finally:
        for worker in workers:
            worker.stop()


def _receive(worker: _Worker) -> Done | Failed | None:
    """Give a worker's answer; None if it died."""
    try:
        answer = worker.connection.recv()
    except (EOFError, OSError):
        return None
    if isinstance(answer, Broken):
        raise AutograderError(answer.message, answer.hint)
    return cast(Done | Failed, answer)


def _try_again(worker: _Worker, failed: Failed | None, tries: Counter[str]) -> str | None:
    """Give a submission on which the grader failed, or died, to a worker once more; then say why not again.

    This is the only place where anything is tried again.
    """
    candidate = cast(Candidate, worker.candidate)
    tries[candidate.id] += 1
    if tries[candidate.id] < TRIES:
        worker.give(candidate)
        return None
    return failed.reason if failed else f"Its process died {TRIES} times on this submission."
