"""Two records of one person become one; what names the other still finds it, and others are told."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from identity_play import Desk, Hotel, Json, body, refusal

from contracts.events import ConversationStarted, GuestUpdated
from contracts.ids import GuestId
from contracts.values import Channel
from servicekit import new_id
from servicekit.testing import eventually


async def made(hotel: Hotel, **facts: str) -> Json:
    return body(await hotel.admin.api.post("/guests", json=facts), 201)


async def merge(hotel: Hotel, kept: Json, duplicate: Json, **headers: str) -> httpx.Response:
    url = f"/guests/{kept['id']}/merge"
    return await hotel.admin.api.post(url, json={"duplicate_id": duplicate["id"]}, headers=headers)


async def now(hotel: Hotel, guest: Json) -> Json:
    return body(await hotel.admin.api.get(f"/guests/{guest['id']}"))


async def listed(hotel: Hotel, **wanted: Any) -> list[str]:  # Any: as httpx takes parameters
    return [guest["id"] for guest in body(await hotel.admin.api.get("/guests", params=wanted))["items"]]


async def test_the_kept_guest_gets_what_they_lack_and_the_duplicate_says_where_it_went(
    desk: Desk, hotel: Hotel
) -> None:
    kept = await made(hotel, name="Clara Moreau", email="clara@guests.example")
    duplicate = await made(hotel, name="C. Moreau", phone="+33123456789", language="fr", status="vip")
    answer = await merge(hotel, kept, duplicate, **{"If-Match": '"1"'})
    merged = body(answer)
    assert (merged["name"], merged["email"]) == ("Clara Moreau", "clara@guests.example")
    assert (merged["phone"], merged["language"], merged["status"]) == ("+33123456789", "fr", "vip")
    assert (merged["id"], merged["merged_into"], answer.headers["etag"]) == (kept["id"], None, '"2"')
    gone = await now(hotel, duplicate)
    assert (gone["merged_into"], gone["name"], gone["version"]) == (kept["id"], "C. Moreau", 2)
    events = await desk.app.events(GuestUpdated, 2, hotel_id=hotel.id)
    assert {(str(e.guest_id), e.merged_into and str(e.merged_into), e.status, e.phone, e.version) for e in events} == {
        (kept["id"], None, "vip", "+33123456789", 2),
        (duplicate["id"], kept["id"], "vip", "+33123456789", 2),
    }

    async def recorded() -> list[Json]:
        return body(await hotel.admin.api.get("/audit", params={"action": "guest.merge"}))["items"]

    log: list[Json] = await eventually(recorded)
    assert [(entry["object_id"], entry["actor"]["id"]) for entry in log] == [(kept["id"], str(hotel.admin.id))]


async def test_a_duplicate_leaves_every_list_and_is_found_by_its_id(hotel: Hotel) -> None:
    kept = await made(hotel, name="Clara Moreau")
    duplicate = await made(hotel, name="Klara Moro", email="k@guests.example", phone="+33123456789", status="vip")
    body(await merge(hotel, kept, duplicate))
    for wanted in ({}, {"q": "moreau"}, {"q": "23456789"}, {"email": "k@guests.example"}, {"phone": "+33123456789"}):
        assert await listed(hotel, **wanted) == [kept["id"]], wanted
    assert await listed(hotel, status="vip") == [kept["id"]]
    assert await listed(hotel, q="klara moro") == [kept["id"]], "like it; the duplicate itself would come first"
    assert await listed(hotel, id=[duplicate["id"], kept["id"]]) == [duplicate["id"], kept["id"]]


async def test_who_was_merged_before_points_at_who_goes_on(desk: Desk, hotel: Hotel) -> None:
    a, b, c = [await made(hotel, name=name) for name in "ABC"]
    body(await merge(hotel, b, c))
    body(await merge(hotel, a, b))
    assert [(await now(hotel, one))["merged_into"] for one in (a, b, c)] == [None, a["id"], a["id"]]
    events = await desk.app.events(GuestUpdated, 5, hotel_id=hotel.id)
    last = {str(event.guest_id): event for event in sorted(events, key=lambda event: event.version)}
    assert str(last[c["id"]].merged_into) == a["id"]


async def test_merging_into_somebody_who_was_merged_merges_into_who_goes_on(hotel: Hotel) -> None:
    a, b, c = await made(hotel), await made(hotel), await made(hotel, email="c@guests.example")
    body(await merge(hotel, a, b))
    assert body(await merge(hotel, b, c))["id"] == a["id"]
    assert ((await now(hotel, a))["email"], (await now(hotel, c))["merged_into"]) == ("c@guests.example", a["id"])


async def test_the_same_merge_again_changes_nothing(hotel: Hotel) -> None:
    a, b = await made(hotel, name="A"), await made(hotel, name="B")
    once = body(await merge(hotel, a, b))
    gone = await now(hotel, b)
    assert body(await merge(hotel, a, b)) == once
    assert body(await merge(hotel, b, a)) == once, "they are one already, whichever is named first"
    assert (await now(hotel, a), await now(hotel, b)) == (once, gone)


async def test_merges_that_cannot_be_are_refused_and_change_nothing(hotel: Hotel, other_hotel: Hotel) -> None:
    a, b, c = [await made(hotel, name=name) for name in "ABC"]
    theirs = await made(other_hotel, name="D")
    body(await merge(hotel, a, b))
    before = [await now(hotel, one) for one in (a, b, c)]
    assert refusal(await merge(hotel, c, c), 422) == "same-guest"
    assert refusal(await merge(hotel, c, b), 409) == "guest-merged", "B is part of A, who was not asked for"
    assert refusal(await merge(hotel, c, theirs), 404) == "not-found"
    assert refusal(await merge(hotel, theirs, c), 404) == "not-found"
    assert refusal(await merge(hotel, c, {"id": str(uuid4())}), 404) == "not-found"
    assert refusal(await merge(hotel, a, c, **{"If-Match": '"1"'}), 412) == "precondition-failed"
    assert [await now(hotel, one) for one in (a, b, c)] == before
    assert await now(other_hotel, theirs) == theirs


@pytest.mark.parametrize(
    ("method", "path", "command"),
    [
        ("PATCH", "", {"name": "X"}),
        ("POST", "/contact", {"phone": "+4312345678"}),
        ("POST", "/status", {"status": "vip"}),
    ],
)
async def test_a_merged_guest_takes_no_changes(standing_hotel: Hotel, method: str, path: str, command: Json) -> None:
    kept, duplicate = await made(standing_hotel, name="A"), await made(standing_hotel, name="B")
    body(await merge(standing_hotel, kept, duplicate))
    before = await now(standing_hotel, duplicate)
    answer = await standing_hotel.admin.api.request(method, f"/guests/{duplicate['id']}{path}", json=command)
    assert refusal(answer, 409) == "guest-merged"
    assert kept["id"] in answer.json()["detail"]
    assert await now(standing_hotel, duplicate) == before


async def test_one_person_has_one_status_and_what_is_forgotten_is_forgotten_everywhere(
    desk: Desk, hotel: Hotel
) -> None:
    kept, duplicate = await made(hotel, name="A"), await made(hotel, name="B", phone="+33123456789")
    body(await merge(hotel, kept, duplicate))
    body(await hotel.admin.api.post(f"/guests/{kept['id']}/status", json={"status": "vip"}))
    assert (await now(hotel, duplicate))["status"] == "vip"
    body(await hotel.admin.api.post(f"/guests/{kept['id']}/contact", json={"phone": None}))
    assert [(await now(hotel, one))["phone"] for one in (kept, duplicate)] == [None, None]
    assert (await now(hotel, duplicate))["name"] == "B"
    events = await desk.app.events(GuestUpdated, 6, hotel_id=hotel.id)
    last = max((event for event in events if str(event.guest_id) == duplicate["id"]), key=lambda event: event.version)
    assert (last.status, last.phone, str(last.merged_into)) == ("vip", None, kept["id"])


async def test_somebody_who_still_chats_under_a_merged_id_stays_merged(desk: Desk, hotel: Hotel) -> None:
    kept, duplicate = await made(hotel, name="A"), await made(hotel, name="B")
    body(await merge(hotel, kept, duplicate))
    before = await now(hotel, duplicate)
    talk, marker = new_id(), GuestId(new_id())
    for guest_id in (duplicate["id"], marker):
        event = ConversationStarted.model_validate(
            {
                "conversation_id": talk,
                "guest_id": guest_id,
                "channel": Channel.WIDGET,
                "language": "de",
                "version": 1,
            }
        )
        await desk.app.publish(event, hotel.id, service="conversation")

    async def marker_arrived() -> bool:
        return (await hotel.admin.api.get(f"/guests/{marker}")).status_code == 200

    await eventually(marker_arrived)
    assert await now(hotel, duplicate) == before
    assert await listed(hotel) == [str(marker), kept["id"]]


async def test_a_merge_into_somebody_who_is_just_being_merged_goes_to_who_goes_on(desk: Desk, hotel: Hotel) -> None:
    """The first merge is held up at a record that somebody else has locked; the second begins meanwhile."""
    a, b, c, follower = [await made(hotel, name=name) for name in ("A", "B", "C", "Follower")]
    body(await merge(hotel, b, follower))
    connection = await asyncpg.connect(desk.app.settings.database_url)

    async def waiting(count: int) -> None:
        async def held_up() -> bool:
            return await connection.fetchval("select count(distinct pid) from pg_locks where not granted") >= count

        await eventually(held_up)

    try:
        await connection.execute("select set_config('app.hotel_id', $1, false)", str(hotel.id))
        async with connection.transaction():
            await connection.execute("select 1 from guests where id = $1 for update", UUID(follower["id"]))
            first = asyncio.create_task(merge(hotel, a, b))
            await waiting(1)
            second = asyncio.create_task(merge(hotel, b, c))
            await waiting(2)
        answers = [body(await answer)["id"] for answer in (first, second)]
    finally:
        await connection.close()
    assert answers == [a["id"], a["id"]]
    assert await listed(hotel) == [a["id"]]


async def test_merges_and_edits_at_the_same_moment_end_in_one_guest(hotel: Hotel) -> None:
    """Everybody merges everybody and edits: no deadlock, nobody lost, nobody merged into somebody who was merged."""
    people = [await made(hotel, name=f"Guest {number}") for number in range(6)]
    rounds = [merge(hotel, one, other) for one in people for other in people if one != other]
    edits = [
        hotel.admin.api.post(f"/guests/{one['id']}/contact", json={"phone": phone})
        for one in people
        for phone in ("+4312345678", None)
    ]
    answers = await asyncio.gather(*rounds, *edits)
    assert {answer.status_code for answer in answers} <= {200, 409}, [a.text for a in answers if a.status_code >= 500]
    [head] = await listed(hotel)
    assert [(await now(hotel, one))["merged_into"] for one in people if one["id"] != head] == [head] * 5
