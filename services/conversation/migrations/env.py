"""Alembic's entry: the chassis runs the migrations of this folder."""

from servicekit.migrations import run_env

run_env()
