"""The reviewer's desk: what the page reads from the gradebook, and what it records there."""

from __future__ import annotations

import datetime
import functools
import json
import secrets
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, Table, func, select, text

from autograder.errors import UsageError
from autograder.grades import tables
from autograder.grades.compute import points_of, written
from autograder.grades.deciding import read_points, review_row
from autograder.grades.records import Remark, Review
from autograder.grades.rubric import Rubric, policy_of
from autograder.grades.store import Gradebook, review_of
from autograder.model import Report, Struct
from autograder.pages.review.pieces import Piece, State, pieces_of
from autograder.report import decode_report

FLAGS = ("flag", "second-opinion")
MAX_TEXT = 10_000
_GONE = datetime.timedelta(minutes=2)
# If nothing was added to these, the same attempts count.
_DECIDING = (tables.reports, tables.scores, tables.rubrics, tables.persons, tables.extensions, tables.excuses)


class Given(Struct):
    """A form as it was sent: points as text, remarks by id, words of one's own, and the review seen."""

    points: str = ""
    remarks: tuple[str, ...] = ()
    text: str = ""
    seen: int = 0


class Conflict(Exception):
    """Somebody recorded a review after the page was shown; `state` is what holds now."""

    def __init__(self, state: State) -> None:
        super().__init__("somebody else was first")
        self.state = state


class Looking(Struct):
    """A person who looks at an item of a piece now."""

    who: str
    item: str
    ref: str


class Moved(Struct):
    """The points of a piece before and after a remark of the rubric is changed."""

    label: str
    old: Decimal
    new: Decimal

    @property
    def moves(self) -> bool:
        """Whether the points are other ones."""
        return self.old != self.new


