"""Run migrations within the transaction that `autograder.grades.database` has begun."""

from alembic import context

from autograder.grades.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
