"""A hotel is linked to one organisation of Clerk, and an organisation to one hotel."""

import secrets

import pytest
from identity_play import Desk, Hotel, body, refusal

from contracts.events import HotelUpdated


async def test_a_linked_hotel_is_found_by_its_organisation_until_it_is_unlinked(desk: Desk, hotel: Hotel) -> None:
    organisation, path = f"org_{secrets.token_hex(8)}", f"/hotels/{hotel.id}/clerk-organisation"
    linked = await desk.root.put(path, json={"organisation_id": organisation})
    assert (body(linked)["clerk_organisation_id"], linked.headers["etag"]) == (organisation, '"2"')
    assert body(await desk.root.put(path, json={"organisation_id": organisation}))["version"] == 2
    found = body(await desk.root.get("/hotels", params={"clerk_organisation": organisation}))["items"]
    assert [one["id"] for one in found] == [str(hotel.id)]
    assert refusal(await desk.root.delete(path, headers={"If-Match": '"1"'}), 412) == "precondition-failed"
    assert body(await desk.root.delete(path))["clerk_organisation_id"] is None
    assert body(await desk.root.delete(path))["version"] == 3
    assert body(await desk.root.get("/hotels", params={"clerk_organisation": organisation}))["items"] == []
    assert [event.version for event in await desk.app.events(HotelUpdated, 2, hotel_id=hotel.id)] == [2, 3]


async def test_an_organisation_has_one_hotel_and_a_hotel_one_organisation(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    organisation = f"org_{secrets.token_hex(8)}"
    path, other_path = (f"/hotels/{one.id}/clerk-organisation" for one in (hotel, other_hotel))
    body(await desk.root.put(path, json={"organisation_id": organisation}))
    taken = await desk.root.put(other_path, json={"organisation_id": organisation})
    assert refusal(taken, 409) == "organisation-linked"
    assert refusal(await desk.root.put(path, json={"organisation_id": "org_other"}), 409) == "hotel-linked"
    others = body(await other_hotel.admin.api.get("/hotels", params={"clerk_organisation": organisation}))
    assert others["items"] == [], "a hotel does not learn whose organisation it is"
    body(await desk.root.delete(path))
    assert body(await desk.root.put(other_path, json={"organisation_id": organisation}))["version"] == 2


@pytest.mark.parametrize("named", ["", "acme", "org_", "org_ä", "org_" + "x" * 61, "org_1 x"])
async def test_what_is_no_organisation_is_refused(desk: Desk, standing_hotel: Hotel, named: str) -> None:
    path = f"/hotels/{standing_hotel.id}/clerk-organisation"
    answer = await desk.root.put(path, json={"organisation_id": named})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/organisation_id"]
    assert (await desk.root.put(path, json={"organisation_id": "org_1", "role": "admin"})).status_code == 422
