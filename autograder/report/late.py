"""Say how late a submission is. Unknown times are never punished."""

from __future__ import annotations

import datetime
import math

from msgspec.structs import replace

from autograder.model import Lateness, SubmissionFacts

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def lateness(submitted_at: str | None, due_at: str | None) -> Lateness | None:
    """Compare two times in ISO 8601; None if the first is in time, or a time or its zone is not known.

    >>> lateness("2027-03-04T02:40:00+00:00", "2027-03-01T23:59:00+01:00").message
    '2 days 3 hours after 2027-03-01 23:59 +01:00'
    """
    submitted, due = moment(submitted_at), moment(due_at)
    if submitted is None or due is None or submitted <= due:
        return None
    seconds = math.ceil((submitted - due).total_seconds())
    day, zone = f"{due:%Y-%m-%d %H:%M}", due.isoformat(timespec="seconds")[19:]
    return Lateness(seconds=seconds, message=f"{spoken(seconds)} after {day} {zone}")


def first_handed_in(facts: SubmissionFacts, before: str | None, due_at: str | None) -> SubmissionFacts:
    """Give a submission the time at which the same files came in before, if that is known and earlier.

    Who hands in the same files again is not late by that.
    """
    now, then = moment(facts.submitted_at), moment(before)
    if then is None or (now is not None and now <= then):
        return facts
    return replace(facts, submitted_at=before, late=lateness(before, due_at))


def is_after(submitted_at: str | None, other: str | None) -> bool:
    """Say whether a time is known to be later than another."""
    one, two = moment(submitted_at), moment(other)
    return one is not None and two is not None and one > two


def moment(text: str | None) -> datetime.datetime | None:
    """Read a time in ISO 8601; None if it or its zone is not known."""
    try:
        read = datetime.datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return read if read.tzinfo is not None else None


def in_full(text: str | None) -> str | None:
    """Give a time with its seconds and its zone, as RFC 3339 has it; None if it or its zone is not known.

    >>> in_full("2027-03-01T23:59+01:00")
    '2027-03-01T23:59:00+01:00'
    """
    read = moment(text)
    return None if read is None else read.isoformat()


def spoken(seconds: int) -> str:
    """Give a length of time in its two largest units.

    >>> spoken(183_640), spoken(3_600), spoken(0)
    ('2 days 3 hours', '1 hour', '0 seconds')
    """
    parts = []
    for name, length in _UNITS:
        count, seconds = divmod(seconds, length)
        if count:
            parts.append(f"{count} {name}{'s' if count != 1 else ''}")
    return " ".join(parts[:2]) or "0 seconds"
