"""Hotels: opened and suspended by the platform, run by their admins."""

from uuid import UUID, uuid4

import pytest
from identity_play import Desk, Hotel, body, hotel_settings, refusal

from contracts.events import HotelActivated, HotelCreated, HotelDeactivated, HotelUpdated

HOURS = {
    "weekly": {"0": [{"opens": "07:00", "closes": "11:30"}, {"opens": "17:00", "closes": "01:00"}]},
    "exceptions": {"2026-12-24": []},
}


async def test_a_new_hotel_is_announced_with_all_its_settings(desk: Desk) -> None:
    settings = hotel_settings(
        name="Gasthof Post", business_hours=HOURS, never_auto=["refund"], allowed_origins=["https://post.example"]
    )
    answer = await desk.root.post("/hotels", json=settings)
    made = body(answer, 201)
    assert {name: made[name] for name in settings} == {**settings, "business_hours": made["business_hours"]}
    assert (made["status"], made["version"], made["confidence_threshold"]) == ("active", 1, 0.5)
    assert body(await desk.root.get(answer.headers["location"])) == made
    [(event, envelope)] = await desk.app.records(HotelCreated, hotel_id=UUID(made["id"]))
    assert event.model_dump(mode="json")["business_hours"] == made["business_hours"]
    assert (event.slug, event.languages, event.version) == (settings["slug"], ("de", "en"), 1)
    assert str(envelope.hotel_id) == made["id"]


async def test_settings_change_and_the_version_grows(desk: Desk, hotel: Hotel) -> None:
    url = f"/hotels/{hotel.id}"
    seen = await hotel.admin.api.get(url)
    change = {"confidence_threshold": 0.75, "hand_over_vips": True, "business_hours": HOURS}
    changed = body(await hotel.admin.api.patch(url, json=change, headers={"If-Match": seen.headers["etag"]}))
    assert (changed["confidence_threshold"], changed["hand_over_vips"], changed["version"]) == (0.75, True, 2)
    assert changed["name"] == hotel.view["name"]
    late = await hotel.admin.api.patch(url, json={"name": "Late"}, headers={"If-Match": seen.headers["etag"]})
    assert refusal(late, 412) == "precondition-failed"
    always = body(await hotel.admin.api.patch(url, json={"business_hours": None}))
    assert (always["business_hours"], always["version"]) == (None, 3)
    events = await desk.app.events(HotelUpdated, 2, hotel_id=hotel.id)
    assert [(event.version, event.confidence_threshold) for event in events] == [(2, 0.75), (3, 0.75)]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"default_language": "fr"}, "/default_language"),
        ({"time_zone": "Europe/Atlantis"}, "/time_zone"),
        ({"confidence_threshold": 1.5}, "/confidence_threshold"),
        ({"brand": {"logo_url": "javascript:alert(1)"}}, "/brand/logo_url"),
        ({"allowed_origins": ["https://a.example/path"]}, "/allowed_origins/0"),
        ({"business_hours": {"weekly": {"7": []}}}, "/business_hours/weekly/7/[key]"),
        ({"business_hours": {"weekly": {}, "always": True}}, "/business_hours/always"),
        ({"owner": "me"}, "/owner"),
    ],
)
async def test_what_a_hotel_cannot_be_is_refused_with_a_pointer(
    standing_hotel: Hotel, change: dict[str, object], pointer: str
) -> None:
    hotel = standing_hotel
    answer = await hotel.admin.api.patch(f"/hotels/{hotel.id}", json=change)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert body(await hotel.admin.api.get(f"/hotels/{hotel.id}"))["version"] == 1


async def test_two_hotels_never_share_a_slug(desk: Desk, standing_hotel: Hotel, other_hotel: Hotel) -> None:
    assert refusal(await desk.root.post("/hotels", json=hotel_settings(slug=standing_hotel.slug)), 409) == "slug-taken"
    change = await other_hotel.admin.api.patch(f"/hotels/{other_hotel.id}", json={"slug": standing_hotel.slug})
    assert refusal(change, 409) == "slug-taken"


async def test_an_admin_sees_and_runs_their_own_hotel_alone(standing_hotel: Hotel, other_hotel: Hotel) -> None:
    api = standing_hotel.admin.api
    assert [found["id"] for found in body(await api.get("/hotels"))["items"]] == [str(standing_hotel.id)]
    assert body(await api.get(f"/hotels/by-slug/{standing_hotel.slug}"))["id"] == str(standing_hotel.id)
    for path in (f"/hotels/{other_hotel.id}", f"/hotels/by-slug/{other_hotel.slug}", f"/hotels/{uuid4()}"):
        assert refusal(await api.get(path), 404) == "not-found"
    assert refusal(await api.patch(f"/hotels/{other_hotel.id}", json={"name": "Mine"}), 404) == "not-found"
    joining = {"email": "x@y.example", "name": "X", "role": "admin", "password": "three old kettles sing"}
    assert refusal(await api.post(f"/hotels/{other_hotel.id}/users", json=joining), 404) == "not-found"
    assert refusal(await api.post("/hotels", json=hotel_settings()), 403) == "missing-permission"
    assert refusal(await api.post(f"/hotels/{standing_hotel.id}/deactivate"), 403) == "missing-permission"


async def listed_hotels(desk: Desk, **asked: str) -> dict[str, str]:
    """Every hotel of a list, all its pages, with its status."""
    listed: dict[str, str] = {}
    cursor: str | None = None
    while True:
        page_asked = {"limit": "100", **asked, **({"cursor": cursor} if cursor else {})}
        page = body(await desk.root.get("/hotels", params=page_asked))
        listed |= {found["id"]: found["status"] for found in page["items"]}
        cursor = page["next_cursor"]
        if cursor is None:
            return listed


async def test_a_superadmin_sees_all_hotels(desk: Desk, standing_hotel: Hotel, other_hotel: Hotel) -> None:
    assert {str(standing_hotel.id), str(other_hotel.id)} <= (await listed_hotels(desk)).keys()


async def test_hotels_are_listed_by_their_status(desk: Desk, hotel: Hotel, other_hotel: Hotel) -> None:
    body(await desk.root.post(f"/hotels/{other_hotel.id}/deactivate"))
    active, inactive = await listed_hotels(desk, status="active"), await listed_hotels(desk, status="inactive")
    assert (set(active.values()), set(inactive.values())) == ({"active"}, {"inactive"})
    assert str(hotel.id) in active
    assert str(other_hotel.id) in inactive


async def test_a_suspended_hotels_tokens_stop_and_start_again(desk: Desk, hotel: Hotel) -> None:
    body(await hotel.admin.api.get("/me"))
    assert body(await desk.root.post(f"/hotels/{hotel.id}/deactivate"))["status"] == "inactive"
    assert await hotel.admin.is_refused()
    again = await desk.root.post(f"/hotels/{hotel.id}/deactivate")
    assert refusal(again, 409) == "move-not-allowed"
    assert body(await desk.root.post(f"/hotels/{hotel.id}/activate"))["status"] == "active"
    body(await (await desk.person(hotel.admin.email)).api.get("/me"))
    assert [event.version for event in await desk.app.events(HotelDeactivated, hotel_id=hotel.id)] == [2]
    assert [event.version for event in await desk.app.events(HotelActivated, hotel_id=hotel.id)] == [3]
