"""The rows beside a hotel's own: who has confirmed its purge, and what the reasons to look at it are made of."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from servicekit import Row, timestamp

KEPT_TABLES = {
    "hotels": "of a purged hotel id, slug and dates stay: the slug is not given again, and the purge can be shown",
    "hotel_confirmations": "the proof that the hotel was forgotten",
    "audit_entries": "the audit log is kept as the law wants it; its entries hold ids, which lead nowhere any more",
    "audit_links": "the audit log's chain",
    "audit_chains": "the audit log's chain",
    "audit_checkpoints": "the audit log's chain",
}
"""Tables whose rows stay when their hotel is purged, and why."""


class HotelConfirmationRow(Row, table=True):
    """A service holds nothing of the hotel any more. `counts`: how many rows went, by table."""

    __tablename__ = "hotel_confirmations"

    hotel_id: UUID = Field(primary_key=True)
    service: str = Field(primary_key=True)
    counts: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    forgotten_at: datetime = timestamp()


class AttentionSignRow(Row, table=True):
    """Whether what a reason looks for holds for one object (an article is published, ...), as of its newest event."""

    __tablename__ = "attention_signs"

    hotel_id: UUID = Field(primary_key=True)
    reason: str = Field(primary_key=True)
    object_id: UUID = Field(primary_key=True)
    holds: bool
    version: int
