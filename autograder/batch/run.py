"""Running a batch: hands candidates to workers, records what is done, replaces a worker that died."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import cast

from autograder.batch.ledger import Ledger, Row
from autograder.batch.worker import Broken, Done, report_path, work
from autograder.errors import AutograderError, UsageError
from autograder.intake import Candidate
from autograder.model import Struct
from autograder.pipeline import Pipeline
from autograder.report import sweep_halves
from autograder.scratch import lock_folder

# Spawned, not forked: the progress bar's thread and SQLite do not survive a fork.
_CONTEXT = multiprocessing.get_context("spawn")
TRIES = 2


class Batch(Struct):
    """What to grade and how: `build` makes a worker's pipeline and must be picklable.

    `run_key` stands for engine, configuration and options; `fingerprint` for a candidate's files.
    `give_up` writes the report of a submission on which the grader's own process keeps dying.
    """

    candidates: tuple[Candidate, ...]
    folder: Path
    build: Callable[[], Pipeline]
    run_key: str
    fingerprint: Callable[[Candidate], str]
    give_up: Callable[[Candidate, str], Done]
    jobs: int = 1
    resume: bool = False


class _Worker:
    """A process and what it is grading; `after` is the dead worker whose submission it takes over."""

    def __init__(self, build: Callable[[], Pipeline], folder: Path, after: _Worker | None = None) -> None:
        self.candidate: Candidate | None = None
        if after is not None:
            self.candidate = after.candidate
            after.stop()
        self.connection, there = _CONTEXT.Pipe()
        self.process: SpawnProcess = _CONTEXT.Process(target=work, args=(there, build, folder))
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


def grade_all(batch: Batch) -> Iterator[Done]:
    """Grade a batch; yields each submission as its report is whole and recorded.

    Those that a resumed batch need not grade come first, with 0 seconds.

    Raises
    ------
    UsageError
        Another batch writes to the same folder, or its ledger is none.
    AutograderError
        A worker can't go on for a reason that would meet all submissions.
    """
    with _alone_in(batch.folder), Ledger(batch.folder / "ledger.sqlite3") as ledger:
        left: deque[Candidate] = deque()
        for candidate in batch.candidates:
            row = _already(batch, ledger, candidate)
            if row is None:
                left.append(candidate)
            else:
                yield _as_done(row)
        for done in _work_off(batch, left):
            ledger.record(_as_row(batch, done))
            yield done


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep other batches out of the folder, and remove what one that was killed has left there."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = lock_folder(folder.resolve())
    if lock is None:
        raise UsageError(
            f"{folder}: another batch writes its reports there", "Wait for its end, or choose another -o DIR."
        )
    try:
        for place in (folder, folder / "reports", *folder.glob("pictures/*")):
            sweep_halves(place)
        yield
    finally:
        if lock >= 0:
            os.close(lock)


def _already(batch: Batch, ledger: Ledger, candidate: Candidate) -> Row | None:
    if not batch.resume:
        return None
    path = report_path(batch.folder, candidate.id)
    return ledger.done(candidate.id, batch.run_key, batch.fingerprint(candidate), path)


def _work_off(batch: Batch, left: deque[Candidate]) -> Iterator[Done]:
    """Keep the workers busy until nothing is left; a worker's death costs its submission one try."""
    tries: dict[str, int] = {}
    workers = [_Worker(batch.build, batch.folder) for _ in range(min(batch.jobs, len(left)))]
    try:
        for worker in workers:
            worker.give(left.popleft())
        while busy := [w for w in workers if w.candidate is not None]:
            ready = cast(Sequence[Connection], wait([w.connection for w in busy]))
            for place, worker in enumerate(workers):
                if worker.connection not in ready or worker.candidate is None:
                    continue
                done = _receive(worker)
                if done is None:
                    workers[place] = _Worker(batch.build, batch.folder, after=worker)
                    done = _try_again(batch, workers[place], tries)
                if done is not None:
                    yield done
                    workers[place].give(left.popleft() if left else None)
    finally:
        for worker in workers:
            worker.stop()


def _receive(worker: _Worker) -> Done | None:
    """What a worker answered; None if it died."""
    try:
        answer = worker.connection.recv()
    except (EOFError, OSError):
        return None
    if isinstance(answer, Broken):
        raise AutograderError(answer.message, answer.hint)
    return cast(Done, answer)


def _try_again(batch: Batch, worker: _Worker, tries: dict[str, int]) -> Done | None:
    """Give a fresh worker the submission that its predecessor died on, once; then give it up."""
    candidate = cast(Candidate, worker.candidate)
    tries[candidate.id] = tries.get(candidate.id, 0) + 1
    if tries[candidate.id] < TRIES:
        worker.give(candidate)
        return None
    return batch.give_up(candidate, f"Its process died {TRIES} times on this submission.")


def _as_done(row: Row) -> Done:
    return Done(
        id=row.id,
        outcome=row.outcome,
        message="Graded before.",
        final=row.final,
        report_sha256=row.report_sha256,
        seconds=0.0,
    )


def _as_row(batch: Batch, done: Done) -> Row:
    candidate = next(c for c in batch.candidates if c.id == done.id)
    return Row(
        id=done.id,
        run_key=batch.run_key,
        fingerprint=batch.fingerprint(candidate),
        outcome=done.outcome,
        final=done.final,
        report_sha256=done.report_sha256,
        seconds=done.seconds,
    )
