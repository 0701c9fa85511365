"""What we keep of the hotel's staff: the names that guests see, and what becomes of somebody's conversations when they leave."""

from uuid import UUID

from sqlmodel import col, select

from contracts.actor import ActorKind, ActorRef
from contracts.events import ConversationEscalated
from contracts.ids import UserId
from contracts.statuses import ConversationStatus
from contracts.values import Priority
from conversation.commands.messages import say_notice
from conversation.domain import conversation as rules
from conversation.domain.notices import Notice
from conversation.tables import ConversationRow, StaffRow
from servicekit.transaction import Transaction


async def staff_name(user_id: UUID, tx: Transaction) -> str | None:
    """The name that guests see, if the directory has told us. It is kept when somebody leaves."""
    found = await tx.find(StaffRow, (tx.hotel_id, user_id))
    return found.display_name if found else None


async def release_conversations(user_id: UserId, tx: Transaction) -> list[ConversationRow]:
    """Somebody left the hotel: the conversations they had wait for a colleague, and the guests are told."""
    theirs: list[UUID] = await tx.scalars(
        select(ConversationRow.id)
        .where(
            col(ConversationRow.status) == ConversationStatus.WITH_STAFF.value,
            col(ConversationRow.assignee_id) == user_id,
        )
        .order_by(col(ConversationRow.id))
    )
    released: list[ConversationRow] = []
    for conversation_id in theirs:
        row = await tx.lock(ConversationRow, conversation_id)
        now = row.custody()
        if (to := rules.release(now, user_id)) == now:
            continue  # a colleague has it by now
        row.give(to, tx.now)
        tx.publish(
            ConversationEscalated(
                conversation_id=row.key,
                guest_id=row.guest,
                by=ActorRef(kind=ActorKind.SYSTEM),
                priority=Priority.HIGH,
                version=row.next_version(),
            )
        )
        row.escalated_seq = say_notice(row, tx, Notice.ESCALATED).seq
        tx.audit("conversation.escalate", "conversation", row.id)
        released.append(row)
    return released
