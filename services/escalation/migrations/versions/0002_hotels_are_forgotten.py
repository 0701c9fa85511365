"""A purged hotel's rows go: the worker may delete them.

Revision ID: 0002_hotels_are_forgotten
"""

from alembic import op

from servicekit.migrations import let_hotels_be_forgotten

revision = "0002_hotels_are_forgotten"
down_revision = "0001"


def upgrade() -> None:
    """Grant it."""
    let_hotels_be_forgotten(op, "escalations", "timeline", "conversations", "staff")
