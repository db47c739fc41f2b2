"""Decide who grades what: one submission a worker at a time, and what a death or a failure means."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from autograder.batch.run import TRIES

# Workers are ended for reasons of their own, too; a submission that ends them all is not sent to a fourth.
DEATHS = 3
_AHEAD = 2


@dataclass
class Board:
    """Submissions by their ids: `ready` to be sent, at a worker, or `done`.

    A worker is `preparing` first, then idle or at work. A submission's first answer counts: one that was
    sent twice, since a worker seemed dead, has one report.
    """

    ready: deque[str] = field(default_factory=deque)
    at_work: dict[str, str] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)
    preparing: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    deaths: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def workers(self) -> int:
        """The number of workers that take work."""
        return len(self.idle) + len(self.at_work)

    def changes(self, present: frozenset[str]) -> tuple[list[str], list[str]]:
        """Give the workers that have joined and that have left, since the board last knew."""
        known = self.idle | self.preparing | set(self.at_work) | set(self.refused)
        return sorted(present - known), sorted(known - present)

    def leave(self, worker: str) -> str | None:
        """Take a worker from the board; gives the submission that it had."""
        self.idle.discard(worker)
        self.preparing.discard(worker)
        self.refused.pop(worker, None)
        return self.at_work.pop(worker, None)

    def died(self, submission: str) -> str | None:
        """Count a worker that died on a submission; gives a reason if that was tried often enough."""
        self.deaths[submission] += 1
        if self.deaths[submission] < DEATHS:
            return None
        return f"Its process died {DEATHS} times on this submission."

    def failed(self, submission: str, reason: str) -> str | None:
        """Count a failure of the grader on a submission; gives the reason if it has failed often enough."""
        self.failures[submission] += 1
        return None if self.failures[submission] < TRIES else reason

    def next_pair(self) -> tuple[str, str] | None:
        """Give an idle worker a submission, the one that was read first; None if one of them is missing."""
        while self.ready and self.ready[0] in self.done:
            self.ready.popleft()
        if not self.ready or not self.idle:
            return None
        worker = min(self.idle)
        self.idle.remove(worker)
        self.at_work[worker] = self.ready.popleft()
        return worker, self.at_work[worker]

    def room(self, reading: int) -> int:
        """Say how many more submissions to read: two a worker are on their way, one of them at the worker."""
        under_way = reading + len(self.ready) + len(self.at_work)
        return max(0, _AHEAD * max(1, self.workers) - under_way)
