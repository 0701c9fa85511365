"""The row of a guest, what the rules make of it, and the events that tell its state."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from contracts.events import GuestCreated, GuestErased, GuestUpdated
from contracts.ids import GuestId, HotelId
from contracts.statuses import GuestStatus
from identity.domain.guests import FACTS, Record
from servicekit import TenantRow, timestamp


class GuestRow(TenantRow, table=True):
    """A guest of a hotel. Without contact data as long as they only chatted.

    One that was merged stays, so that what names it still finds it, and says into which. Beside these columns the
    database keeps `search`: name, e-mail and phone as they are searched (third migration).
    """

    __tablename__ = "guests"

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    status: GuestStatus = Field(default=GuestStatus.NEW, sa_type=Text)
    merged_into: UUID | None = None
    filled: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))
    """Which facts came by merging, with the id of the record that they came from."""
    erased_at: datetime | None = timestamp(nullable=True)
    """Since when nothing of them is kept. The row stays, so that what comes late does not bring them back."""
    erasure_id: UUID | None = None

    def record(self) -> Record:
        """What the rules on guests need to know."""
        facts: dict[str, str | None] = {name: getattr(self, name) for name in FACTS}
        return Record(
            id=GuestId(self.id),
            status=GuestStatus(self.status),
            facts={name: value for name, value in facts.items() if value is not None},
            filled={name: GuestId(UUID(source)) for name, source in self.filled.items()},
            merged_into=None if self.merged_into is None else GuestId(self.merged_into),
            erased=self.erased_at is not None,
        )

    def take(self, record: Record) -> None:
        """Become what the rules made of it."""
        for name in FACTS:
            setattr(self, name, record.facts.get(name))
        self.status, self.merged_into = record.status, record.merged_into
        self.filled = {name: str(source) for name, source in record.filled.items()}
        self.version += 1

    def erased(self) -> GuestErased:
        """The event of a guest who was erased."""
        assert self.erased_at is not None
        return GuestErased(
            guest_id=GuestId(self.id),
            hotel_id=HotelId(self.hotel_id),
            erased_at=self.erased_at,
            version=self.version,
        )

    def created(self) -> GuestCreated:
        """The event of a new guest."""
        return GuestCreated.model_validate(self._state())

    def updated(self) -> GuestUpdated:
        """The event of a changed guest."""
        return GuestUpdated.model_validate(self._state())

    def _state(self) -> dict[str, object]:
        return {
            "guest_id": GuestId(self.id),
            "hotel_id": HotelId(self.hotel_id),
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "language": self.language,
            "status": self.status,
            "merged_into": self.merged_into,
            "version": self.version,
        }
