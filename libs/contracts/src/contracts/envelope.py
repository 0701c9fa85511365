"""The CloudEvents 1.0 envelope in Kafka binary mode: attributes in `ce_` headers, the event as JSON body."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from contracts.event import Event
from contracts.ids import EventId, HotelId

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
MAX_HEADER_BYTES = 512
"""Longest value of a header of ours, in bytes; what is longer was not written by us."""

_REQUIRED = ("ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject")
_OPTIONAL = ("hotel_id", "traceparent", "content-type")
_TYPE = re.compile(r"frontdesk(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")
_SOURCE = re.compile(r"/frontdesk/[a-z][a-z0-9-]*")
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class BadEnvelope(ValueError):
    """The record's headers are not an envelope of ours."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What travels beside an event.

    Attributes:
        id: unique per event, the de-duplication key (UUIDv7).
        type: CloudEvents type, e.g. `frontdesk.message.sent.v1`.
        source: `/frontdesk/<service>`.
        time: when it happened, aware; kept in UTC.
        subject: the record key.
        hotel_id: the tenant; None for platform events.
        traceparent: W3C Trace Context of what caused it.

    Raises:
        BadEnvelope: an attribute is malformed.
    """

    id: EventId
    type: str
    source: str
    time: datetime
    subject: str
    hotel_id: HotelId | None = None
    traceparent: str | None = None

    def __post_init__(self) -> None:
        if self.time.utcoffset() is None:
            raise BadEnvelope("ce_time has no zone")
        if not _TYPE.fullmatch(self.type):
            raise BadEnvelope("ce_type is not a type of ours")
        if not _SOURCE.fullmatch(self.source):
            raise BadEnvelope("ce_source is not a service of ours")
        if not self.subject:
            raise BadEnvelope("ce_subject is empty")
        object.__setattr__(self, "time", self.time.astimezone(UTC))

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
            "ce_time": self.time.isoformat().replace("+00:00", "Z"),
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
        """The envelope of a record. Headers that are not ours are not looked at.

        A malformed `traceparent` is left out rather than refused, as W3C Trace Context (3.2.2) wants it.

        Raises:
            BadEnvelope: a required attribute is missing, or one is malformed, too long or there twice.
        """
        found = _ours(headers)
        for name in _REQUIRED:
            if name not in found:
                raise BadEnvelope(f"header {name} is missing")
        if found["ce_specversion"] != SPEC_VERSION:
            raise BadEnvelope(f"ce_specversion is not {SPEC_VERSION}")
        if found.get("content-type", CONTENT_TYPE).partition(";")[0].strip().lower() != CONTENT_TYPE:
            raise BadEnvelope(f"content-type is not {CONTENT_TYPE}")
        trace = found.get("traceparent", "")
        return cls(
            id=EventId(_uuid(found, "ce_id")),
            type=found["ce_type"],
            source=found["ce_source"],
            time=_time(found["ce_time"]),
            subject=found["ce_subject"],
            hotel_id=HotelId(_uuid(found, "hotel_id")) if "hotel_id" in found else None,
            traceparent=trace if _TRACEPARENT.fullmatch(trace) else None,
        )


def _ours(headers: Iterable[tuple[str, bytes]] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(headers, Mapping):
        pairs: Iterable[tuple[str, str | bytes]] = cast("Mapping[str, str]", headers).items()  # isinstance drops types
    else:
        pairs = headers
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in _REQUIRED and name not in _OPTIONAL:
            continue
        if name in found:
            raise BadEnvelope(f"header {name} is there twice")
        found[name] = _text(name, value)
    return found


def _text(name: str, value: str | bytes) -> str:
    try:
        size = len(value if isinstance(value, bytes) else value.encode())
        if size > MAX_HEADER_BYTES:
            raise BadEnvelope(f"header {name} has {size} bytes, more than {MAX_HEADER_BYTES}")
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeError as error:
        raise BadEnvelope(f"header {name} is not UTF-8") from error


def _uuid(found: Mapping[str, str], name: str) -> UUID:
    try:
        value = UUID(found[name])
    except ValueError as error:
        raise BadEnvelope(f"header {name} is not a UUID") from error
    if str(value) != found[name].lower():
        raise BadEnvelope(f"header {name} is not a UUID in its usual form")
    return value


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadEnvelope("ce_time is not a time") from error
