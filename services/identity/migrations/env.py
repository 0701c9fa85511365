"""Alembic's entry point: the chassis runs the migrations as the owner role."""

from servicekit.migrations import run_env

run_env()
