"""The gradebook: facts are added and never changed; what holds now is read from the newest of each key."""

from __future__ import annotations

import contextlib
import datetime
import getpass
import json
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, Table, select

from autograder.grades import tables
from autograder.grades.attempts import Scored, attempts_of, in_order, items_in
from autograder.grades.compute import Decisions, grade
from autograder.grades.database import explained, open_engine
from autograder.grades.records import Attempt, Extension, Grade, Remark, Review
from autograder.grades.roster import Person, Roster, roster_of
from autograder.grades.rubric import Rubric, policy_of
from autograder.model import Struct

FILE_NAME = "gradebook.sqlite3"
# Names in one query: SQLite has a limit of variables.
_MOST = 500
Values = Mapping[str, Any]


class ReportRow(Struct):
    """A report as the gradebook keeps it; `items` are its `ScoredItem` records as JSON."""

    assignment: str
    learner: str
    submission: str
    attempt: str
    number: int
    submitted_at: str | None
    generated_at: str
    outcome: str
    items: str
    config_sha256: str
    sha256: str


def database_url(name: str | None, course: Path) -> str:
    """Give the URL of the gradebook: the one that is named, or that of the course's own file."""
    return name or f"sqlite:///{course / FILE_NAME}"


class Gradebook:
    """A course's gradebook, opened for one person.

    Parameters
    ----------
    url : str
        The database; see `database_url`.
    who : str, optional
        The person whose name stands beside what is recorded; this machine's user if nobody is named.

    Raises
    ------
    UsageError
        The database can't be opened, or is no gradebook that this version can read. Also raised by all
        methods, if the database fails.
    """

    def __init__(self, url: str, who: str = "") -> None:
        self.who = who or getpass.getuser()
        self.engine = open_engine(url)

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, *exception: object) -> None:
        self.engine.dispose()

    # --- transactions ---------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that only reads."""
        with explained(self.engine.url, "--db"), self.engine.connect() as connection:
            yield connection.execution_options(only_reads=True)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that is committed at the end of the block, or not at all."""
        with explained(self.engine.url, "--db"), self.engine.begin() as connection:
            yield connection

    def add(self, table: Table, rows: Iterable[Values]) -> int:
        """Record facts in one transaction, with the person and the time; gives their number."""
        with self.writing() as connection:
            return self.add_within(connection, table, rows)

    def add_within(self, connection: Connection, table: Table, rows: Iterable[Values]) -> int:
        """Record facts within a transaction."""
        at = datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")
        signed = [{**row, "who": self.who, "at": at} for row in rows]
        if signed:
            connection.execute(table.insert(), signed)
        return len(signed)

    # --- reports --------------------------------------------------------------------------------------

    def add_reports(self, found: Sequence[tuple[ReportRow, bytes]]) -> int:
        """Record reports and their texts; gives the number of those that were not here."""
        reports, documents = tables.reports, tables.documents
        hashes = {row.sha256 for row, _ in found}
        with self.writing() as connection:
            known = {
                (one.sha256, one.learner)
                for one in _among(connection, select(reports), reports.c.sha256, hashes)
            }
            kept = {
                one.sha256
                for one in _among(connection, select(documents.c.sha256), documents.c.sha256, hashes)
            }
            texts = {row.sha256: text for row, text in found if row.sha256 not in kept}
            if texts:
                compressed = [
                    {"sha256": name, "content": zlib.compress(text, 1)} for name, text in texts.items()
                ]
                connection.execute(documents.insert(), compressed)
            rows = {(row.sha256, row.learner): msgspec.structs.asdict(row) for row, _ in found}
            return self.add_within(
                connection, reports, (row for key, row in rows.items() if key not in known)
            )

    def document(self, sha256: str) -> bytes:
        """Give the text of a report."""
        query = select(tables.documents.c.content).where(tables.documents.c.sha256 == sha256)
        with self.reading() as connection:
            return zlib.decompress(connection.execute(query).scalar_one())

    # --- what holds now -------------------------------------------------------------------------------

    def roster(self) -> Roster:
        """Give the roster, without those who were taken off."""
        with self.reading() as connection:
            rows = _newest(
                connection.execute(select(tables.persons).order_by(tables.persons.c.row)), "learner"
            )
        return roster_of(
            Person(
                learner=row.learner,
                name=row.name,
                email=row.email,
                section=row.section,
                identities=tuple(json.loads(row.identities)),
            )
            for row in rows
            if row.identities != tables.GONE
        )

    def attempts(
        self, assignment: str, names: Collection[str] | None = None, scored: Scored | None = None
    ) -> dict[str, list[Attempt]]:
        """Give the attempts on an assignment by learner, in order of time, each with its newest report.

        Parameters
        ----------
        assignment : str
            The assignment's id.
        names : collection of str, optional
            The learners; everybody if it is not given.
        scored : mapping of str to tuple of ScoredItem, optional
            Points by the reports' SHA-256, instead of those by the rubric that is applied.
        """
        by_learner: dict[str, list[Any]] = defaultdict(list)
        with self.reading() as connection:
            for row in _of(connection, tables.reports, assignment, names):
                by_learner[row.learner].append(row)
        points = self._scores(assignment, names) if scored is None else scored
        return {learner: attempts_of(rows, points) for learner, rows in by_learner.items()}

    def _scores(self, assignment: str, names: Collection[str] | None) -> Scored:
        """Give the points of reports that the applied rubric scores in another way than their own did."""
        applied = self.applied(assignment)
        if applied is None:
            return {}
        name = applied.sha256()
        with self.reading() as connection:
            return {
                row.sha256: items_in(row.items)
                for row in _of(connection, tables.scores, assignment, names)
                if row.rubric_sha256 == name
            }

    def decisions(self, assignment: str, names: Collection[str] | None = None) -> dict[str, Decisions]:
        """Give what people decided, by learner; those are left out for whom nothing was decided."""
        with self.reading() as connection:
            reviews = _newest(
                _of(connection, tables.reviews, assignment, names), "learner", "attempt", "item"
            )
            extensions = _newest(_of(connection, tables.extensions, assignment, names), "learner")
            excuses = _newest(_of(connection, tables.excuses, assignment, names), "learner")
        remarks = self.remarks(assignment)
        by_learner: dict[str, dict[tuple[str, str], Review]] = defaultdict(dict)
        for row in reviews:
            if not row.withdrawn:
                by_learner[row.learner][row.attempt, row.item] = review_of(row)
        extended = {row.learner: _extension(row) for row in extensions if row.until}
        excused = {row.learner: row.reason for row in excuses if row.excused}
        return {
            name: Decisions(
                reviews=by_learner.get(name, {}),
                remarks=remarks,
                extension=extended.get(name),
                excuse=excused.get(name),
            )
            for name in {*by_learner, *extended, *excused}
        }

    def remarks(self, assignment: str) -> dict[str, Remark]:
        """Give the rubric's remarks by id, as they are worded now."""
        table = tables.remarks
        query = select(table).where(table.c.assignment == assignment).order_by(table.c.row)
        with self.reading() as connection:
            rows = _newest(connection.execute(query), "remark")
        return {
            row.remark: Remark(id=row.remark, item=row.item, text=row.text, points=Decimal(row.points))
            for row in rows
        }

    def grades(self, rubric: Rubric, learner: str | None = None, scored: Scored | None = None) -> list[Grade]:
        """Compute the grades of everybody, or of one learner, in order of their ids.

        The roster's learner and all reports under one of their identities are one person. What a group handed
        in together, and what was decided about it, holds for each of them; `learner` may name a group, too.
        `scored` is as in `attempts`.
        """
        assignment, roster = rubric.assignment, self.roster()
        asked = () if learner is None else roster.people(learner)
        names = None if learner is None else self._names_of(asked, roster, assignment)
        attempts: dict[str, list[Attempt]] = defaultdict(list)
        for name, some in self.attempts(assignment, names, scored).items():
            for who in roster.people(name):
                attempts[who] += some
        decided: dict[str, list[Decisions]] = defaultdict(list)
        for name, one in self.decisions(assignment, names).items():
            for who in roster.people(name):
                decided[who].append(one)
        everybody = {*roster.persons, *attempts} if learner is None else asked
        policy = policy_of(rubric)
        return [
            grade(one, in_order(attempts.get(one, [])), _joined(decided.get(one, [])), policy)
            for one in sorted(everybody)
        ]

    def _names_of(self, people: Iterable[str], roster: Roster, assignment: str) -> set[str]:
        known = self.names(assignment)
        return {name for one in people for name in roster.names(one, known)}

    def names(self, assignment: str) -> list[str]:
        """List the names of all who handed something in."""
        table = tables.reports
        query = select(table.c.learner).where(table.c.assignment == assignment).distinct()
        with self.reading() as connection:
            return list(connection.execute(query).scalars())

    # --- the rubric -----------------------------------------------------------------------------------

    def applied(self, assignment: str) -> Rubric | None:
        """Give the rubric by which grades are computed; None if none was applied yet."""
        table = tables.rubrics
        query = select(table.c.rubric).where(table.c.assignment == assignment)
        with self.reading() as connection:
            found = connection.execute(query.order_by(table.c.row.desc()).limit(1)).scalar_one_or_none()
        return None if found is None else msgspec.json.decode(found, type=Rubric)

    def apply(self, rubric: Rubric) -> None:
        """Let a rubric decide; the points that it gives must be recorded before."""
        row = {"assignment": rubric.assignment, "rubric": msgspec.json.encode(rubric).decode()}
        self.add(tables.rubrics, [row])

    def scored_by(self, rubric_sha256: str) -> set[tuple[str, str]]:
        """Give the SHA-256 and the learner of the reports whose points by a rubric are recorded."""
        table = tables.scores
        query = select(table.c.sha256, table.c.learner).where(table.c.rubric_sha256 == rubric_sha256)
        with self.reading() as connection:
            return {(row.sha256, row.learner) for row in connection.execute(query)}


