"""A guest who was erased stays so: their row says since when, and nothing that comes late brings anything back.

Only added to: the version before goes on beside this one, and does not look at it.
"""

from alembic import op

revision = "0009_erased_guests"
down_revision = "0008_hotels_are_forgotten"


def upgrade() -> None:
    op.execute("ALTER TABLE guests ADD COLUMN erased_at timestamptz")
    # commands.erasure, queries.guest_data: all conversations of a guest.
    op.execute("CREATE INDEX conversations_of_guest ON conversations (hotel_id, guest_id)")
