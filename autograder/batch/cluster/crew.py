"""Work off a batch on a cluster: read here, grade there, write here."""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

from autograder.batch.cluster import travelling
from autograder.batch.cluster.address import Cluster, is_safe
from autograder.batch.cluster.board import Board
from autograder.batch.cluster.bundle import pack_course
from autograder.batch.cluster.connection import (
    Came,
    Connection,
    Gone,
    Happening,
    Present,
    WasRead,
    address_of,
    connected,
    lost,
)
from autograder.batch.cluster.there import Answer, GradedThere, pack_work
from autograder.batch.grading_run import engine_sha256
from autograder.batch.keeping import kept_findings
from autograder.batch.ledger import Done
from autograder.batch.log import BatchLog
from autograder.batch.run import Batch, WorkOff
from autograder.batch.worker import Broken, Failed, give_up, reason_of, record
from autograder.errors import AutograderError
from autograder.grading.reading import SubmissionReader
from autograder.intake import Candidate
from autograder.intake.isolation import ReaderGone

Say = Callable[[str], None]
_PREPARE = ""
_TICK_SECONDS = 0.5


def on_cluster(cluster: Cluster, say: Say) -> WorkOff:
    """Give the way to work off a batch on a cluster; `say` shows a line about its workers."""

    def work_off(
        batch: Batch, left: deque[Candidate], readers: Sequence[SubmissionReader], log: BatchLog
    ) -> Iterator[Done]:
        if not left:
            return
        with connected(cluster) as connection, ThreadPoolExecutor(len(readers)) as pool:
            crew = _Crew(
                cluster,
                say,
                batch=batch,
                left=left,
                readers=readers,
                log=log,
                connection=connection,
                pool=pool,
            )
            try:
                yield from crew.work()
            finally:
                crew.leave()

    return work_off