class Desk:
    """One assignment's pieces of work, for the person for whom the gradebook was opened.

    Parameters
    ----------
    gradebook : Gradebook
        The course's gradebook.
    assignment : str
        The assignment's id; its rubric has been applied.
    anonymous : bool
        Whether to keep to itself whose work it is.
    """

    def __init__(self, gradebook: Gradebook, assignment: str, *, anonymous: bool = False) -> None:
        self.gradebook = gradebook
        self.assignment = assignment
        self.anonymous = anonymous
        self._lock = threading.Lock()
        self._version: tuple[Any, ...] = ()
        self._pieces: dict[str, Piece] = {}
        self._rubric: Rubric | None = None
        self.report = functools.lru_cache(maxsize=64)(self._report)

    # --- what there is --------------------------------------------------------------------------------

    def pieces(self) -> dict[str, Piece]:
        """Give the pieces of work by `ref`, in their order."""
        with self._lock:
            version = self._newest_rows()
            if version != self._version:
                self._rubric, self._pieces = self._read()
                self._version = version
            return self._pieces

    def rubric(self) -> Rubric:
        """Give the rubric that is applied."""
        self.pieces()
        assert self._rubric is not None
        return self._rubric

    def _newest_rows(self) -> tuple[Any, ...]:
        columns = [select(func.max(table.c.row)).scalar_subquery() for table in _DECIDING]
        with self.gradebook.reading() as connection:
            return tuple(connection.execute(select(*columns)).one())

    def _read(self) -> tuple[Rubric, dict[str, Piece]]:
        rubric = self.gradebook.applied(self.assignment)
        assert rubric is not None  # the command applies one before it opens the desk
        attempts = self.gradebook.attempts(self.assignment)
        return rubric, pieces_of(
            rubric,
            attempts,
            self.gradebook.grades(rubric),
            self.gradebook.roster(),
            self._key(),
            anonymous=self.anonymous,
        )

    def _key(self) -> bytes:
        """Give a key for references that stays: everybody who shares the gradebook sees the same ones."""
        table = tables.reports
        query = select(table.c.sha256).where(table.c.assignment == self.assignment).order_by(table.c.row)
        with self.gradebook.reading() as connection:
            return str(connection.execute(query.limit(1)).scalar()).encode()

    def _report(self, sha256: str) -> Report:
        return decode_report(self.gradebook.document(sha256), sha256[:8])

    # --- states -----------------------------------------------------------------------------------------

    def states(self, item: str) -> list[State]:
        """Give the state of each piece for an item, in order."""
        pieces = self.pieces()
        with self.gradebook.reading() as connection:
            reviews, flags = self._reviews(connection, item), self._flags(connection, item)
        return [_state(piece, item, reviews.get, flags.get) for piece in pieces.values()]

    def counted(self) -> dict[str, dict[str, int]]:
        """Count by item, in the rubric's order: what waits, was judged, is for people, and is flagged."""
        pieces, table = self.pieces(), tables.reviews
        newest = self._newest(table, ("learner", "attempt", "item"))
        columns = (table.c.learner, table.c.attempt, table.c.item)
        query = select(*columns).where(table.c.row.in_(newest), table.c.withdrawn.is_(False))
        with self.gradebook.reading() as connection:
            judged = set(map(tuple, connection.execute(query)))
            flagged = set(self._flags(connection))
        return {item.id: _count(item.id, pieces.values(), judged, flagged) for item in self.rubric().items}

    def _reviews(self, connection: Connection, item: str) -> dict[tuple[str, ...], Any]:
        table = tables.reviews
        newest = self._newest(table, ("learner", "attempt"), item)
        rows = connection.execute(select(table).where(table.c.row.in_(newest)))
        return {(row.learner, row.attempt, row.item): row for row in rows}

    def _flags(
        self, connection: Connection, item: str | None = None
    ) -> dict[tuple[str, ...], dict[str, str]]:
        found: dict[tuple[str, ...], dict[str, str]] = {}
        newest = self._newest(tables.flags, ("learner", "attempt", "item", "kind"), item)
        for row in connection.execute(select(tables.flags).where(tables.flags.c.row.in_(newest))):
            if row.raised:
                found.setdefault((row.learner, row.attempt, row.item), {})[row.kind] = row.who
        return found

    def _newest(self, table: Table, key: Sequence[str], item: str | None = None) -> Select[Any]:
        """Select the number of the newest row of each key, of one item or of all."""
        newest = select(func.max(table.c.row)).where(table.c.assignment == self.assignment)
        if item is not None:
            newest = newest.where(table.c.item == item)
        return newest.group_by(*(table.c[name] for name in key))

    # --- recording --------------------------------------------------------------------------------------

    def save(self, piece: Piece, item: str, given: Given) -> State:
        """Record a person's points, and give the state that follows.

        Points, remarks and text that are all empty take a review back. What says what holds already records
        nothing.

        Raises
        ------
        UsageError
            The points are none, or nothing says how many there are, or an override has no reason.
        Conflict
            The newest review is another one than the page had shown.
        """
        row = self._row(piece, item, given)
        with self.gradebook.writing() as connection:
            if connection.dialect.name == "postgresql":  # SQLite lets in one writer at a time
                connection.execute(text("LOCK TABLE reviews IN SHARE ROW EXCLUSIVE MODE"))
            held = self._one(connection, piece, item)
            if held.row != given.seen:
                raise Conflict(held)
            if _says(held) != (row["points"], row["remarks"], row["text"], row["withdrawn"]):
                self.gradebook.add_within(connection, tables.reviews, [row])
                held = self._one(connection, piece, item)
            return held

    def _row(self, piece: Piece, item: str, given: Given) -> dict[str, object]:
        scored, known = piece.items[item], self.remarks(item)
        remarks = [one for one in known if one in given.remarks]
        words = given.text.replace("\r\n", "\n").strip()
        if len(words) > MAX_TEXT:
            raise UsageError(f"The remark has {len(words):,} characters, {MAX_TEXT:,} are the most.")
        points = read_points(given.points, scored, scored.title) if given.points.strip() else None
        is_empty = points is None and not remarks
        if is_empty and words:
            raise UsageError("Give points, or choose a remark that gives them.")
        if not (is_empty or scored.waits or remarks or words):
            raise UsageError("Say why: this was judged automatically, so other points need a reason.")
        return review_row(
            self.rubric(),
            piece.learner,
            piece.attempt,
            scored,
            points=points,
            text=words,
            remarks=remarks,
            withdrawn=is_empty,
        )

    def _one(self, connection: Connection, piece: Piece, item: str) -> State:
        """Give the state of one piece for an item, within a transaction."""
        key = (piece.learner, piece.attempt.key, item)
        query = select(tables.reviews).where(
            tables.reviews.c.assignment == self.assignment,
            tables.reviews.c.learner == piece.learner,
            tables.reviews.c.attempt == piece.attempt.key,
            tables.reviews.c.item == item,
        )
        row = connection.execute(query.order_by(tables.reviews.c.row.desc()).limit(1)).first()
        return _state(piece, item, {key: row}.get, {}.get)

    def last_given(self, piece: Piece, item: str) -> Given | None:
        """Give what this person gave another piece for the item last; None if there is none."""
        table = tables.reviews
        query = select(table).where(
            table.c.assignment == self.assignment,
            table.c.item == item,
            table.c.who == self.gradebook.who,
            table.c.withdrawn.is_(False),
            (table.c.learner != piece.learner) | (table.c.attempt != piece.attempt.key),
        )
        with self.gradebook.reading() as connection:
            row = connection.execute(query.order_by(table.c.row.desc()).limit(1)).first()
        if row is None:
            return None
        return Given(points=row.points or "", remarks=tuple(json.loads(row.remarks)), text=row.text)

    def flag(self, piece: Piece, item: str, kind: str, *, raised: bool) -> None:
        """Raise or lower a flag.

        Raises
        ------
        UsageError
            There is no such kind of flag.
        """
        if kind not in FLAGS:
            raise UsageError(f"no flag `{kind}`; there are {', '.join(FLAGS)}")
        row = {"assignment": self.assignment, "learner": piece.learner, "attempt": piece.attempt.key}
        self.gradebook.add(tables.flags, [{**row, "item": item, "kind": kind, "text": "", "raised": raised}])

    # --- the rubric's remarks ---------------------------------------------------------------------------

    def remarks(self, item: str) -> dict[str, Remark]:
        """Give an item's remarks by id, in the order in which they were made."""
        return {
            name: one for name, one in self.gradebook.remarks(self.assignment).items() if one.item == item
        }

    def put_remark(self, item: str, words: str, points: str, remark: str = "") -> None:
        """Make a remark, or change one for all who have it.

        Raises
        ------
        UsageError
            It has no text, or its points are none.
        """
        one = self.worded(item, words, points, remark)
        row = {"remark": one.id or secrets.token_hex(4), "text": one.text, "points": f"{one.points:f}"}
        self.gradebook.add(tables.remarks, [{"assignment": self.assignment, "item": item, **row}])

    def worded(self, item: str, words: str, points: str, remark: str = "") -> Remark:
        """Read a remark from a form; raises as `put_remark` does."""
        words = " ".join(words.split())
        if not words or len(words) > MAX_TEXT:
            raise UsageError(f"A remark needs a text, of {MAX_TEXT:,} characters at most.")
        (scored,) = (one for one in policy_of(self.rubric()).items if one.id == item)
        number = points.strip().replace("−", "-")
        value = read_points(number.removeprefix("-"), scored, "The remark")
        return Remark(id=remark, item=item, text=words, points=-value + 0 if number[:1] == "-" else value)

    def changes(self, item: str, changed: Remark) -> list[Moved]:
        """Say which points follow for all who have a remark, if it is changed; points of their own stay."""
        old = self.remarks(item)
        new = old | {changed.id: changed}
        return [
            Moved(
                label=one.piece.label,
                old=points_of(one.review, one.item.maximum, old),
                new=points_of(one.review, one.item.maximum, new),
            )
            for one in self.states(item)
            if one.review is not None and changed.id in one.review.remarks
        ]

    # --- who is here ------------------------------------------------------------------------------------

    def look(self, piece: Piece, item: str) -> None:
        """Say that this person looks at an item of a piece now."""
        table = tables.presence
        before = (datetime.datetime.now(datetime.UTC) - _GONE).isoformat(timespec="microseconds")
        row = {"assignment": self.assignment, "learner": piece.learner, "attempt": piece.attempt.key}
        with self.gradebook.writing() as connection:
            connection.execute(
                table.delete().where((table.c.who == self.gradebook.who) | (table.c.at < before))
            )
            self.gradebook.add_within(connection, table, [{**row, "item": item}])

    def others(self) -> list[Looking]:
        """Give the other people who looked at something in the last two minutes."""
        table = tables.presence
        since = (datetime.datetime.now(datetime.UTC) - _GONE).isoformat(timespec="microseconds")
        query = select(table).where(
            table.c.assignment == self.assignment, table.c.at >= since, table.c.who != self.gradebook.who
        )
        with self.gradebook.reading() as connection:
            rows = connection.execute(query.order_by(table.c.row)).all()
        refs = {(one.learner, one.attempt.key): one.ref for one in self.pieces().values()}
        found = {
            row.who: Looking(who=row.who, item=row.item, ref=refs.get((row.learner, row.attempt), ""))
            for row in rows
        }
        return list(found.values())


