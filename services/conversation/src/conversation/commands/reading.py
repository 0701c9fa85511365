"""Who has read how far: the guest by their widget, the desk by a member of staff. Never backwards.

An answer marks what it answers as read where it is stored: the AI's in `turns`, that of staff in `send_message`.
"""

from typing import Annotated

from pydantic import Field

from contracts.errors import NotFound
from contracts.events import ConversationRead
from contracts.ids import ConversationId
from conversation.commands.messages import channel
from conversation.tables import ConversationRow
from servicekit.actor import Actor
from servicekit.commands import AsNumber, Command
from servicekit.transaction import Transaction


class MarkRead(Command):
    """Everything up to a message has been read."""

    seq: Annotated[int, Field(ge=1, le=2**31 - 1, description="of the last message read"), AsNumber]


async def read_by_guest(conversation_id: ConversationId, command: MarkRead, guest: Actor, tx: Transaction) -> None:
    """The guest has read up to a message; beyond the last one means the last one.

    Raises:
        NotFound: it is not this guest's conversation.
    """
    row = await tx.lock(ConversationRow, conversation_id)
    if row.guest_id != guest.id:
        raise NotFound("No such conversation")
    seq = min(command.seq, row.last_seq)
    if seq > row.read_by_guest_seq:
        row.read_by_guest_seq = seq
        _tell(row, seq, guest, tx)


async def read_by_desk(conversation_id: ConversationId, command: MarkRead, actor: Actor, tx: Transaction) -> None:
    """A member of staff has read up to a message; beyond the last one means the last one.

    Raises:
        NotFound: the hotel has no such conversation.
    """
    row = await tx.lock(ConversationRow, conversation_id)
    seq = min(command.seq, row.last_seq)
    if seq > row.read_by_desk_seq:
        row.read_by_desk_seq = seq
        _tell(row, seq, actor, tx)
        tx.audit("conversation.read", "conversation", row.id)


def _tell(row: ConversationRow, seq: int, by: Actor, tx: Transaction) -> None:
    tx.publish(
        ConversationRead(conversation_id=row.key, guest_id=row.guest, by=by.ref(), seq=seq, version=row.next_version())
    )
    tx.hint(channel(row.id), {"seq": row.last_seq})
