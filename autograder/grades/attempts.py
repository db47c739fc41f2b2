"""Put a learner's attempts in order: the same files are one attempt, however often they come in."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from autograder.grades.records import Attempt, ScoredItem
from autograder.model import Outcome
from autograder.report.late import moment

Scored = Mapping[str, tuple[ScoredItem, ...]]
# How the key of an attempt begins whose report names no files: nobody knows which others are the same.
NO_FILES = "number-"


def attempts_of(rows: Sequence[Any], scored: Scored) -> list[Attempt]:
    """Give the attempts of one learner: reports on the same files are of one, and the newest counts.

    Who hands in the same files again is not late by that: the first time is the attempt's.
    """
    newest = {row.attempt: row for row in sorted(rows, key=lambda row: (row.generated_at, row.row))}
    times: dict[str, list[datetime.datetime]] = defaultdict(list)
    for row in rows:
        at = moment(row.submitted_at)
        if at is not None and (row is newest[row.attempt] or not row.attempt.startswith(NO_FILES)):
            times[row.attempt].append(at)
    first = {row.attempt: row for row in sorted(rows, key=lambda row: row.row, reverse=True)}
    return in_order(
        Attempt(
            key=row.attempt,
            number=first[row.attempt].number,
            **_times(times[row.attempt]),
            outcome=Outcome(row.outcome),
            items=scored[row.sha256] if row.sha256 in scored else items_in(row.items),
            report_sha256=row.sha256,
        )
        for row in newest.values()
    )


def items_in(text: str) -> tuple[ScoredItem, ...]:
    """Read the points of a report as the gradebook keeps them."""
    return msgspec.json.decode(text, type=tuple[ScoredItem, ...])


def in_order(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Number attempts by time, from 1; those whose time nobody knows keep their places.

    The same files are one attempt, also where they came in under two names of a learner.
    """
    ordered = sorted(_merged(attempts), key=lambda one: (one.number, one.key))
    known = iter(sorted((one for one in ordered if one.submitted_at), key=attrgetter("submitted_at")))
    placed = [next(known) if one.submitted_at else one for one in ordered]
    return [msgspec.structs.replace(one, number=number) for number, one in enumerate(placed, 1)]


def _merged(attempts: Iterable[Attempt]) -> Iterator[Attempt]:
    """Make one of the attempts with the same files; the first report holds."""
    by_key: dict[object, list[Attempt]] = defaultdict(list)
    for number, one in enumerate(attempts):
        by_key[number if one.key.startswith(NO_FILES) else one.key].append(one)
    for same in by_key.values():
        times = [at for one in same for at in (one.submitted_at, *one.again) if at is not None]
        yield msgspec.structs.replace(same[0], **_times(times))


def _times(times: Iterable[datetime.datetime]) -> dict[str, Any]:
    """Give the fields of an attempt for the times at which its files came in."""
    ordered = sorted(set(times))
    return {"submitted_at": ordered[0] if ordered else None, "again": tuple(ordered[1:])}
