"""A hotel's people: who joins, in which role, who leaves; and what the platform's operators may do."""

import asyncio
import secrets
from uuid import uuid4

from identity_play import PASSWORD, Desk, Hotel, body, refusal

from contracts.events import (
    MembershipChanged,
    MembershipGranted,
    MembershipRevoked,
    SessionRevoked,
    UserCreated,
    UserUpdated,
)


def newcomer(**more: object) -> dict[str, object]:
    address = f"{secrets.token_hex(4)}@new.example"
    return {"email": address, "name": "Noor Neumann", "role": "staff", "password": PASSWORD, **more}


async def test_an_admin_lets_somebody_join_and_the_directory_says_so(desk: Desk, hotel: Hotel) -> None:
    answer = await hotel.admin.api.post("/users", json=newcomer(languages=["nl", "en"]))
    made = body(answer, 201)
    assert (made["role"], made["status"], made["languages"]) == ("staff", "active", ["nl", "en"])
    assert answer.headers["etag"] == '"1"'
    assert body(await hotel.admin.api.get(answer.headers["location"])) == made
    granted = [
        e for e in await desk.app.events(MembershipGranted, 2, hotel_id=hotel.id) if str(e.user_id) == made["id"]
    ]
    assert [(e.display_name, e.role, e.version) for e in granted] == [("Noor Neumann", "staff", 1)]
    created = [e for e in await desk.app.events(UserCreated) if str(e.user_id) == made["id"]]
    assert [(e.email, e.version) for e in created] == [(made["email"], 1)]


async def test_the_same_request_sent_again_adds_nobody_twice(standing_hotel: Hotel) -> None:
    someone, key = newcomer(), {"Idempotency-Key": secrets.token_hex(8)}
    first = await standing_hotel.admin.api.post("/users", json=someone, headers=key)
    again = await standing_hotel.admin.api.post("/users", json=someone, headers=key)
    assert body(first, 201) == body(again, 201)
    assert refusal(await standing_hotel.admin.api.post("/users", json=someone), 409) == "already-member"


async def test_a_weak_password_and_a_bad_address_are_refused_with_a_pointer(standing_hotel: Hotel) -> None:
    weak = await standing_hotel.admin.api.post("/users", json=newcomer(password="passwort1234"))
    assert refusal(weak, 422) == "weak-password"
    assert weak.json()["errors"][0]["pointer"] == "/password"
    bad = await standing_hotel.admin.api.post("/users", json=newcomer(email="secret-address"))
    assert refusal(bad, 422) == "validation"
    assert "secret-address" not in bad.text