def _state(piece: Piece, item: str, review: Any, flags: Any) -> State:
    """Give a piece's state from functions that find rows by learner, attempt and item."""
    key = (piece.learner, piece.attempt.key, item)
    row = review(key)
    return State(
        piece=piece,
        item=piece.items[item],
        review=None if row is None or row.withdrawn else review_of(row),
        row=0 if row is None else row.row,
        at="" if row is None else row.at,
        flags=flags(key) or {},
    )


def _count(
    item: str, pieces: Iterable[Piece], judged: Collection[object], flagged: Collection[object]
) -> dict[str, int]:
    keys = {(one.learner, one.attempt.key, item): one.items[item].waits for one in pieces}
    done = sum(key in judged for key in keys)
    waiting = sum(waits and key not in judged for key, waits in keys.items())
    marked = sum(key in flagged for key in keys)
    return {"waiting": waiting, "judged": done, "people": waiting + done, "flagged": marked}


def _says(state: State) -> tuple[object, ...]:
    """Give what a state's review says, in the form of a row; one that was taken back and none are alike."""
    review = state.review
    if review is None:
        return None, "[]", "", True
    points = None if review.points is None else f"{review.points:f}"
    return points, json.dumps(review.remarks), review.text, False


def worth(review: Review, state: State, remarks: Mapping[str, Remark]) -> str:
    """Write the points of a review."""
    return written(points_of(review, state.item.maximum, remarks))


def counts(states: Sequence[State]) -> Iterator[tuple[str, int]]:
    """Count what waits, what was judged, what is flagged, and what people judge in all."""
    people = [one for one in states if one.is_for_people]
    yield "waiting", sum(one.waits for one in people)
    yield "judged", sum(one.review is not None for one in people)
    yield "people", len(people)
    yield "flagged", sum(bool(one.flags) for one in states)
