"""The people of a class, who have other names on each platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.model import Struct


class Person(Struct):
    """Somebody on the roster; `identities` are all texts by which platforms name them, the id among them."""

    learner: str
    name: str = ""
    email: str = ""
    section: str = ""
    identities: tuple[str, ...] = ()


class People(Struct):
    """The roster by the learners' ids, and the ids by every identity (see `level`)."""

    persons: Mapping[str, Person]
    by_identity: Mapping[str, str]

    def who(self, name: str) -> str:
        """Give the id of the person behind a name; a stranger's is the name itself."""
        return self.by_identity.get(level(name), name)

    def names(self, learner: str, known: Iterable[str]) -> list[str]:
        """List the names, of those that are known, that stand for a learner."""
        return sorted({learner, *(name for name in known if self.who(name) == learner)})


def people_of(persons: Iterable[Person]) -> People:
    """Index a roster. An identity that two people share is nobody's, except their own id."""
    by_id = {one.learner: one for one in persons}
    owners: dict[str, set[str]] = {}
    for one in by_id.values():
        for identity in filter(None, one.identities):
            owners.setdefault(level(identity), set()).add(one.learner)
    unique = {identity: next(iter(some)) for identity, some in owners.items() if len(some) == 1}
    return People(persons=by_id, by_identity=unique | {level(name): name for name in by_id})


def level(name: str) -> str:
    """Level case and blanks, and Moodle's ``Participant 12``."""
    return " ".join(name.casefold().split()).removeprefix("participant ")
