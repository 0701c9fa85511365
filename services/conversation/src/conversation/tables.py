"""The rows of conversations, messages and turns, and of what identity tells us of hotels, staff and guests."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from contracts.ids import ConversationId, GuestId, TurnId, UserId
from contracts.statuses import ConversationStatus
from conversation.domain.conversation import Custody
from servicekit.ids import new_id
from servicekit.rows import Row, TenantRow, timestamp


def _texts() -> Any:  # Any: pydantic's own return type for a field definition
    return Field(default_factory=list, sa_type=ARRAY(Text))  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # SQLModel's stub takes the class only


class HotelRow(TenantRow, table=True):
    """A hotel as identity last described it; its id is the hotel's."""

    __tablename__ = "hotels"

    slug: str
    name: str
    status: str
    default_language: str
    languages: list[str] = _texts()
    confidence_threshold: float
    never_auto: list[str] = _texts()
    hand_over_vips: bool = False
    brand: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)  # Any: JSON
    consent_text: str = ""
    allowed_origins: list[str] = _texts()
    time_zone: str | None = None
    """IANA; None until identity has said it since we keep it, and with it the hours are not known either."""
    business_hours: dict[str, Any] | None = Field(default=None, sa_type=JSONB)  # Any: JSON of contracts.hours
    """When staff are there; None: always."""


class StaffRow(Row, table=True):
    """Somebody who works, or worked, for a hotel: the name that guests see."""

    __tablename__ = "staff"

    hotel_id: UUID = Field(primary_key=True)
    user_id: UUID = Field(primary_key=True)
    display_name: str
    active: bool
    version: int


class BudgetRow(Row, table=True):
    """Whether one of the hotel's budgets is spent; usage keeps what was spent."""

    __tablename__ = "budgets"

    budget_id: UUID = Field(primary_key=True)
    hotel_id: UUID
    kinds: list[str] = _texts()
    hard: bool
    exhausted: bool
    version: int


class GuestRow(TenantRow, table=True):
    """What the AI's rules need to know of a guest; no name, no contact."""

    __tablename__ = "guests"

    status: str
    erased_at: datetime | None = timestamp(nullable=True)
    """Since when nothing of them is kept."""


class ConversationRow(Row, table=True):
    """A conversation. Locked before anything is said or changed in it: that gives messages and events their order."""

    __tablename__ = "conversations"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hotel_id: UUID
    guest_id: UUID
    channel: str
    language: str
    status: str = ConversationStatus.OPEN.value
    assignee_id: UUID | None = None
    subject: str | None = None
    last_seq: int = 0
    ai_since_seq: int = 0
    """What was said up to here is no history for the AI: staff have dealt with it."""
    ai_since_version: int = 0
    """Version of the event that last gave it back to the AI; 0 while staff never had it."""
    escalated_seq: int = 0
    """Where the last "our team has been told" stands."""
    read_by_guest_seq: int = 0
    """The last message that the guest has read."""
    read_by_desk_seq: int = 0
    """The last message that staff, or the AI, have read."""
    escalation_id: UUID | None = None
    """The escalation that brought it to staff, as long as staff are needed."""
    version: int = 1
    created_at: datetime = timestamp()
    updated_at: datetime = timestamp()
    """The last thing that happened in it; never goes backwards."""
    ended_at: datetime | None = timestamp(nullable=True)

    @property
    def key(self) -> ConversationId:
        """The id, typed."""
        return ConversationId(self.id)

    @property
    def guest(self) -> GuestId:
        """The guest's id, typed."""
        return GuestId(self.guest_id)

    def custody(self) -> Custody:
        """Who has it."""
        return Custody(ConversationStatus(self.status), UserId(self.assignee_id) if self.assignee_id else None)

    def give(self, to: Custody, at: datetime) -> None:
        """Write down who has it from now on."""
        self.updated_at = max(self.updated_at, at)
        self.status = to.status.value
        self.assignee_id = to.assignee_id
        self.ended_at = self.updated_at if to.status is ConversationStatus.ENDED else None

    def next_version(self) -> int:
        """The version that the next event carries; every event has one of its own."""
        self.version += 1
        return self.version


class MessageRow(Row, table=True):
    """What somebody said, or a state line. `sources` holds {article_id, title, score} of an answer."""

    __tablename__ = "messages"

    conversation_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    id: UUID
    hotel_id: UUID
    sender: str
    sender_id: UUID | None = None
    kind: str = "text"
    notice: str | None = None
    text: str
    language: str | None = None
    turn_id: UUID | None = None
    action: str | None = None
    confidence: float | None = None
    sources: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)  # Any: JSON
    choices: list[str] = _texts()
    """Of a question back: what the guest may mean, to choose from."""
    sent_at: datetime = timestamp()


class GuestSaysRow(Row, table=True):
    """What a guest, or the page they are on, says of themselves. Nobody has checked it."""

    __tablename__ = "guest_says"

    hotel_id: UUID = Field(primary_key=True)
    guest_id: UUID = Field(primary_key=True)
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    room: str | None = None
    updated_at: datetime = timestamp()


class TurnRow(TenantRow, table=True):
    """One or several messages of a guest that are answered together, once."""

    __tablename__ = "turns"

    conversation_id: UUID
    first_seq: int
    last_seq: int
    state: str
    due_at: datetime = timestamp()
    attempt: int = 0
    message_id: UUID | None = None
    action: str | None = None
    confidence: float | None = None
    reasons: list[str] = _texts()
    engine: str | None = None
    waited_ms: int | None = None
    traceparent: str | None = None
    """Of the last guest message: the answer continues its trace."""

    @property
    def key(self) -> TurnId:
        """The id, typed."""
        return TurnId(self.id)
