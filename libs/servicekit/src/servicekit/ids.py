"""New identifiers: UUIDv7, so that primary keys grow with time and indexes stay dense."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7)."""
    return uuid7()
