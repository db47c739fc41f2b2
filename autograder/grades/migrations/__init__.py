"""Migrations of the gradebook's tables, run by alembic when a gradebook is opened."""
