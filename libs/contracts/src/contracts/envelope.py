"""The CloudEvents 1.0 envelope in Kafka binary mode: attributes in `ce_` headers, the event as JSON body."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts.event import Event
from contracts.ids import EventId, HotelId

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"


class BadEnvelope(ValueError):
    """The record's headers are not an envelope of ours."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What travels beside an event.

    Attributes:
        id: unique per event, the de-duplication key (UUIDv7).
        type: CloudEvents type, e.g. `frontdesk.message.sent.v1`.
        source: `/frontdesk/<service>`.
        time: when it happened, aware, UTC.
        subject: the record key.
        hotel_id: the tenant; None for platform events.
        traceparent: W3C Trace Context of what caused it.
    """

    id: EventId
    type: str
    source: str
    time: datetime
    subject: str
    hotel_id: HotelId | None = None
    traceparent: str | None = None

    @classmethod
    def of(
        cls,
        event: Event,
        *,
        id: EventId,
        service: str,
        time: datetime,
        hotel_id: HotelId | None,
        traceparent: str | None = None,
    ) -> "Envelope":
        """The envelope of `event` as `service` publishes it."""
        return cls(id, event.TYPE, f"/frontdesk/{service}", time, event.key(id), hotel_id, traceparent)

    def headers(self) -> dict[str, str]:
        """The Kafka headers, values as text; the producer encodes them as UTF-8."""
        headers = {
            "ce_specversion": SPEC_VERSION,
            "ce_id": str(self.id),
            "ce_type": self.type,
            "ce_source": self.source,
            "ce_time": self.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "ce_subject": self.subject,
            "content-type": CONTENT_TYPE,
        }
        if self.hotel_id is not None:
            headers["hotel_id"] = str(self.hotel_id)
        if self.traceparent is not None:
            headers["traceparent"] = self.traceparent
        return headers

    @classmethod
    def from_headers(cls, headers: Iterable[tuple[str, bytes]] | Mapping[str, str]) -> "Envelope":
        """The envelope of a record.

        Raises:
            BadEnvelope: a required attribute is missing or malformed.
        """
        try:
            found = dict(headers) if isinstance(headers, Mapping) else {name: value.decode() for name, value in headers}
            time = datetime.fromisoformat(found["ce_time"])
            if time.tzinfo is None:
                raise BadEnvelope("ce_time has no zone")
            hotel = found.get("hotel_id")
            return cls(
                id=EventId(UUID(found["ce_id"])),
                type=found["ce_type"],
                source=found["ce_source"],
                time=time,
                subject=found["ce_subject"],
                hotel_id=HotelId(UUID(hotel)) if hotel else None,
                traceparent=found.get("traceparent"),
            )
        except KeyError as missing:
            raise BadEnvelope(f"header {missing.args[0]} is missing") from missing
        except (ValueError, UnicodeDecodeError) as error:
            raise BadEnvelope(str(error)) from error