# --- from rows to records -----------------------------------------------------------------------------


def review_of(row: Any) -> Review:
    """Give the review that a row of the table `reviews` records."""
    return Review(
        item=row.item,
        reviewer=row.who,
        points=None if row.points is None else Decimal(row.points),
        remarks=tuple(json.loads(row.remarks)),
        text=row.text,
        is_override=row.override,
    )


def _extension(row: Any) -> Extension:
    return Extension(until=datetime.datetime.fromisoformat(row.until), reason=row.reason)


def _joined(decisions: Sequence[Decisions]) -> Decisions:
    """Join what was decided for one person under several names."""
    if not decisions:
        return Decisions()
    extensions = [one.extension for one in decisions if one.extension]
    return Decisions(
        reviews={key: review for one in decisions for key, review in one.reviews.items()},
        remarks=decisions[0].remarks,
        extension=max(extensions, key=attrgetter("until"), default=None),
        excuse=next((one.excuse for one in decisions if one.excuse is not None), None),
    )


# --- queries ------------------------------------------------------------------------------------------


def _of(
    connection: Connection, table: Table, assignment: str, names: Collection[str] | None
) -> Iterator[Any]:
    """Give a table's rows on an assignment, of everybody or of the learners that are named."""
    query = select(table).where(table.c.assignment == assignment).order_by(table.c.row)
    if names is None:
        yield from connection.execute(query)
    else:
        yield from _among(connection, query, table.c.learner, names)


def _among(
    connection: Connection, query: Select[Any], column: ColumnElement[Any], names: Collection[str]
) -> Iterator[Any]:
    """Run a query for the rows in which a column has one of the names."""
    listed = sorted(names)
    for start in range(0, len(listed), _MOST):
        yield from connection.execute(query.where(column.in_(listed[start : start + _MOST])))


def _newest(rows: Iterable[Any], *key: str) -> list[Any]:
    """Give the last row of each key, in the order of the keys' first rows."""
    last: dict[tuple[Any, ...], Any] = {}
    for row in rows:
        last[tuple(getattr(row, name) for name in key)] = row
    return list(last.values())
