"""Pieces of work to judge: whose they are, what they are called on the page, and in which order they come."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from autograder.grades.attempts import in_order
from autograder.grades.compute import items_of
from autograder.grades.records import Attempt, Grade, GradePolicy, Review, ScoredItem
from autograder.grades.roster import Person, Roster
from autograder.grades.rubric import Rubric, policy_of
from autograder.intake.candidates import TOGETHER
from autograder.model import Report, Struct

_LABEL = 6
# Texts of fewer characters name too many things to be hidden.
_LEAST = 3
_BLANK = "▒▒▒"
# A place like "data" is no name; one with a capital, a digit or a separator may be.
_TELLING = re.compile(r"[A-Z\d_.\- ]")


class Piece(Struct):
    """An attempt that counts, and its names on the page.

    `ref` stands in URLs and orders the pieces; it tells nobody whose work it is. `learner` is the name that
    the gradebook's rows have: one person's, or that of a group who handed it in together. `names` are texts
    that tell who it is. `numbers` are the ids of those for whom it counts, each with the attempt's number.
    """

    ref: str
    label: str
    learner: str
    attempt: Attempt
    count: int
    items: Mapping[str, ScoredItem]
    names: tuple[str, ...] = ()
    numbers: tuple[tuple[str, int], ...] = ()


class State(Struct):
    """A piece's state for one item.

    `row` is the number of the newest review, 0 if there is none, and `at` its time. `flags` are the raised
    ones by kind, with who raised them.
    """

    piece: Piece
    item: ScoredItem
    review: Review | None = None
    row: int = 0
    at: str = ""
    flags: Mapping[str, str] = {}

    @property
    def waits(self) -> bool:
        """Whether a person has yet to judge it."""
        return self.item.waits and self.review is None

    @property
    def is_for_people(self) -> bool:
        """Whether a person judges it, or has judged it."""
        return self.item.waits or self.review is not None


def pieces_of(
    rubric: Rubric,
    attempts: Mapping[str, Sequence[Attempt]],
    grades: Iterable[Grade],
    roster: Roster,
    key: bytes,
    *,
    anonymous: bool,
) -> dict[str, Piece]:
    """Give the attempts that people judge by `ref`: the one that counts, or all where the best one does."""
    everybody = _by_person(attempts, roster)
    held: dict[tuple[str, str], list[_Held]] = {}
    for grade in grades:
        if grade.attempt is None:
            continue
        own = everybody[grade.learner]
        counts_best = rubric.attempts.counts == "best"
        for name, attempt in own[: rubric.attempts.most] if counts_best else own:
            if counts_best or attempt.number == grade.attempt:
                one = _Held(learner=grade.learner, attempt=attempt, count=len(own))
                held.setdefault((name, attempt.key), []).append(one)
    policy = policy_of(rubric)
    pieces = [
        _piece(_ref(key, f"{name}\0{one}"), name, some, policy, roster, anonymous=anonymous)
        for (name, one), some in held.items()
    ]
    return {piece.ref: piece for piece in sorted(pieces, key=lambda one: one.ref)}


class _Held(Struct):
    """An attempt as one of those has it who handed it in: of how many it is."""

    learner: str
    attempt: Attempt
    count: int


def _piece(
    ref: str, name: str, held: Sequence[_Held], policy: GradePolicy, roster: Roster, *, anonymous: bool
) -> Piece:
    """Make the piece of an attempt that came in under a name."""
    people = [roster.persons.get(one, Person(learner=one)) for one in roster.people(name)]
    told = ((one.learner, one.name, one.email, *one.identities) for one in people)
    attempt = held[0].attempt
    return Piece(
        ref=ref,
        label=ref[:_LABEL].upper() if anonymous else TOGETHER.join(one.name or one.learner for one in people),
        learner=name,
        attempt=attempt,
        count=held[0].count,
        items={item.id: item for item in items_of(attempt, policy)},
        names=(name, *(text for texts in told for text in texts)),
        numbers=tuple((one.learner, one.attempt.number) for one in held),
    )


def _by_person(
    attempts: Mapping[str, Sequence[Attempt]], roster: Roster
) -> dict[str, list[tuple[str, Attempt]]]:
    """Give the attempts of each person in order, with the names that they are recorded under."""
    found: dict[str, list[tuple[str, Attempt]]] = {}
    for name, some in attempts.items():
        for who in roster.people(name):
            found.setdefault(who, []).extend((name, one) for one in some)
    ordered = {}
    for who, pairs in found.items():
        names = {one.key: name for name, one in reversed(pairs)}  # of the same files the first holds
        ordered[who] = [(names[one.key], one) for one in in_order(one for _, one in pairs)]
    return ordered


def _ref(key: bytes, text: str) -> str:
    digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode().lower()


# --- the order ----------------------------------------------------------------------------------------


def shown(states: Iterable[State], show: str) -> list[State]:
    """Choose states: those that wait, that are flagged, that people judge, or all."""
    return [one for one in states if show not in _CHOICES or _CHOICES[show](one)]


_CHOICES: Mapping[str, Callable[[State], bool]] = {
    "waiting": lambda one: one.waits,
    "flagged": lambda one: bool(one.flags),
    "people": lambda one: one.is_for_people,
}


def following(states: Sequence[State], show: str, after: str, busy: frozenset[str]) -> State | None:
    """Give the next state to look at; None if there is no other.

    What waits is gone through in a circle, because others judge, too; where another person is looking is
    left for later. All others end at the last one.
    """
    chosen = [one for one in shown(states, show) if one.piece.ref != after]
    later = [one for one in chosen if one.piece.ref > after]
    if show != "waiting":
        return next(iter(later), None)
    circle = [*later, *(one for one in chosen if one.piece.ref < after)]
    return next((one for one in circle if one.piece.ref not in busy), next(iter(circle), None))


def preceding(states: Sequence[State], show: str, before: str) -> State | None:
    """Give the state before one; among what waits, those that are judged count, so that one can go back."""
    chosen = shown(states, "people" if show == "waiting" else show)
    earlier = [one for one in chosen if one.piece.ref < before]
    return earlier[-1] if earlier else None


# --- hiding who it is ---------------------------------------------------------------------------------


def hidden_words(piece: Piece, report: Report) -> re.Pattern[str]:
    """Give a pattern for the texts that tell whose work it is: names, ids, addresses, places.

    Ids and whole names count in any case. A part of a name counts as it is written: "Max" is somebody, and
    ``max`` is NumPy's.
    """
    facts = report.submission
    places = [facts.origin, *re.split(r"[/\\]", facts.origin)]
    places += [part for file in facts.files for part in _parts(file.path)]
    common = {report.assignment.id.casefold(), report.assignment.title.casefold()}
    telling = (one for one in places if _TELLING.search(one) and one.casefold() not in common)
    whole = _any_of({*piece.names, facts.id, report.learner.id, *telling})
    parts = _any_of({word for name in piece.names for word in name.split() if word[:1].isupper()})
    return re.compile(rf"(?<!\w)(?:(?i:{whole})|{parts})(?!\w)")


def _parts(path: str) -> Iterator[str]:
    """Give a path's folders, and its file with and without the suffix."""
    for part in path.split("/"):
        yield from (part, part.rpartition(".")[0])


def _any_of(texts: Iterable[str]) -> str:
    wanted = sorted({one.strip(" ,;") for one in texts}, key=lambda one: (-len(one), one))
    return "|".join(re.escape(one) for one in wanted if len(one) >= _LEAST) or r"(?!)"


def without(names: re.Pattern[str], text: str) -> str:
    """Blank out names in a text."""
    return names.sub(_BLANK, text)
