"""Reading conversations: the views that guests and staff get, one statement each."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping, text

from contracts.errors import NotFound
from contracts.ids import ConversationId, GuestId, HotelId, UserId
from contracts.statuses import ConversationStatus
from contracts.values import Channel
from conversation.domain.conversation import Owner, owner_of
from conversation.queries.cursors import time_and_id
from conversation.tables import ConversationRow
from servicekit.pagination import Page, PageRequest
from servicekit.transaction import Transaction


class Assignee(BaseModel):
    """The member of staff who has a conversation."""

    user_id: UserId
    name: str | None = Field(description="as guests see it; null until the directory has told us")


class ConversationView(BaseModel):
    """A conversation without what was said in it."""

    id: ConversationId
    hotel_id: HotelId
    guest_id: GuestId
    channel: Channel
    language: Annotated[str, Field(description="BCP 47; follows what the guest writes")]
    status: ConversationStatus
    owner: Annotated[Owner, Field(description="who answers the guest's next message")]
    assignee: Assignee | None
    subject: str | None
    last_seq: Annotated[int, Field(description="number of the last message; 0 when nothing was said yet")]
    read_by_guest_seq: Annotated[int, Field(description="the last message that the guest has read")] = 0
    read_by_desk_seq: Annotated[int, Field(description="the last message that staff, or the AI, have read")] = 0
    version: int
    created_at: datetime
    updated_at: Annotated[datetime, Field(description="the last thing that happened in it")]
    ended_at: datetime | None

    @classmethod
    def of(cls, row: ConversationRow, assignee_name: str | None = None) -> "ConversationView":
        """The view of a row that was just written."""
        assignee = Assignee(user_id=UserId(row.assignee_id), name=assignee_name) if row.assignee_id else None
        return cls(
            id=row.key,
            hotel_id=HotelId(row.hotel_id),
            guest_id=row.guest,
            channel=Channel(row.channel),
            language=row.language,
            status=ConversationStatus(row.status),
            owner=owner_of(ConversationStatus(row.status)),
            assignee=assignee,
            subject=row.subject,
            last_seq=row.last_seq,
            read_by_guest_seq=row.read_by_guest_seq,
            read_by_desk_seq=row.read_by_desk_seq,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            ended_at=row.ended_at,
        )


class GuestSays(BaseModel):
    """What the guest, or the page they are on, says of themselves. Nobody has checked it."""

    name: str | None
    email: str | None
    phone: str | None
    room: str | None
    updated_at: datetime


class StaffConversationView(ConversationView):
    """A conversation with what its guest says of themselves."""

    guest_says: GuestSays | None = Field(default=None, description="unverified; null when they said nothing")


_COLUMNS = """
    conversation.id, conversation.hotel_id, conversation.guest_id, conversation.channel, conversation.language,
    conversation.status, conversation.assignee_id, conversation.subject, conversation.last_seq,
    conversation.read_by_guest_seq, conversation.read_by_desk_seq, conversation.version, conversation.created_at, conversation.updated_at, conversation.ended_at, staff.display_name AS assignee_name
"""
_STAFF = """
    LEFT JOIN staff ON staff.hotel_id = conversation.hotel_id AND staff.user_id = conversation.assignee_id
"""

# Every status on its own is in order in the index conversations_by_status; the few pages are merged.
_LIST = text(f"""
    SELECT {_COLUMNS}
      FROM unnest(CAST(:statuses AS text[])) AS wanted (status)
     CROSS JOIN LATERAL (
           SELECT * FROM conversations
            WHERE conversations.status = wanted.status
              AND (updated_at, id) < (:before, :before_id)
            ORDER BY updated_at DESC, id DESC
            LIMIT :limit
           ) AS conversation
      {_STAFF}
     ORDER BY conversation.updated_at DESC, conversation.id DESC
     LIMIT :limit
