"""The rows of erasures (who asked for one, and what each service has confirmed) and of exports."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from contracts.actor import ActorKind, ActorRef
from servicekit import Row, TenantRow, timestamp


class ErasureRow(TenantRow, table=True):
    """A person was to be forgotten. Names nobody: `guest_id` is the record that went on, and leads to nothing any more."""

    __tablename__ = "guest_erasures"

    guest_id: UUID
    asked_by_kind: ActorKind = Field(sa_type=Text)
    asked_by_id: UUID | None = None
    asked_at: datetime = timestamp()
    said_at: datetime = timestamp()
    """When the services were last told."""
    said: int = 1

    def asked_by(self) -> ActorRef:
        """Who asked for it."""
        return ActorRef(kind=ActorKind(self.asked_by_kind), id=self.asked_by_id)


class StepRow(Row, table=True):
    """What a service has confirmed for one record of the person. `version` 0: nothing yet."""

    __tablename__ = "guest_erasure_steps"

    guest_id: UUID = Field(primary_key=True)
    service: str = Field(primary_key=True)
    hotel_id: UUID
    erasure_id: UUID
    version: int = 0
    event_id: UUID | None = None
    confirmed_at: datetime | None = timestamp(nullable=True)
    forgotten: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))


class ExportRow(TenantRow, table=True):
    """What a person wanted to have of their data. A guest has one: the next takes its place."""

    __tablename__ = "guest_exports"

    guest_id: UUID
    asked_by_kind: ActorKind = Field(sa_type=Text)
    asked_by_id: UUID | None = None
    asked_at: datetime = timestamp()
    waiting_for: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    """The services that have not answered yet."""
    archive: bytes | None = None
    """Sealed by the vault for this row."""
    ready_at: datetime | None = timestamp(nullable=True)
    expires_at: datetime | None = timestamp(nullable=True)

    @property
    def place(self) -> tuple[str, str, UUID]:
        """Where the archive belongs, as the vault is told."""
        return "guest_exports", "archive", self.id

    def asked_by(self) -> ActorRef:
        """Who asked for it."""
        return ActorRef(kind=ActorKind(self.asked_by_kind), id=self.asked_by_id)
