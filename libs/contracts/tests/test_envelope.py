"""The envelope: what is written is read back, and nothing that is not ours passes for it."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.actor import ActorKind, ActorRef
from contracts.envelope import MAX_HEADER_BYTES, BadEnvelope, Envelope
from contracts.events import ArticleDeleted, AuditRecorded
from contracts.ids import ArticleId, EventId, HotelId

EVENT = EventId(UUID("01900000-0000-7000-8000-0000000000e1"))
HOTEL = HotelId(UUID("01900000-0000-7000-8000-000000000001"))
ARTICLE = ArticleId(UUID("01900000-0000-7000-8000-0000000000a1"))
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOW = datetime(2026, 6, 1, 12, 0, 0, 123456, tzinfo=UTC)


def deleted(hotel_id: HotelId | None = HOTEL, traceparent: str | None = TRACE, time: datetime = NOW) -> Envelope:
    event = ArticleDeleted(article_id=ARTICLE, languages=("de",), published=False, version=3)
    return Envelope.of(event, id=EVENT, service="conversation", time=time, hotel_id=hotel_id, traceparent=traceparent)


def record(**changed: bytes | None) -> list[tuple[str, bytes]]:
    """The headers of a good record, some changed (None: left out). Underscores stand for themselves."""
    headers = {name: value.encode() for name, value in deleted().headers().items()}
    return [(name, value) for name, value in ({**headers, **changed}).items() if value is not None]


@given(
    st.uuids(),
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone is drawn below
    st.integers(-12, 14),
    st.none() | st.uuids(),
    st.none() | st.just(TRACE),
)
def test_what_is_sent_is_what_is_read(
    id: UUID, time: datetime, offset: int, hotel: UUID | None, traceparent: str | None
) -> None:
    aware = time.replace(tzinfo=timezone(timedelta(hours=offset)))
    sent = Envelope(
        EventId(id),
        ArticleDeleted.TYPE,
        "/frontdesk/conversation",
        aware,
        str(ARTICLE),
        HotelId(hotel) if hotel else None,
        traceparent,
    )
    assert Envelope.from_headers(sent.headers()) == sent
    assert Envelope.from_headers([(name, value.encode()) for name, value in sent.headers().items()]) == sent


def test_an_events_own_words_are_in_its_headers() -> None:
    assert deleted().headers() == {
        "ce_specversion": "1.0",
        "ce_id": str(EVENT),
        "ce_type": "frontdesk.knowledge.article_deleted.v1",
        "ce_source": "/frontdesk/conversation",
        "ce_time": "2026-06-01T12:00:00.123456Z",
        "ce_subject": str(ARTICLE),
        "content-type": "application/json",
        "hotel_id": str(HOTEL),
        "traceparent": TRACE,
    }


def test_an_event_without_a_key_of_its_own_is_keyed_by_its_id() -> None:
    event = AuditRecorded(
        service="identity",
        action="hotel.update",
        actor=ActorRef(kind=ActorKind.SYSTEM),
        hotel_id=None,
        object_type="hotel",
        object_id=str(HOTEL),
        at=NOW,
    )
    envelope = Envelope.of(event, id=EVENT, service="identity", time=NOW, hotel_id=None)
    assert envelope.subject == str(EVENT)
    assert "hotel_id" not in envelope.headers()


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject"])
def test_a_missing_attribute_is_named(name: str) -> None:
    with pytest.raises(BadEnvelope, match=f"{name} is missing"):
        Envelope.from_headers(record(**{name: None}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", b"0.3"),
        ("ce_id", b"not-a-uuid"),
        ("ce_id", b"{01900000-0000-7000-8000-0000000000e1}"),
        ("ce_id", b"0190000000007000800000000000000e"),
        ("ce_id", b""),
        ("hotel_id", b"lindenhof"),
        ("hotel_id", b""),
        ("ce_type", b""),
        ("ce_type", b"com.example.thing.v1"),
        ("ce_type", b"frontdesk.message.sent"),
        ("ce_source", b"https://elsewhere.example"),
        ("ce_subject", b""),
        ("ce_time", b"2026-06-01T12:00:00"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"1780315200"),
        ("content-type", b"application/avro"),
        ("ce_subject", b"\xff\xfe"),
        ("ce_id", b"\xc3\x28"),
        ("ce_subject", b"x" * (MAX_HEADER_BYTES + 1)),
        ("traceparent", b"0" * (MAX_HEADER_BYTES + 1)),
    ],
)
def test_a_malformed_attribute_is_named(name: str, value: bytes) -> None:
    with pytest.raises(BadEnvelope, match=name):
        Envelope.from_headers(record(**{name: value}))


def test_the_longest_value_that_is_ours_passes() -> None:
    assert Envelope.from_headers(record(ce_subject=b"x" * MAX_HEADER_BYTES)).subject == "x" * MAX_HEADER_BYTES


def test_an_attribute_that_is_there_twice_is_refused() -> None:
    with pytest.raises(BadEnvelope, match="hotel_id is there twice"):
        Envelope.from_headers([*record(), ("hotel_id", str(HOTEL).encode())])


def test_headers_that_are_not_ours_are_not_looked_at() -> None:
    assert Envelope.from_headers([*record(), ("other", b"\xff" * 9999), ("other", b"")]) == deleted()


@pytest.mark.parametrize("value", [b"", b"garbage", TRACE.upper().encode(), b"00-" + b"0" * 32 + TRACE[35:].encode()])
def test_a_broken_trace_is_dropped_and_not_the_event(value: bytes) -> None:
    assert Envelope.from_headers(record(traceparent=value)) == deleted(traceparent=None)


def test_a_body_with_a_charset_is_still_json() -> None:
    assert Envelope.from_headers(record(**{"content-type": b"application/json; charset=utf-8"})) == deleted()


def test_nobody_sends_a_time_without_a_zone() -> None:
    with pytest.raises(BadEnvelope, match="no zone"):
        deleted(time=datetime(2026, 6, 1))  # noqa: DTZ001 - that is the point


def test_times_are_kept_in_utc() -> None:
    assert (
        deleted(time=NOW.astimezone(timezone(timedelta(hours=2)))).headers()["ce_time"] == "2026-06-01T12:00:00.123456Z"
    )