class _Crew:
    """The batch's side of a cluster. All that it knows changes in one thread, by one event after another."""

    def __init__(
        self,
        cluster: Cluster,
        say: Say,
        *,
        batch: Batch,
        left: deque[Candidate],
        readers: Sequence[SubmissionReader],
        log: BatchLog,
        connection: Connection,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._cluster, self._say, self._batch, self._left = cluster, say, batch, left
        self._log, self._connection, self._pool = log, connection, pool
        self._readers: SimpleQueue[SubmissionReader] = SimpleQueue()  # those that read nothing now
        for reader in readers:
            self._readers.put(reader)
        self._board = Board()
        self._open: dict[str, Candidate] = {}  # being read, ready, or at a worker
        self._works: dict[str, tuple[bytes, str]] = {}  # what to send, and the fingerprint
        self._reading = 0
        self._had_worker = time.monotonic()
        self._run_id = batch.run.facts.run_id
        self._course = pack_course(batch.run.course())

    def work(self) -> Iterator[Done]:
        """Grade until nothing is left.

        Raises `AutograderError` if the scheduler ends, or no worker is fit and none comes.
        """
        while self._left or self._open:
            self._read_ahead()
            while (pair := self._board.next_pair()) is not None:
                worker, identity = pair
                work, _ = self._works[identity]
                self._connection.ask(worker, identity, travelling.grade_there, self._run_id, work)
            try:
                event = self._connection.events.get(timeout=_TICK_SECONDS)
            except Empty:
                self._require_patience()
                continue
            yield from self._happened(event)
            self._require_patience()

    def leave(self) -> None:
        """Let the workers remove what the run left there."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        idle, busy = set(self._board.idle), {*self._board.at_work, *self._board.preparing}
        self._connection.leave(idle, busy, travelling.leave_there, self._run_id)

    def _read_ahead(self) -> None:
        for _ in range(min(self._board.room(self._reading), len(self._left))):
            candidate = self._left.popleft()
            self._open[candidate.id] = candidate
            self._read(candidate)

    def _read(self, candidate: Candidate) -> None:
        self._reading += 1
        self._pool.submit(lambda: self._connection.events.put(self._was_read(candidate)))

    def _was_read(self, candidate: Candidate) -> WasRead:
        """Read a submission, in a thread of the pool."""
        reader = self._readers.get()
        run, folder = self._batch.run, self._batch.folder
        result: Any
        try:
            reading = reader.read(candidate)
            mine, asked = run.facts.grader, run.asked
            kept = kept_findings(mine, asked, reading.submission, folder) if self._batch.resume else {}
            result = pack_work(reading, kept), reading.submission.fingerprint
        except Exception as error:
            result = error
        finally:
            self._readers.put(reader)
        return WasRead(id=candidate.id, result=result)

    def _happened(self, event: Happening) -> Iterator[Done]:
        if isinstance(event, Gone):
            raise lost(self._cluster, event.reason)
        if isinstance(event, WasRead):
            yield from self._after_reading(event)
        elif isinstance(event, Present):
            yield from self._after_a_look(event)
        elif event.about == _PREPARE:
            self._after_preparing(event)
        else:
            yield from self._after_grading(event)

    def _after_reading(self, event: WasRead) -> Iterator[Done]:
        self._reading -= 1
        if isinstance(event.result, ReaderGone):
            raise AutograderError(event.result.message, "Go on with --resume.")
        if not isinstance(event.result, Exception):
            self._works[event.id] = event.result
            self._board.ready.append(event.id)
            return
        said = reason_of(event.result)
        reason = self._board.failed(event.id, said)
        if reason is None:
            self._log.retried(event.id, said)
            self._read(self._open[event.id])
        else:
            yield self._given_up(event.id, reason)

    # --- workers -----------------------------------------------------------------------------------

    def _after_a_look(self, event: Present) -> Iterator[Done]:
        joined, left = self._board.changes(event.workers)
        for worker in left:
            was_fit = worker not in self._board.refused
            self._connection.forget(worker)
            identity = self._board.leave(worker)
            if was_fit:
                self._tell(worker, "left")
            if identity is not None and identity not in self._board.done:
                yield from self._after_a_death(identity)
        for worker in joined:
            if is_safe(address_of(worker)):
                self._board.preparing.add(worker)
                facts = (travelling.python_here(), engine_sha256(), pickle.dumps(self._batch.run))
                args = (self._run_id, *facts, self._course)
                self._connection.ask(worker, _PREPARE, travelling.prepare_there, *args)
            else:
                self._refuse(worker, "it is another machine, and its connection is not encrypted")

    def _after_preparing(self, event: Came) -> None:
        if event.worker not in self._board.preparing:
            return
        self._require_scheduler(event)
        self._board.preparing.remove(event.worker)
        if event.answer == "":
            self._board.idle.add(event.worker)
            self._tell(event.worker, "joined")
        else:
            said = event.answer
            self._refuse(event.worker, said if isinstance(said, str) else f"{type(said).__name__}: {said}")

    def _refuse(self, worker: str, reason: str) -> None:
        self._board.leave(worker)
        self._board.refused[worker] = reason
        self._tell(worker, "refused", reason)

    def _tell(self, worker: str, change: str, reason: str = "") -> None:
        address = address_of(worker)
        self._log.worker(address, change, reason)
        count = f"{self._board.workers} worker{'s' * (self._board.workers != 1)}"
        self._say(f"{address} takes no work: {reason}" if reason else f"{address} {change}: {count}")

    def _require_patience(self) -> None:
        """Raise `AutograderError` if there has been no worker for longer than the cluster's patience."""
        board = self._board
        if board.workers or board.preparing:
            self._had_worker = time.monotonic()
        elif time.monotonic() - self._had_worker > self._cluster.patience:
            reasons = [f"{address_of(one)}: {reason}" for one, reason in sorted(board.refused.items())]
            what = f"no worker takes work; {reasons[0]}" if reasons else "there is no worker"
            raise AutograderError(
                f"{self._cluster.scheduler}: {what}",
                "Start workers with `dask worker`; finished reports are kept, and --resume goes on.",
            )

    def _require_scheduler(self, event: Came) -> None:
        """Raise `AutograderError` if there is no answer since the connection is lost."""
        if getattr(event.answer, "reason", "") == "scheduler-connection-lost":
            raise lost(self._cluster, "the connection was closed")

    # --- answers -----------------------------------------------------------------------------------

    def _after_grading(self, event: Came) -> Iterator[Done]:
        self._require_scheduler(event)
        identity = event.about
        if self._board.at_work.get(event.worker) == identity:
            del self._board.at_work[event.worker]
            self._board.idle.add(event.worker)
        if identity in self._board.done:
            return  # graded twice: the first report counts
        answer = self._answer(event)
        if isinstance(answer, GradedThere):
            start = time.perf_counter() - answer.seconds
            _, fingerprint = self._works[identity]
            yield self._closed(record(answer.graded, fingerprint, self._batch.folder, start))
        elif isinstance(answer, Failed):
            yield from self._again(identity, answer.reason, self._board.failed(identity, answer.reason))
        elif isinstance(answer, Broken):
            self._board.ready.appendleft(identity)
            self._refuse(event.worker, answer.message)
        else:
            self._board.leave(event.worker)
            self._tell(event.worker, "left")
            yield from self._after_a_death(identity)

    def _answer(self, event: Came) -> Answer | None:
        """Give a worker's answer; None if it died, of which Dask may tell before it is missed."""
        if isinstance(event.answer, bytes):
            return pickle.loads(event.answer) if event.answer else Failed(reason="the worker lost its course")
        if type(event.answer).__name__ == "KilledWorker":
            return None
        return Failed(reason=f"{type(event.answer).__name__}: {event.answer}")

    def _after_a_death(self, identity: str) -> Iterator[Done]:
        yield from self._again(identity, "Its worker died.", self._board.died(identity))

    def _again(self, identity: str, why: str, enough: str | None) -> Iterator[Done]:
        """Grade a submission again, or give it up for the reason that it was tried often enough."""
        if enough is not None:
            yield self._given_up(identity, enough)
        else:
            self._log.retried(identity, why)
            self._board.ready.appendleft(identity)

    def _given_up(self, identity: str, reason: str) -> Done:
        candidate = self._open[identity]
        reader = self._readers.get()
        files = reader.files(candidate)
        self._readers.put(reader)
        return self._closed(give_up(self._batch.run, candidate, files, reason, self._batch.folder))

    def _closed(self, done: Done) -> Done:
        self._board.done.add(done.id)
        self._open.pop(done.id)
        self._works.pop(done.id, None)
        return done
