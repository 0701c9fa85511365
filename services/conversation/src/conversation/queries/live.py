"""What a guest's open widget is shown: the conversation and what was said since, in one database call."""

import json
from dataclasses import dataclass

from pydantic import TypeAdapter

from contracts.errors import NotFound
from contracts.ids import ConversationId, GuestId, HotelId
from conversation.domain.conversation import HotelSuspended
from conversation.queries.conversations import ConversationView, view_of
from conversation.queries.messages import PAGE, MessageView
from servicekit.database import Database

_LOOK = "SELECT outcome, conversation::text, messages::text FROM look_at_conversation($1, $2, $3, $4, $5)"
_MESSAGES = TypeAdapter(list[MessageView])


@dataclass(frozen=True, slots=True)
class Sight:
    """A conversation as its guest sees it, and the messages after the last one they have, PAGE of them at most."""

    conversation: ConversationView
    messages: list[MessageView]


async def look(
    db: Database, hotel_id: HotelId, conversation_id: ConversationId, guest_id: GuestId, after_seq: int
) -> Sight:
    """The conversation, and its messages after `after_seq`, oldest first.

    Raises:
        HotelSuspended: the hotel is not served.
        NotFound: it is not this guest's conversation.
    """
    outcome, conversation, messages = await db.call(_LOOK, hotel_id, conversation_id, guest_id, after_seq, PAGE)
    match outcome:
        case "seen":
            return Sight(view_of(json.loads(conversation)), _MESSAGES.validate_json(messages))
        case "suspended":
            raise HotelSuspended
        case _:
            raise NotFound("No such conversation")
