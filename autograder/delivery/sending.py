"""Send results to a place, read back what it has then, and compare.

::

    there ─▶ plan ─▶ send, some at a time ─▶ read back ─▶ plan again: what is still in it has not arrived
                        │ before, after │                          │
                        └────── log ────┴──────────────────────────┘

What a place has decides, not what it answers. So a send that was interrupted goes on by being started again,
and one that is repeated changes nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from autograder.delivery.http import Refused, Unclear
from autograder.delivery.outgoing import Destination, Outgoing, Receipt, SendPlan, Transfer
from autograder.delivery.preparing import Failure, Prepared, now, prepare
from autograder.delivery.sent import Did, Log
from autograder.errors import DeliveryError
from autograder.grades.compute import written
from autograder.model import Struct

AT_ONCE = 50
_ROUNDS = 2
# Statuses by which a place refuses some of the results, and not all that it is asked.
_OF_SOME = frozenset({400, 403, 404, 409, 422})


class Sent(Struct):
    """The transfers that arrived, and all failures. `stopped` says why sending ended early."""

    plan: SendPlan
    arrived: tuple[Transfer, ...] = ()
    failures: tuple[Failure, ...] = ()
    stopped: str = ""


def send(
    destination: Destination,
    results: Sequence[Outgoing],
    log: Log,
    *,
    provisional: bool = False,
    comments: bool = True,
    clock: Callable[[], datetime.datetime] = now,
) -> Sent:
    """Send what a place does not have yet, read back what it has then, and compare.

    Parameters are as in `prepare`; `clock` gives the time.

    Raises
    ------
    DeliveryError
        The place can't be asked at the start: nothing was sent.
    """

    def asked() -> Prepared:
        return prepare(destination, results, log, provisional=provisional, comments=comments, at=clock())

    first = prepared = asked()
    log.add(Did.FAILED, ((one.result, one.why) for one in first.failures), clock())
    answers: dict[str, Receipt] = {}
    stopped = ""
    for _ in range(_ROUNDS):
        again = [one for one in prepared.plan.transfers if _may_go(answers.get(one.outgoing.learner))]
        if not again:
            break
        stopped = _send_all(destination, again, log, answers, clock)
        try:
            prepared = asked()
        except DeliveryError as error:
            why = f"It could not be read back: {error.message}"
            return _unread(first, answers, stopped or error.message, why)
        if stopped:
            break
    sent = _compared(first, prepared, answers, stopped)
    _note(sent, log, clock())
    return sent


def _may_go(answer: Receipt | None) -> bool:
    return answer is None or not answer.clear


def _send_all(
    destination: Destination,
    transfers: Sequence[Transfer],
    log: Log,
    answers: dict[str, Receipt],
    clock: Callable[[], datetime.datetime],
) -> str:
    """Send some at a time, and note the answers; gives the reason if it has to stop."""
    lost = 0
    for start in range(0, len(transfers), AT_ONCE):
        some = transfers[start : start + AT_ONCE]
        going = {one.outgoing.learner: _as_sent(one) for one in some}
        log.add(Did.SENDING, ((one, "") for one in going.values()), clock(), sure=True)
        took = False
        try:
            for receipt in destination.send(some):
                answers[receipt.learner] = receipt
                took = took or receipt.arrived
                log.add(_did(receipt), [(going[receipt.learner], receipt.words)], clock())
        except DeliveryError as error:
            return error.message
        lost = 0 if took else lost + 1
        if lost == 2:
            return "Twice in a row, all that went together was refused or had no answer."
    return ""


def _as_sent(one: Transfer) -> Outgoing:
    """Give a result with the comment only if it goes along."""
    kept = one.outgoing.comment == one.there.comment
    return replace(one.outgoing, comment="") if kept else one.outgoing


def _did(receipt: Receipt) -> Did:
    if not receipt.clear:
        return Did.UNCLEAR
    return Did.TAKEN if receipt.arrived else Did.REFUSED


def in_parts(
    transfers: Sequence[Transfer], send_some: Callable[[Sequence[Transfer]], str]
) -> Iterator[Receipt]:
    """Send results together; where a place refuses them, send each half, so that it names those it refuses.

    `send_some` gives the place's words, and raises `Refused` or `Unclear`.
    """
    try:
        words = send_some(transfers)
    except Unclear as error:
        for one in transfers:
            yield Receipt(learner=one.outgoing.learner, arrived=False, words=error.message, clear=error.over)
    except Refused as error:
        if error.status not in _OF_SOME:
            raise
        if len(transfers) == 1:
            yield Receipt(learner=transfers[0].outgoing.learner, arrived=False, words=error.message)
            return
        half = len(transfers) // 2
        yield from in_parts(transfers[:half], send_some)
        yield from in_parts(transfers[half:], send_some)
    else:
        for one in transfers:
            yield Receipt(learner=one.outgoing.learner, arrived=True, words=words)


# --- reading back -----------------------------------------------------------------------------------------


def _compared(first: Prepared, after: Prepared, answers: Mapping[str, Receipt], stopped: str) -> Sent:
    still = {one.outgoing.learner: one for one in after.plan.transfers}
    gone = {one.result.learner: one.why for one in after.failures}
    waiting = {one.result.learner: one for one in after.waiting}
    arrived, failures = [], []
    for one in first.plan.transfers:
        result = one.outgoing
        if result.learner in still:
            why = _why_not(still[result.learner], answers.get(result.learner), stopped)
        elif result.learner in gone:
            why = gone[result.learner]
        elif result.learner in after.unseen and _as_sent(one).comment:
            why = "The points are there. The place took the comment and does not show it: look there."
        else:
            arrived.append(one)
            continue
        failures.append(Failure(result=result, why=why))
        waiting.pop(result.learner, None)
    return Sent(
        plan=first.plan,
        arrived=tuple(arrived),
        failures=(*first.failures, *failures, *waiting.values()),
        stopped=stopped,
    )


def _note(sent: Sent, log: Log, at: datetime.datetime) -> None:
    """Log what was found when it was read back."""
    going = {one.outgoing.learner for one in sent.plan.transfers}
    differ = [one for one in sent.failures if one.result.learner in going]
    failed = {one.result.learner for one in differ}
    arrived = (one.outgoing for one in sent.arrived if one.outgoing.learner not in failed)
    log.add(Did.ARRIVED, ((one, "") for one in arrived), at)
    log.add(Did.DIFFERS, ((one.result, one.why) for one in differ), at)


def _why_not(still: Transfer, answer: Receipt | None, stopped: str) -> str:
    if answer is None:
        return f"Not sent: {stopped}" if stopped else "Not sent."
    if not answer.clear:
        return f"No clear answer, and it is not there: {answer.words}"
    if not answer.arrived:
        return f"Refused: {answer.words}"
    has = "none" if still.there.points is None else written(still.there.points)
    assert still.outgoing.points is not None  # only results with points go
    sent = written(still.outgoing.points)
    return f"The place took {sent} points and has {has}: they may be locked or overridden there."


def _unread(first: Prepared, answers: Mapping[str, Receipt], stopped: str, why: str) -> Sent:
    """Count as failed all that was not read back: the next send finds out what has arrived."""
    failures = [
        Failure(result=one.outgoing, why=why if one.outgoing.learner in answers else f"Not sent: {stopped}")
        for one in first.plan.transfers
    ]
    return Sent(plan=first.plan, failures=(*first.failures, *failures, *first.waiting), stopped=stopped)
