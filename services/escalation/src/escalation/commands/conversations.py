"""What we keep of conversations: whose they are, whether they go on, and how far we have followed them."""

from sqlalchemy.dialects.postgresql import insert

from contracts.ids import ConversationId, GuestId
from escalation.tables import ConversationRow
from servicekit import Transaction


async def follow_conversation(
    conversation_id: ConversationId, guest_id: GuestId, version: int, tx: Transaction, *, ended: bool = False
) -> ConversationRow | None:
    """The conversation as of this event, its row locked; None if we acted on a newer event already.

    An event can come late, redriven from the dead letters: what it asks for is settled then, and a hand-over
    from before a conversation's end opens nothing.
    """
    await tx.execute(
        insert(ConversationRow)
        .values(
            id=conversation_id,
            hotel_id=tx.hotel_id,
            guest_id=guest_id,
            version=version,
            created_at=tx.now,
            updated_at=tx.now,
        )
        .on_conflict_do_nothing()
    )
    row = await tx.lock(ConversationRow, conversation_id)
    if version < row.version:
        return None
    row.version = version
    row.ended_at = tx.now if ended else None
    return row