""")  # noqa: S608 - constants of this module

_ONE = text(f"SELECT {_COLUMNS} FROM conversations AS conversation {_STAFF} WHERE conversation.id = :id")  # noqa: S608

# By the index conversations_going_on.
_CURRENT = text(f"""
    SELECT {_COLUMNS} FROM conversations AS conversation {_STAFF}
     WHERE conversation.guest_id = :guest_id AND conversation.channel = 'widget' AND conversation.status <> 'ended'
""")  # noqa: S608

# By the primary key; the hotel is the transaction's.
_GUEST_SAYS = text("""
    SELECT name, email, phone, room, updated_at FROM guest_says
     WHERE hotel_id = nullif(current_setting('app.hotel_id', true), '')::uuid AND guest_id = :guest_id
""")

_VERSIONS = text("SELECT id, version FROM conversations WHERE id = ANY(CAST(:ids AS uuid[]))")

_FIRST_PAGE = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


async def list_conversations(
    tx: Transaction, statuses: list[ConversationStatus], page: PageRequest
) -> Page[ConversationView]:
    """Conversations of these statuses (of all, when none is named), the one where something happened last first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    before, before_id = time_and_id(page) or _FIRST_PAGE
    rows = await tx.execute(
        _LIST,
        {
            "statuses": [status.value for status in dict.fromkeys(statuses or ConversationStatus)],
            "before": before,
            "before_id": before_id,
            "limit": page.limit + 1,
        },
    )
    found = [view_of(row) for row in rows.mappings()]
    last = found[: page.limit][-1] if found else None
    return page.page(found, last.updated_at.isoformat(), last.id) if last else page.page(found)


async def conversation_by_id(tx: Transaction, conversation_id: ConversationId) -> ConversationView:
    """One conversation, as staff see it.

    Raises:
        NotFound: this hotel has none of that id.
    """
    return _found((await tx.execute(_ONE, {"id": conversation_id})).mappings().one_or_none())


async def conversation_for_staff(tx: Transaction, conversation_id: ConversationId) -> StaffConversationView:
    """One conversation with what the guest says of themselves.

    Raises:
        NotFound: this hotel has none of that id.
    """
    view = await conversation_by_id(tx, conversation_id)
    said = (await tx.execute(_GUEST_SAYS, {"guest_id": view.guest_id})).mappings().one_or_none()
    return StaffConversationView(**dict(view), guest_says=GuestSays.model_validate(dict(said)) if said else None)


async def conversation_of_guest(
    tx: Transaction, conversation_id: ConversationId, guest_id: GuestId
) -> ConversationView:
    """One conversation, as its guest sees it.

    Raises:
        NotFound: it is not this guest's.
    """
    view = await conversation_by_id(tx, conversation_id)
    if view.guest_id != guest_id:
        raise NotFound("No such conversation")
    return view


async def current_of_guest(tx: Transaction, guest_id: GuestId) -> ConversationView:
    """The conversation that goes on with a guest.

    Raises:
        NotFound: none does.
    """
    return _found((await tx.execute(_CURRENT, {"guest_id": guest_id})).mappings().one_or_none())


async def versions_of(tx: Transaction, conversation_ids: Iterable[ConversationId]) -> dict[ConversationId, int]:
    """How far these conversations have come."""
    rows = await tx.execute(_VERSIONS, {"ids": list(conversation_ids)})
    return {ConversationId(row["id"]): row["version"] for row in rows.mappings()}


def _found(row: RowMapping | None) -> ConversationView:
    if row is None:
        raise NotFound("No such conversation")
    return view_of(row)


def view_of(row: Mapping[Any, Any]) -> ConversationView:  # Any: columns of different types, checked by the model
    """The view of a row as the statements here read it."""
    values = dict(row)
    assignee_id, name = values.pop("assignee_id"), values.pop("assignee_name")
    return ConversationView(
        **values,
        owner=owner_of(ConversationStatus(values["status"])),
        assignee=Assignee(user_id=assignee_id, name=name) if assignee_id else None,
    )
