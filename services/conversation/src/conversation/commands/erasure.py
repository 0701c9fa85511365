"""Forgetting a guest: what was said, what they say of themselves, and what was kept of either.

What remains says that there was a conversation: ids, states, times and numbers, which lead to nobody.
"""

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from contracts.actor import ActorKind, ActorRef
from contracts.errors import Unauthenticated
from contracts.events import ConversationEnded, GuestErased
from contracts.ids import ConversationId, GuestId
from contracts.statuses import GuestStatus
from conversation.commands.conversations import drop_turn
from conversation.commands.gaps import forget_questions
from conversation.commands.messages import channel
from conversation.domain import conversation as rules
from conversation.tables import ConversationRow, GuestRow
from servicekit.erasure import confirm, forget_answers, one_at_a_time
from servicekit.transaction import Transaction

_SYSTEM = ActorRef(kind=ActorKind.SYSTEM)

# The lines stay, so that positions, and what others count, still hold; state lines lose theirs, too, since they name staff.
_EMPTY_MESSAGES = text("""
WITH emptied AS (
    UPDATE messages SET text = '', sources = '[]', choices = '{}', language = NULL
     WHERE conversation_id = ANY(:ids) AND (text <> '' OR sources <> '[]' OR choices <> '{}' OR language IS NOT NULL)
    RETURNING 1
)
SELECT count(*) FROM emptied
""")
# The mark stays, for the articles' sake; whose it was does not.
_FORGET_RATER = text("""
WITH forgotten AS (
    UPDATE knowledge_ratings SET rater_id = NULL
     WHERE conversation_id = ANY(:ids) AND rater = 'guest' AND rater_id IS NOT NULL
    RETURNING 1
)
SELECT count(*) FROM forgotten
""")
_FORGET_SAYINGS = text("""
WITH gone AS (DELETE FROM guest_says WHERE hotel_id = :hotel_id AND guest_id = :guest_id RETURNING 1)
SELECT count(*) FROM gone
""")


async def forget_guest(event: GuestErased, tx: Transaction) -> None:
    """End what goes on with the guest, empty all that was said, and confirm. The same again finds nothing more to do."""
    await one_at_a_time(event.guest_id, tx)
    await _remember_erasure(event, tx)
    ids = await conversations_of(event.guest_id, tx)
    for conversation_id in ids:
        await _close(conversation_id, tx)
    await tx.flush()
    forgotten = {
        "message": await tx.scalar(_EMPTY_MESSAGES, {"ids": ids}),
        "guest_says": await tx.scalar(_FORGET_SAYINGS, {"hotel_id": tx.hotel_id, "guest_id": event.guest_id}),
        "rating": await tx.scalar(_FORGET_RATER, {"ids": ids}),
        "gap_question": await forget_questions(ids, tx),
        "stored_answer": await forget_answers([event.guest_id, *ids], tx),
    }
    await confirm(event, forgotten, tx)


async def check_not_erased(guest_id: GuestId, tx: Transaction) -> None:
    """Refuse what an erased guest's widget still asks for: it opens a session anew, as somebody whom nobody knows.

    An erasure that begins meanwhile waits for this transaction, and then sees what it did.

    Raises:
        Unauthenticated: the guest was erased.
    """
    await one_at_a_time(guest_id, tx)
    if await is_erased(guest_id, tx):
        raise Unauthenticated("This session is over; open another one")


async def is_erased(guest_id: GuestId, tx: Transaction) -> bool:
    """Whether the guest was erased."""
    erased = select(GuestRow.id).where(col(GuestRow.id) == guest_id, col(GuestRow.erased_at).is_not(None))
    return await tx.scalar(erased) is not None


async def conversations_of(guest_id: GuestId, tx: Transaction) -> list[ConversationId]:
    """All conversations of a guest, in id order."""
    theirs = select(ConversationRow.id).where(
        col(ConversationRow.hotel_id) == tx.hotel_id, col(ConversationRow.guest_id) == guest_id
    )
    return await tx.scalars(theirs.order_by(col(ConversationRow.id)))


async def _remember_erasure(event: GuestErased, tx: Transaction) -> None:
    values = {
        "status": GuestStatus.NEW.value,
        "version": event.version,
        "erased_at": event.erased_at,
        "updated_at": tx.now,
    }
    await tx.execute(
        insert(GuestRow)
        .values(id=event.guest_id, hotel_id=event.hotel_id, created_at=tx.now, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )


async def _close(conversation_id: ConversationId, tx: Transaction) -> None:
    """Nothing more is said in it, and whoever looks at it looks again. No state line: nobody is left to read it."""
    row = await tx.lock(ConversationRow, conversation_id)
    row.subject = None
    over = rules.end(row.custody(), None)
    if over != row.custody():
        row.give(over, tx.now)
        await drop_turn(row, tx)
        tx.publish(
            ConversationEnded(conversation_id=row.key, guest_id=row.guest, by=_SYSTEM, version=row.next_version())
        )
        tx.audit("conversation.end", "conversation", row.id)
    tx.hint(channel(row.id), {"seq": row.last_seq})