async def test_an_address_with_an_account_joins_with_it_and_keeps_its_password(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    known = await standing_hotel.member()
    joining = newcomer(email=known.email, password="a password nobody uses", name="Shown Here")
    joined = body(await other_hotel.admin.api.post("/users", json=joining), 201)
    assert (joined["id"], joined["name"]) == (str(known.id), "Shown Here")
    assert refusal(await desk.sign_in(known.email, "a password nobody uses"), 401) == "bad-credentials"
    assert body(await standing_hotel.admin.api.get(f"/users/{known.id}"))["name"] == "Kim Kessler"


async def test_a_hotel_sees_its_own_people_and_no_others(hotel: Hotel, other_hotel: Hotel) -> None:
    stranger = await other_hotel.member()
    mine = {str(hotel.admin.id), str((await hotel.member()).id)}
    assert {user["id"] for user in body(await hotel.admin.api.get("/users"))["items"]} == mine
    asked = await hotel.admin.api.get("/users", params={"id": [str(stranger.id), str(hotel.admin.id)]})
    assert [user["id"] for user in body(asked)["items"]] == [str(hotel.admin.id)]
    for method, path, sent in (
        ("GET", f"/users/{stranger.id}", None),
        ("PATCH", f"/users/{stranger.id}", {"name": "Not Yours"}),
        ("POST", f"/users/{stranger.id}/role", {"role": "viewer"}),
        ("POST", f"/users/{stranger.id}/deactivate", None),
        ("POST", f"/users/{stranger.id}/activate", None),
        ("GET", f"/users/{uuid4()}", None),
    ):
        assert refusal(await hotel.admin.api.request(method, path, json=sent), 404) == "not-found", path
    body(await stranger.api.get("/me"))


async def test_the_list_goes_by_name_a_page_at_a_time(hotel: Hotel) -> None:
    for name in ("Zoe", "Ben", "Mia"):
        body(await hotel.admin.api.post("/users", json=newcomer(name=name)), 201)
    names: list[str] = []
    cursor: str | None = None
    while cursor is not None or not names:
        page = body(await hotel.admin.api.get("/users", params={"limit": 2, **({"cursor": cursor} if cursor else {})}))
        names += [user["name"] for user in page["items"]]
        cursor = page["next_cursor"]
    assert names == ["Ada Ahorn", "Ben", "Mia", "Zoe"]
    assert refusal(await hotel.admin.api.get("/users", params={"cursor": "bm9uc2Vuc2U"}), 422) == "bad-cursor"


async def test_staff_may_look_and_not_touch(standing_hotel: Hotel) -> None:
    member = await standing_hotel.member("staff")
    body(await member.api.get("/users"))
    assert refusal(await member.api.post("/users", json=newcomer()), 403) == "missing-permission"
    change = await member.api.post(f"/users/{member.id}/role", json={"role": "admin"})
    assert refusal(change, 403) == "missing-permission"


async def test_a_changed_name_leaves_tokens_alone(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    granted = [e for e in await desk.app.events(MembershipGranted, 2, hotel_id=hotel.id) if e.user_id == member.id]
    shown = body(await hotel.admin.api.patch(f"/users/{member.id}", json={"name": "Sam at the Desk"}))
    assert (shown["name"], shown["version"]) == ("Sam at the Desk", 2)
    changed = await desk.app.events(MembershipChanged, hotel_id=hotel.id)
    assert [(e.display_name, e.version, e.changed_at) for e in changed] == [
        ("Sam at the Desk", 2, granted[0].changed_at)
    ]
    body(await member.api.get("/me"))


async def test_two_who_edit_at_once_do_not_overwrite_each_other(hotel: Hotel) -> None:
    url = f"/users/{hotel.admin.id}"
    seen = (await hotel.admin.api.get(url)).headers["etag"]
    body(await hotel.admin.api.patch(url, json={"name": "First"}, headers={"If-Match": seen}))
    second = await hotel.admin.api.patch(url, json={"name": "Second"}, headers={"If-Match": seen})
    assert refusal(second, 412) == "precondition-failed"
    assert body(await hotel.admin.api.get(url))["name"] == "First"


async def test_another_role_makes_older_tokens_worthless(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member("admin")
    body(await member.api.get("/me"))
    changed = body(await hotel.admin.api.post(f"/users/{member.id}/role", json={"role": "viewer"}))
    assert changed["role"] == "viewer"
    assert await member.is_refused()
    assert (await desk.person(member.email)).claims["role"] == "viewer"
    events = await desk.app.events(MembershipChanged, hotel_id=hotel.id)
    assert [(e.user_id, e.role, e.version) for e in events] == [(member.id, "viewer", 2)]


async def test_who_leaves_is_refused_and_may_come_back(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    body(await member.api.get("/me"))
    assert body(await hotel.admin.api.post(f"/users/{member.id}/deactivate"))["status"] == "inactive"
    assert await member.is_refused()
    assert (await desk.app.events(MembershipRevoked, hotel_id=hotel.id))[0].user_id == member.id
    assert body(await hotel.admin.api.get("/users", params={"active": False}))["items"][0]["id"] == str(member.id)
    assert body(await hotel.admin.api.post(f"/users/{member.id}/activate"))["status"] == "active"
    body(await (await desk.person(member.email)).api.get("/me"))


async def test_the_last_admin_stays(standing_hotel: Hotel) -> None:
    url = f"/users/{standing_hotel.admin.id}"
    assert refusal(await standing_hotel.admin.api.post(f"{url}/role", json={"role": "staff"}), 409) == "last-admin"
    assert refusal(await standing_hotel.admin.api.post(f"{url}/deactivate"), 409) == "last-admin"


async def test_two_admins_who_remove_each_other_at_once_leave_one(hotel: Hotel) -> None:
    one, other = hotel.admin, await hotel.member("admin")
    answers = await asyncio.gather(
        one.api.post(f"/users/{other.id}/deactivate"), other.api.post(f"/users/{one.id}/role", json={"role": "viewer"})
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 403], [200, 401])


async def test_the_platform_switches_an_account_off_in_every_hotel(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    member = await standing_hotel.member()
    body(await other_hotel.admin.api.post("/users", json=newcomer(email=member.email)), 201)
    elsewhere = await desk.person(member.email, hotel=other_hotel.slug)
    assert body(await desk.root.post(f"/users/{member.id}/deactivate"))["status"] == "inactive"
    assert await member.is_refused()
    assert await elsewhere.is_refused()
    assert refusal(await desk.sign_in(member.email), 401) == "bad-credentials"
    assert refusal(await desk.refresh(elsewhere.refresh_token), 401) == "session-over"
    told = [e for e in await desk.app.events(UserUpdated) if e.user_id == member.id]
    assert [(e.status, e.version) for e in told] == [("inactive", 2)]
    assert [e.sid for e in await desk.app.events(SessionRevoked) if e.user_id == member.id] == [None]
    assert body(await standing_hotel.admin.api.get(f"/users/{member.id}"))["status"] == "inactive"
    body(await desk.root.post(f"/users/{member.id}/activate"))
    body(await desk.sign_in(member.email), 201)


async def test_a_superadmin_finds_accounts_and_cannot_lock_themselves_out(desk: Desk, standing_hotel: Hotel) -> None:
    member = await standing_hotel.member()
    found = body(await desk.root.get("/users", params={"id": str(member.id)}))["items"]
    assert [(user["email"], user["role"]) for user in found] == [(member.email, None)]
    body(await desk.root.patch(f"/users/{member.id}", json={"name": "In Full"}))
    assert body(await desk.root.get(f"/users/{member.id}"))["name"] == "In Full"
    assert body(await standing_hotel.admin.api.get(f"/users/{member.id}"))["name"] == "Kim Kessler"
    me = body(await desk.root.get("/me"))["user"]["id"]
    assert refusal(await desk.root.post(f"/users/{me}/deactivate"), 409) == "own-account"


async def test_signing_in_while_admins_change_roles_never_gets_in_each_others_way(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    url = f"/users/{member.id}/role"
    answers = await asyncio.gather(
        *(desk.sign_in(member.email) for _ in range(4)),
        *(hotel.admin.api.post(url, json={"role": role}) for role in ("viewer", "staff", "viewer", "staff")),
    )
    assert {answer.status_code for answer in answers} == {200, 201}
