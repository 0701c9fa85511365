"""Typed identifiers, so that a guest's id is never passed where a hotel's belongs. All are UUIDs, ours UUIDv7."""

from typing import NewType
from uuid import UUID

HotelId = NewType("HotelId", UUID)
UserId = NewType("UserId", UUID)
GuestId = NewType("GuestId", UUID)
SessionId = NewType("SessionId", UUID)
ConversationId = NewType("ConversationId", UUID)
MessageId = NewType("MessageId", UUID)
TurnId = NewType("TurnId", UUID)
ArticleId = NewType("ArticleId", UUID)
EscalationId = NewType("EscalationId", UUID)
EventId = NewType("EventId", UUID)
