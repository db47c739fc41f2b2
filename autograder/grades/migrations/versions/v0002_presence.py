"""Make the table of who looks at what now."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    names = ("assignment", "learner", "attempt", "item", "who", "at")
    op.create_table(
        "presence",
        sa.Column("row", sa.Integer, autoincrement=True),
        *(sa.Column(name, sa.String, nullable=False) for name in names),
        sa.PrimaryKeyConstraint("row", name="pk_presence"),
        sqlite_autoincrement=True,
    )
