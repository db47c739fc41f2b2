"""Decide what sending would do, from the results, from what a place has, and from the log."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec.structs import replace

from autograder.delivery.outgoing import Destination, Outgoing, SendPlan, There, Transfer, plan
from autograder.delivery.sent import Log, digest
from autograder.model import Struct

# A place may still be at work on a comment whose answer was lost. As it would stand there twice, the comment
# waits so long; the points, which are only replaced, do not.
UNCLEAR_FOR = datetime.timedelta(minutes=15)
# No platform keeps more digits, and one that rounds would never have what was sent.
_DIGITS = Decimal("0.00001")


class Failure(Struct):
    """A result that the place does not have, and why."""

    result: Outgoing
    why: str


class Prepared(Struct):
    """The outcome that sending would have: the plan, refusals, and comments that wait for an earlier sending.

    Of the learners `unseen`, the place took the comment and does not show it.
    """

    plan: SendPlan
    failures: tuple[Failure, ...] = ()
    waiting: tuple[Failure, ...] = ()
    unseen: frozenset[str] = frozenset()


def now() -> datetime.datetime:
    """Give the time, with its zone."""
    return datetime.datetime.now(datetime.UTC)


def prepare(
    destination: Destination,
    results: Sequence[Outgoing],
    log: Log,
    *,
    provisional: bool = False,
    comments: bool = True,
    at: datetime.datetime | None = None,
) -> Prepared:
    """Ask a place for what it has, and decide what sending would do.

    Parameters
    ----------
    destination : Destination
        The place.
    results : sequence of Outgoing
        The results.
    log : Log
        What was sent there before.
    provisional : bool, optional
        Whether provisional results go, too.
    comments : bool, optional
        Whether comments go along.
    at : datetime.datetime, optional
        The moment, if not now.

    Raises
    ------
    DeliveryError
        The place can't be asked.
    """
    going = [_rounded(one if comments else replace(one, comment="")) for one in results]
    known = {digest(one.comment): one.comment for one in going if one.comment}
    there = [_with_comment(one, known, log) for one in destination.there()]
    made = plan(going, there, provisional=provisional)
    failures = [Failure(result=one, why=why) for one, why in made.unmatched]
    transfers, unchanged, waiting, unseen = [], list(made.unchanged), [], set()
    for one in made.transfers:
        result, points_differ = one.outgoing, one.there.points != one.outgoing.points
        if objection := destination.objection(one):
            failures.append(Failure(result=result, why=objection))
            continue
        was_taken = _was_taken(one, log)
        if was_taken and one.there.comments is not None:
            unseen.add(result.learner)
        wait = "" if was_taken else _must_wait(one, log, at or now())
        if wait:
            waiting.append(Failure(result=result, why=wait))
        if points_differ or not (was_taken or wait):
            transfers.append(_without_comment(one) if was_taken or wait else one)
        elif was_taken:
            unchanged.append(result)
    return Prepared(
        plan=replace(made, transfers=tuple(transfers), unchanged=tuple(unchanged)),
        failures=tuple(failures),
        waiting=tuple(waiting),
        unseen=frozenset(unseen),
    )


def _rounded(result: Outgoing) -> Outgoing:
    return replace(result, points=_to_digits(result.points))


def _to_digits(points: Decimal | None) -> Decimal | None:
    return None if points is None else points.quantize(_DIGITS).normalize() + 0


def _with_comment(there: There, known: Mapping[str, str], log: Log) -> There:
    """Find, among all comments at a place, the newest one that came from here."""
    ours = known.keys() | log.comments()
    found = [text for text in there.comments or () if digest(text) in ours]
    there = replace(there, points=_to_digits(there.points))
    return replace(there, comment=known.get(digest(found[-1]), found[-1])) if found else there


def _was_taken(one: Transfer, log: Log) -> bool:
    """Say whether the place took this comment last, though none from here can be seen there.

    It is then not sent a second time: a place that shows it in other words would have it once more each time.
    """
    result = one.outgoing
    if one.there.comment or not result.comment:
        return False
    return log.taken_comment(result.learner) == digest(result.comment)


def _must_wait(one: Transfer, log: Log, at: datetime.datetime) -> str:
    """Say why a comment waits; empty if it does not. Where a place replaces comments, none has to."""
    result = one.outgoing
    if one.there.comments is None or result.comment in ("", one.there.comment):
        return ""
    since = log.unclear_since(result.learner, digest(result.comment))
    if since is None or at - since >= UNCLEAR_FOR:
        return ""
    until = (since + UNCLEAR_FOR).astimezone().strftime("%H:%M")
    return f"The comment went without a clear answer, and may still appear: send again after {until}."


def _without_comment(one: Transfer) -> Transfer:
    return replace(one, there=replace(one.there, comment=one.outgoing.comment))
