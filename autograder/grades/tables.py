"""The gradebook's tables. Every row is a fact that somebody recorded at a time; none is changed or deleted.

Only `presence` forgets: it says who looks at what now.

Where facts have a key (an attempt's item, a learner), the newest row of the key holds, and the older ones
are its history. The migrations in ``migrations/`` make these tables; a test holds the two against each other.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)


def _facts(name: str, *columns: Column[object], keys: tuple[str, ...] = ()) -> Table:
    """Make a table of facts: its own columns between a number, and who recorded it when (ISO 8601, UTC)."""
    table = Table(
        name,
        metadata,
        Column("row", Integer, primary_key=True, autoincrement=True),
        *columns,
        Column("who", String, nullable=False),
        Column("at", String, nullable=False),
        sqlite_autoincrement=True,
    )
    if keys:
        Index(None, *(table.c[key] for key in keys))
    return table


# A class's people: their names and the ids by which platforms know them (JSON), or that they have left.
GONE = "null"
persons = _facts(
    "persons",
    Column("learner", String, nullable=False),
    Column("name", String, nullable=False),
    Column("email", String, nullable=False),
    Column("section", String, nullable=False),
    Column("identities", Text, nullable=False),
    keys=("learner",),
)

# The texts of reports by their SHA-256, compressed with zlib.
documents = Table(
    "documents",
    metadata,
    Column("sha256", String, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# Reports on attempts: `attempt` is the key that equal files share, `items` the points as JSON.
reports = _facts(
    "reports",
    Column("assignment", String, nullable=False),
    Column("learner", String, nullable=False),
    Column("submission", String, nullable=False),
    Column("attempt", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("submitted_at", String),
    Column("generated_at", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("items", Text, nullable=False),
    Column("config_sha256", String, nullable=False),
    Column("sha256", String, ForeignKey("documents.sha256"), nullable=False),
    keys=("assignment", "learner"),
)
Index(None, reports.c.sha256, reports.c.learner, unique=True)

# The rubrics that were applied, as JSON; the newest one of an assignment decides.
rubrics = _facts(
    "rubrics",
    Column("assignment", String, nullable=False),
    Column("rubric", Text, nullable=False),
    keys=("assignment",),
)

# Points of a report by another rubric than its own: the newest row of a report holds.
scores = _facts(
    "scores",
    Column("assignment", String, nullable=False),
    Column("learner", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("rubric_sha256", String, nullable=False),
    Column("items", Text, nullable=False),
    keys=("assignment", "learner"),
)

# A person's points for an item of an attempt. Points are decimal numbers as text, or null.
reviews = _facts(
    "reviews",
    Column("assignment", String, nullable=False),
    Column("learner", String, nullable=False),
    Column("attempt", String, nullable=False),
    Column("item", String, nullable=False),
    Column("points", String),
    Column("remarks", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("override", Boolean, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    keys=("assignment", "learner"),
)

# The remarks of the rubric; a newer row of the same id holds for everybody who has the remark.
remarks = _facts(
    "remarks",
    Column("assignment", String, nullable=False),
    Column("item", String, nullable=False),
    Column("remark", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("points", String, nullable=False),
    keys=("assignment",),
)

# Flags on items of attempts: a second opinion is asked for, or something is to be looked at again.
flags = _facts(
    "flags",
    Column("assignment", String, nullable=False),
    Column("learner", String, nullable=False),
    Column("attempt", String, nullable=False),
    Column("item", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("raised", Boolean, nullable=False),
    keys=("assignment", "learner"),
)

extensions = _facts(
    "extensions",
    Column("assignment", String, nullable=False),
    Column("learner", String, nullable=False),
    Column("until", String, nullable=False),
    Column("reason", Text, nullable=False),
    keys=("assignment", "learner"),
)

excuses = _facts(
    "excuses",
    Column("assignment", String, nullable=False),
    Column("learner", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("excused", Boolean, nullable=False),
    keys=("assignment", "learner"),
)

# Who looks at which item of which attempt on the review page now. Old rows are deleted.
presence = _facts(
    "presence",
    Column("assignment", String, nullable=False),
    Column("learner", String, nullable=False),
    Column("attempt", String, nullable=False),
    Column("item", String, nullable=False),
)
