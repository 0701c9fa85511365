"""Keeps what the reasons to look at a hotel are made of."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from identity.domain.attention import AttentionReason
from identity.tables_hotels import AttentionSignRow
from servicekit import Transaction


async def note_sign(reason: AttentionReason, object_id: UUID, holds: bool, version: int, tx: Transaction) -> None:
    """Whether the object holds, as of that version; an older one changes nothing."""
    values = {"holds": holds, "version": version}
    noted = insert(AttentionSignRow).values(hotel_id=tx.hotel_id, reason=reason, object_id=object_id, **values)
    key = ["hotel_id", "reason", "object_id"]
    newer = col(AttentionSignRow.version) < version
    await tx.execute(noted.on_conflict_do_update(index_elements=key, set_=values, where=newer))
