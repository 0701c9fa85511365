"""Alembic's entry: everything is in the chassis."""

from servicekit.migrations import run_env

run_env()
