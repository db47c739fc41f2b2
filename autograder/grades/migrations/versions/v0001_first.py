"""Make the first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _facts(name: str, *columns: "sa.Column[object]") -> None:
    """Make a table of facts: a number, its own columns, who recorded it and when."""
    op.create_table(
        name,
        sa.Column("row", sa.Integer, autoincrement=True),
        *columns,
        sa.Column("who", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.PrimaryKeyConstraint("row", name=f"pk_{name}"),
        sqlite_autoincrement=True,
    )


def _text(*names: str) -> "list[sa.Column[object]]":
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _long(*names: str) -> "list[sa.Column[object]]":
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _flag(*names: str) -> "list[sa.Column[object]]":
    return [sa.Column(name, sa.Boolean, nullable=False) for name in names]


def upgrade() -> None:
    """Make all tables and their indexes."""
    _facts("persons", *_text("learner", "name", "email", "section"), *_long("identities"))
    op.create_table(
        "documents",
        sa.Column("sha256", sa.String),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_documents"),
    )
    _facts(
        "reports",
        *_text("assignment", "learner", "submission", "attempt"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("submitted_at", sa.String),
        *_text("generated_at", "outcome"),
        *_long("items"),
        *_text("config_sha256"),
        sa.Column(
            "sha256",
            sa.String,
            sa.ForeignKey("documents.sha256", name="fk_reports_sha256"),
            nullable=False,
        ),
    )
    _facts("rubrics", *_text("assignment"), *_long("rubric"))
    _facts("scores", *_text("assignment", "learner", "sha256", "rubric_sha256"), *_long("items"))
    _facts(
        "reviews",
        *_text("assignment", "learner", "attempt", "item"),
        sa.Column("points", sa.String),
        *_long("remarks", "text"),
        *_flag("override", "withdrawn"),
    )
    _facts("remarks", *_text("assignment", "item", "remark"), *_long("text"), *_text("points"))
    _facts(
        "flags",
        *_text("assignment", "learner", "attempt", "item", "kind"),
        *_long("text"),
        *_flag("raised"),
    )
    _facts("extensions", *_text("assignment", "learner", "until"), *_long("reason"))
    _facts("excuses", *_text("assignment", "learner"), *_long("reason"), *_flag("excused"))
    op.create_index("ix_persons_learner", "persons", ["learner"])
    for name in ("reports", "scores", "reviews", "flags", "extensions", "excuses"):
        op.create_index(f"ix_{name}_assignment_learner", name, ["assignment", "learner"])
    for name in ("rubrics", "remarks"):
        op.create_index(f"ix_{name}_assignment", name, ["assignment"])
    op.create_index("ix_reports_sha256_learner", "reports", ["sha256", "learner"], unique=True)
