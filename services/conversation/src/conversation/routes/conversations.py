"""What staff do with conversations: read, take over, answer, hand back, escalate, end."""

from typing import Annotated

from fastapi import Depends, Query, Response

from contracts.errors import MoveNotAllowed, NotFound
from contracts.ids import ConversationId, MessageId
from contracts.permissions import Permission
from contracts.statuses import ConversationStatus
from conversation.commands.conversations import (
    Escalate,
    end_conversation,
    escalate,
    hand_back,
    staff_types,
    take_over,
)
from conversation.commands.messages import MessageDiffers, SendMessage, send_message
from conversation.commands.rating import NotAnAnswer, NotASource, RateAnswer, RatingView, rate_as_staff
from conversation.commands.reading import MarkRead, read_by_desk
from conversation.commands.staff import staff_name
from conversation.domain.conversation import ConversationEnded, NotYours
from conversation.queries.conversations import (
    ConversationView,
    StaffConversationView,
    conversation_by_id,
    conversation_for_staff,
    list_conversations,
)
from conversation.queries.messages import MessageView, page_of_messages, page_of_messages_before
from conversation.routes.callers import hotel_of, person
from conversation.tables import ConversationRow
from servicekit.access import may
from servicekit.actor import Actor
from servicekit.edge import ReadTx, Tx, edge_router
from servicekit.pagination import BadCursor, Page, PageQuery
from servicekit.problems import problems
from servicekit.runtime import Rt
from servicekit.transaction import Transaction

router = edge_router("/conversations", tags=["conversations"])

Reader = Annotated[Actor, Depends(may(Permission.CONVERSATION_READ))]
Writer = Annotated[Actor, Depends(may(Permission.CONVERSATION_WRITE))]
TakesOver = Annotated[Actor, Depends(may(Permission.CONVERSATION_TAKE_OVER))]
Sends = Annotated[Actor, Depends(may(Permission.MESSAGE_SEND))]
AfterSeq = Annotated[int, Query(ge=0, le=2**31 - 1, description="the last message the caller has")]
BeforeSeq = Annotated[
    int | None, Query(ge=1, le=2**31 - 1, description="the first message the caller has; the largest for the latest")
]


@router.get("", responses=problems(BadCursor))
async def list_route(
    _: Reader,
    tx: ReadTx,
    page: PageQuery,
    status: Annotated[list[ConversationStatus] | None, Query(description="may be given several times")] = None,
) -> Page[ConversationView]:
    """The hotel's conversations, the one where something happened last first."""
    return await list_conversations(tx, status or [], page)


@router.get("/{conversation_id}", responses=problems(NotFound))
async def one_route(conversation_id: ConversationId, _: Reader, tx: ReadTx) -> StaffConversationView:
    """One conversation, with what its guest says of themselves."""
    return await conversation_for_staff(tx, conversation_id)


@router.get("/{conversation_id}/messages", responses=problems(NotFound))
async def messages_route(
    conversation_id: ConversationId, _: Reader, tx: ReadTx, after_seq: AfterSeq = 0, before_seq: BeforeSeq = None
) -> Page[MessageView]:
    """What was said after `after_seq`, or last before `before_seq`; oldest first. `next_cursor`, if there is one, is
    the next `after_seq` or `before_seq`."""
    await conversation_by_id(tx, conversation_id)
    if before_seq is not None:
        return await page_of_messages_before(tx, conversation_id, before_seq)
    return await page_of_messages(tx, conversation_id, after_seq)


@router.post(
    "/{conversation_id}/messages",
    status_code=201,
    responses={
        200: {"model": MessageView, "description": "it was sent before"},
        **problems(NotFound, MessageDiffers, ConversationEnded, NotYours),
    },
)
async def send_message_route(
    conversation_id: ConversationId, command: SendMessage, actor: Sends, rt: Rt, response: Response
) -> MessageView:
    """Answer the guest, as the member of staff who has the conversation. The same id and text again is harmless (200)."""
    hotel_id, user_id = hotel_of(actor), person(actor)
    sent = await send_message(rt.db, hotel_id, conversation_id, "staff", user_id, command)
    if rt.replica_database is not None:  # as the edge does after a transaction of its own
        await rt.recent_writes.note(actor.key)
    async with rt.db.transaction(hotel_id, actor=actor, read_only=True) as tx:
        name = await staff_name(user_id, tx)
    if sent.repeated:
        response.status_code = 200
    return MessageView(
        id=sent.id,
        conversation_id=conversation_id,
        seq=sent.seq,
        sender="staff",
        sender_name=name,
        text=sent.text,
        sent_at=sent.sent_at,
    )


@router.post("/{conversation_id}/read", status_code=204, responses=problems(NotFound))
async def read_route(conversation_id: ConversationId, command: MarkRead, actor: Sends, tx: Tx) -> None:
    """Somebody who answers guests has read up to a message: the guest sees it. Never backwards."""
    await read_by_desk(conversation_id, command, actor, tx)


@router.post("/{conversation_id}/messages/{message_id}/rate", responses=problems(NotFound, NotAnAnswer, NotASource))
async def rate_route(
    conversation_id: ConversationId, message_id: MessageId, command: RateAnswer, actor: Writer, tx: Tx
) -> RatingView:
    """Say whether an answer of the AI was helpful. Rating it again replaces what one said before."""
    return await rate_as_staff(conversation_id, message_id, command, actor, tx)


@router.post("/{conversation_id}/typing", status_code=204, responses=problems(NotFound, NotYours))
async def typing_route(conversation_id: ConversationId, actor: Sends, tx: Tx) -> None:
    """The guest sees that somebody is typing. At most one call in two seconds is of use."""
    await staff_types(conversation_id, actor, tx)


@router.post("/{conversation_id}/take-over", responses=problems(NotFound, ConversationEnded))
async def take_over_route(conversation_id: ConversationId, actor: TakesOver, tx: Tx) -> ConversationView:
    """Have the conversation, from the AI or from a colleague; the AI is silent from here on."""
    return await _view(await take_over(conversation_id, actor, tx), tx)


@router.post("/{conversation_id}/hand-back", responses=problems(NotFound, ConversationEnded, NotYours))
async def hand_back_route(conversation_id: ConversationId, actor: TakesOver, tx: Tx) -> ConversationView:
    """Give the conversation back to the AI."""
    return await _view(await hand_back(conversation_id, actor, tx), tx)


@router.post("/{conversation_id}/escalate", responses=problems(NotFound, ConversationEnded, MoveNotAllowed))
async def escalate_route(
    conversation_id: ConversationId, actor: Writer, tx: Tx, command: Escalate | None = None
) -> ConversationView:
    """Ask for somebody to look at the conversation; the AI is silent until somebody has."""
    return await _view(await escalate(conversation_id, command or Escalate(), actor, tx), tx)


@router.post("/{conversation_id}/end", responses=problems(NotFound, NotYours))
async def end_route(conversation_id: ConversationId, actor: Writer, tx: Tx) -> ConversationView:
    """End the conversation."""
    return await _view(await end_conversation(conversation_id, actor, tx), tx)


async def _view(row: ConversationRow, tx: Transaction) -> ConversationView:
    return ConversationView.of(row, await staff_name(row.assignee_id, tx) if row.assignee_id else None)
