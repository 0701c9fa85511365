"""Which sessions are of one sign-in, so that a stolen token ends what it was switched to as well.

Expand only: the former release writes sessions without it, each of a sign-in of its own.
"""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    # No reference: the session of the sign-in may be forgotten before those that were switched to.
    op.execute("alter table sessions add column began_as uuid")
