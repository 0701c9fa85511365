"""Alembic's entry; the runner is the chassis's."""

from servicekit.migrations import run_env

run_env()
