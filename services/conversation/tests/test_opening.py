"""What the widget shows before the guest says anything, from our own projection; no session is made for it."""

from datetime import UTC, datetime

import pytest
from conversation_play import Hotel

from contracts.events import HotelDeactivated, HotelUpdated
from contracts.hours import BusinessHours
from contracts.statuses import HotelStatus
from conversation.queries.hotels import opening_of
from conversation.reactions import on_hotel
from servicekit.testing import RunningService

HOURS = {"weekly": {0: [{"opens": "08:00", "closes": "18:00"}], 2: [{"opens": "08:00", "closes": "18:00"}]}}
MONDAY_NOON, TUESDAY = datetime(2026, 6, 1, 10, tzinfo=UTC), datetime(2026, 6, 2, 10, tzinfo=UTC)
ROW = {
    "name": "Hotel Lindenhof",
    "slug": "lindenhof",
    "languages": ["en", "de"],
    "default_language": "en",
    "brand": {"colour": "#2f5d3a"},
    "consent_text": "We keep it for 90 days.",
    "time_zone": "Europe/Vienna",
    "business_hours": BusinessHours.model_validate(HOURS).model_dump(mode="json"),
}


async def test_a_guest_sees_the_hotel_before_they_say_anything(hotel: Hotel) -> None:
    async with hotel.app.runtime.worker_db.transaction(hotel.id) as tx:
        described = hotel.described(
            HotelUpdated,
            brand={"colour": "#2f5d3a"},
            business_hours=HOURS,
            consent_text="We keep it for 90 days.",
            version=2,
        )
        await on_hotel(described, tx)
    answer = await hotel.app.client().get("/widget/opening", params={"hotel": hotel.slug, "language": "de-AT"})
    assert answer.status_code == 200
    view = answer.json()
    assert view["on_duty"] == view["expected_wait"] == {"status": "unavailable"}
    shown = view["hotel"]
    assert (shown["name"], shown["slug"], shown["language"]) == ("Hotel Lindenhof", hotel.slug, "de")
    assert (shown["brand"]["colour"], shown["consent_text"]) == ("#2f5d3a", "We keep it for 90 days.")
    assert shown["time_zone"] == "Europe/Vienna"
    assert shown["hours"]["open_now"] in (True, False)
    assert shown["hours"]["weekly"][0] == {"weekday": 0, "opens": "08:00:00", "closes": "18:00:00"}
    assert await hotel.rows("SELECT 1 FROM conversations") == []


async def test_who_has_it_already_is_told_so(hotel: Hotel) -> None:
    client, params = hotel.app.client(), {"hotel": hotel.slug}
    first = await client.get("/widget/opening", params=params)
    again = await client.get("/widget/opening", params=params, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await client.get(
        "/widget/opening", params={**params, "language": "de"}, headers={"if-none-match": first.headers["etag"]}
    )
    assert other.status_code == 200


@pytest.mark.parametrize(("params", "status"), [({"hotel": "no-such-hotel"}, 404), ({}, 422), ({"hotel": "a b"}, 422)])
async def test_a_hotel_that_is_not_there_is_not_shown(
    desk: RunningService, params: dict[str, str], status: int
) -> None:
    assert (await desk.client().get("/widget/opening", params=params)).status_code == status


async def test_a_suspended_hotel_is_not_shown(hotel: Hotel) -> None:
    async with hotel.app.runtime.worker_db.transaction(hotel.id) as tx:
        await on_hotel(hotel.described(HotelDeactivated, status=HotelStatus.INACTIVE, version=2), tx)
    answer = await hotel.app.client().get("/widget/opening", params={"hotel": hotel.slug})
    assert answer.json()["type"] == "urn:frontdesk:problem:hotel-suspended"


def test_an_open_hotel_says_until_when_and_a_closed_one_from_when() -> None:
    open_now = opening_of(ROW, None, MONDAY_NOON).hotel.hours
    assert (open_now.open_now, open_now.opens_at) == (True, None)
    assert open_now.closes_at == datetime(2026, 6, 1, 16, tzinfo=UTC)
    closed = opening_of(ROW, None, TUESDAY).hotel.hours
    assert (closed.open_now, closed.closes_at) == (False, None)
    assert closed.opens_at == datetime(2026, 6, 3, 6, tzinfo=UTC)


def test_a_hotel_without_hours_is_always_open_and_one_we_know_too_little_of_says_nothing() -> None:
    always = opening_of({**ROW, "business_hours": None}, None, TUESDAY).hotel.hours
    assert (always.open_now, always.closes_at, len(always.weekly)) == (True, None, 7)
    unknown = opening_of({**ROW, "business_hours": None, "time_zone": None}, None, TUESDAY).hotel.hours
    assert (unknown.open_now, unknown.weekly) == (None, [])


def test_a_hotel_that_never_opens_is_closed() -> None:
    never = opening_of({**ROW, "business_hours": {"weekly": {}, "exceptions": {}}}, None, TUESDAY).hotel.hours
    assert (never.open_now, never.opens_at) == (False, None)


@pytest.mark.parametrize(
    ("wanted", "language"), [(None, "en"), ("de", "de"), ("de-CH", "de"), ("DE", "de"), ("fr", "en"), ("pt-BR", "en")]
)
def test_the_widget_begins_in_the_guests_language_where_the_hotel_speaks_it(wanted: str | None, language: str) -> None:
    assert opening_of(ROW, wanted, TUESDAY).hotel.language == language
