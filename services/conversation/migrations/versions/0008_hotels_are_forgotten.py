"""A purged hotel's rows go: the worker may delete them."""

from alembic import op

from servicekit.migrations import let_hotels_be_forgotten

revision = "0008_hotels_are_forgotten"
down_revision = "0007_answered_is_read"


def upgrade() -> None:
    let_hotels_be_forgotten(op, "conversations", "messages", "turns")
