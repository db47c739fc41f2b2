"""Results on their way to another place: what is sent, what is there already, and what is held back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Protocol

from autograder.model import Struct


class Readiness(Enum):
    """The state of a learner's result: only a `FINAL` one goes out unasked."""

    FINAL = "final"
    PROVISIONAL = "provisional"  # a person has yet to judge some of it
    PARTIAL = "partial"  # checks were switched off: never a grade
    WITHOUT = "without"  # there are no points: nothing handed in, excused, or not judged


class Outgoing(Struct):
    """One learner's result, ready to be sent.

    `identities` are all texts by which platforms know the learner, the id among them. `points` are None where
    there are none. `why` says in a sentence why the result is not final. `comment` holds only what the
    learner may see. `of` identifies what the result was made from: the same text means the same result.
    """

    learner: str
    identities: tuple[str, ...]
    points: Decimal | None
    maximum: Decimal
    readiness: Readiness = Readiness.FINAL
    why: str = ""
    comment: str = ""
    name: str = ""
    email: str = ""
    section: str = ""
    of: str = ""


class There(Struct):
    """A learner as another place knows them: its own `key`, other texts for them, and the points it has.

    `comment` is the one that stands with the points. A place that adds each comment to the earlier ones gives
    all of them as `comments`; they are None where it replaces a comment, or can't tell.
    """

    key: str
    identities: tuple[str, ...] = ()
    points: Decimal | None = None
    comment: str = ""
    comments: tuple[str, ...] | None = None


class Transfer(Struct):
    """One result that the place does not have yet: what it has, and what it will have."""

    outgoing: Outgoing
    there: There


class SendPlan(Struct):
    """The outcome that sending would have.

    `unmatched` are results whose learner the place does not know, with the reason: they are failures.
    `held` are results that are not final. `missing` are learners of the place of whom nothing is known here.
    """

    transfers: tuple[Transfer, ...] = ()
    unchanged: tuple[Outgoing, ...] = ()
    held: tuple[Outgoing, ...] = ()
    unmatched: tuple[tuple[Outgoing, str], ...] = ()
    missing: tuple[There, ...] = ()


class Receipt(Struct):
    """A place's answer to one transfer: whether it took the points, and its words.

    It is not `clear` where the answer was lost: the place may have taken them.
    """

    learner: str
    arrived: bool
    words: str = ""
    clear: bool = True


class Destination(Protocol):
    """A place that grades are sent to. `name` is stable: the log of what was sent knows the place by it."""

    @property
    def name(self) -> str:
        """The place's name in messages and in the log."""
        ...

    def there(self) -> Sequence[There]:
        """Ask for the learners whom the place knows, with the points that it has."""
        ...

    def objection(self, transfer: Transfer) -> str:
        """Say in a sentence why the place can't have a result; empty if it can. Asked after `there`."""
        ...

    def send(self, transfers: Sequence[Transfer]) -> Iterator[Receipt]:
        """Send results; give an answer for each as soon as it is known.

        A comment goes along if it is not empty and not the one that is there. Raises `DeliveryError` if
        nothing more can be sent.
        """
        ...


def plan(
    results: Sequence[Outgoing], there: Sequence[There], *, provisional: bool = False, comments: bool = True
) -> SendPlan:
    """Compare results with what a place has.

    A learner is the one who shares an identity with a result. An identity that two learners of the place
    share is nobody's. `provisional` lets provisional results go, never partial ones; without `comments`, a
    place that can't tell its comments is not asked for them. A result without a comment leaves the one there.
    """
    known = _by_identity(there)
    transfers, unchanged, held, unmatched, met = [], [], [], [], dict[str, str]()
    for result in results:
        if not _goes(result, provisional):
            held.append(result)
            met |= {one.key: result.learner for one in _matching(result, known)}
            continue
        found = _matching(result, known)
        if len(found) != 1:
            unmatched.append((result, _why_unmatched(found)))
        elif (other := met.get(found[0].key)) is not None:
            unmatched.append((result, f"{other} is the same learner there."))
        else:
            met[found[0].key] = result.learner
            same = found[0].points == result.points
            if same and (not comments or result.comment in ("", found[0].comment)):
                unchanged.append(result)
            else:
                transfers.append(Transfer(outgoing=result, there=found[0]))
    return SendPlan(
        transfers=tuple(transfers),
        unchanged=tuple(unchanged),
        held=tuple(held),
        unmatched=tuple(unmatched),
        missing=tuple(one for one in there if one.key not in met),
    )


def _goes(result: Outgoing, provisional: bool) -> bool:
    may = {Readiness.FINAL, Readiness.PROVISIONAL} if provisional else {Readiness.FINAL}
    return result.readiness in may and result.points is not None


def _by_identity(there: Iterable[There]) -> Mapping[str, There | None]:
    known: dict[str, There | None] = {}
    for one in there:
        for identity in {level(text) for text in (one.key, *one.identities) if text}:
            known[identity] = None if identity in known else one
    return known


def _matching(result: Outgoing, known: Mapping[str, There | None]) -> list[There]:
    """Find the learners of the place who share an identity; the learner's own id decides if it is known."""
    own = known.get(level(result.learner))
    if own is not None:
        return [own]
    found = (known.get(level(text)) for text in result.identities)
    return list({one.key: one for one in found if one is not None}.values())


def _why_unmatched(found: Sequence[There]) -> str:
    if not found:
        return "Nobody there has one of this learner's ids: the roster can name them."
    return f"Several learners there fit: {', '.join(one.key for one in found)}."


def level(identity: str) -> str:
    """Level case and blanks, so that two texts for one learner are the same."""
    return " ".join(identity.casefold().split())
