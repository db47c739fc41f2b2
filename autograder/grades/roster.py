"""The roster of a class: who is expected to hand something in, and by which names platforms know them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.errors import UsageError
from autograder.intake.candidates import TOGETHER
from autograder.model import Struct

# The columns by which learners are known, as platforms and people call them.
_ID = {"id", "learner", "student", "student id", "student_id", "sid", "username", "login"} | {
    "sis user id",
    "sis login id",
    "identifier",
    "id number",
}
_NAME = {"name", "full name"}
_FIRST, _LAST = {"first name", "given name"}, {"surname", "last name", "family name"}
_EMAIL = {"email", "e-mail", "email address"}
_SECTION = {"section", "group", "class", "groups"}
_HEADERS = _ID | _NAME | _FIRST | _LAST | _EMAIL


class Person(Struct):
    """Somebody on the roster; `identities` are all texts by which platforms name them, the id among them."""

    learner: str
    name: str = ""
    email: str = ""
    section: str = ""
    identities: tuple[str, ...] = ()


class Roster(Struct):
    """A class: its people by their ids, and the ids by every identity, levelled."""

    persons: Mapping[str, Person]
    by_identity: Mapping[str, str]

    def who(self, name: str) -> str:
        """Give the id of the person behind a name; a stranger's is the name itself."""
        return self.by_identity.get(_level(name), name)

    def people(self, name: str) -> tuple[str, ...]:
        """Give the ids of all behind a name: of one person, or of each of a group that handed in together."""
        if _level(name) in self.by_identity:
            return (self.who(name),)
        return tuple(dict.fromkeys(self.who(one) for one in _each([name]) if one)) or (name,)

    def names(self, learner: str, known: Iterable[str]) -> list[str]:
        """List the names, of those that are known, that stand for a learner, or for a group with them."""
        return sorted({learner, *(name for name in known if learner in self.people(name))})

    def ids(self, name: str) -> tuple[str, ...]:
        """Give all texts by which platforms know the person behind a name, or the people of a group."""
        people = (self.persons.get(self.who(one)) for one in _each([name]))
        return tuple(dict.fromkeys(text for one in people if one for text in one.identities))

    def absent(self, learners: Iterable[str]) -> tuple[str, ...]:
        """Give the ids of those who handed in nothing."""
        present = {self.who(name) for name in _each(learners)}
        return tuple(name for name in self.persons if name not in present)

    def unknown(self, learners: Iterable[str]) -> tuple[str, ...]:
        """Give the learners who are not on the roster."""
        return tuple(name for name in _each(learners) if _level(name) not in self.by_identity)


def _each(learners: Iterable[str]) -> Iterator[str]:
    """Give the learners, and the people of a group one by one."""
    for learner in learners:
        yield from learner.split(TOGETHER)


def roster_of(persons: Iterable[Person]) -> Roster:
    """Index people. An identity that two of them share is nobody's, except their own ids."""
    by_id = {one.learner: one for one in persons}
    owners: dict[str, set[str]] = {}
    for one in by_id.values():
        for identity in one.identities:
            owners.setdefault(_level(identity), set()).add(one.learner)
    unique = {identity: min(some) for identity, some in owners.items() if len(some) == 1}
    return Roster(persons=by_id, by_identity=unique | {_level(name): name for name in by_id})


def _level(name: str) -> str:
    """Level case and blanks, and Moodle's ``Participant 12``."""
    return " ".join(name.casefold().split()).removeprefix("participant ")


def read_roster(path: Path) -> Roster:
    """Read a roster: CSV as spreadsheets and learning platforms write it, with a header or without.

    The first column is the learner's id. The separator is a comma, a semicolon or a tab. A header is known by
    the names of its columns, and says which are names, e-mail addresses and sections.

    Raises
    ------
    UsageError
        The file can't be read, or names nobody.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror}", "Name a CSV file.") from error
    rows = _rows(_decoded(data))
    header: Sequence[str] = ()
    if rows and any(cell.casefold() in _HEADERS for cell in rows[0]):
        header, rows = [cell.casefold() for cell in rows[0]], rows[1:]
    people = [_person(row, header) for row in rows if row[0] and row[0].casefold() != "points possible"]
    if not people:
        raise UsageError(f"{path}: names no learner", "Expected a row for each learner, with the id first.")
    return roster_of(people)


def _person(row: Sequence[str], header: Sequence[str]) -> Person:
    def cells(names: set[str]) -> Iterator[str]:
        yield from (cell for cell, name in zip(row, header, strict=False) if name in names and cell)

    name = next(cells(_NAME), "") or " ".join([*cells(_FIRST), *cells(_LAST)])
    email = next(cells(_EMAIL), "") or next((cell for cell in row if "@" in cell), "")
    section = next(cells(_SECTION), "")
    return Person(
        learner=row[0],
        name=name,
        email=email,
        section=section,
        identities=tuple(dict.fromkeys(cell for cell in (*row, name) if cell and cell != section)),
    )


def _decoded(data: bytes) -> str:
    """Decode as spreadsheets encode: UTF-8 or UTF-16 with a mark, else Windows' Latin."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _rows(text: str) -> list[tuple[str, ...]]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        read = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error:
        return []
    return [tuple(cell.strip() for cell in row) for row in read if any(cell.strip() for cell in row)]
