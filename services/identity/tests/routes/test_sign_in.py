"""Signing in: who gets tokens, what is in them, and what those who get none can learn."""

import secrets
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from identity_play import PASSWORD, Desk, Hotel, body, refusal
from sqlalchemy import event

from contracts.permissions import ROLE_PERMISSIONS, Role
from identity.accounts import account_scope
from identity.resources import resources_of
from identity.tables import CredentialRow


async def test_a_member_signs_in_and_the_token_says_who_where_and_what(standing_hotel: Hotel) -> None:
    member = await standing_hotel.member("staff", name="Sam Steiner")
    claims = member.claims
    assert claims["sub"] == str(member.id)
    assert (claims["hotel_id"], claims["role"], claims["kind"]) == (str(standing_hotel.id), "staff", "user")
    assert (claims["aud"], claims["iss"]) == ("frontdesk", "frontdesk-identity")
    assert claims["scopes"] == sorted(ROLE_PERMISSIONS[Role.STAFF])
    assert claims["exp"] - claims["iat"] == 600
    assert isinstance(claims["iat"], float)
    assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 30
    assert member.session["user"] == {"id": str(member.id), "name": "Sam Steiner", "email": member.email}
    assert member.session["hotel"]["slug"] == standing_hotel.slug
    assert member.session["scopes"] == claims["scopes"]


async def test_a_superadmins_token_names_no_hotel(desk: Desk) -> None:
    root = await desk.person("root@platform.example")
    assert root.claims["hotel_id"] is None
    assert root.session["hotel"] is None
    assert root.claims["scopes"] == sorted(ROLE_PERMISSIONS[Role.SUPERADMIN])


async def test_capitals_in_the_address_do_not_matter(desk: Desk, standing_hotel: Hotel) -> None:
    body(await desk.sign_in(standing_hotel.admin.email.upper()), 201)


async def test_nobody_learns_from_a_refusal_whether_an_account_exists(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    left = await hotel.member()
    body(await hotel.admin.api.post(f"/users/{left.id}/deactivate"))
    answers = [
        await desk.sign_in(hotel.admin.email, "wrong password here"),
        await desk.sign_in("nobody@nowhere.example"),
        await desk.sign_in(left.email),
        await desk.sign_in(hotel.admin.email, hotel=other_hotel.slug),
        await desk.sign_in(hotel.admin.email, hotel="no-such-hotel"),
    ]
    assert {refusal(answer, 401) for answer in answers} == {"bad-credentials"}
    assert len({tuple(sorted((k, v) for k, v in answer.json().items() if k != "trace_id")) for answer in answers}) == 1


async def test_a_refusal_costs_the_same_work_whether_or_not_an_account_exists(
    desk: Desk, hotel: Hotel, other_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same statements in the same order, one hash of the same parameters, and the same headers."""
    left = await hotel.member()
    body(await hotel.admin.api.post(f"/users/{left.id}/deactivate"))
    hasher = resources_of(desk.app.runtime).passwords
    engine = desk.app.runtime.db.engine.sync_engine
    checked: list[str] = []
    matches = hasher._matches  # pyright: ignore[reportPrivateUsage]  # where the hash is worked out

    def note_hash(stored: str, password: str) -> bool:
        checked.append("$".join(stored.split("$")[:4]))
        return matches(stored, password)

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    monkeypatch.setattr(hasher, "_matches", note_hash)
    work: list[tuple[list[str], list[str], list[str]]] = []
    for email in (hotel.admin.email, left.email, f"nobody@{hotel.slug}.example", other_hotel.admin.email):
        seen: list[str] = []
        checked.clear()
        event.listen(engine, "before_cursor_execute", note)
        answer = await desk.sign_in(email, "wrong password here", hotel=hotel.slug)
        event.remove(engine, "before_cursor_execute", note)
        assert refusal(answer, 401) == "bad-credentials"
        work.append((seen, list(checked), sorted(answer.headers)))
    assert len(work[0][0]) > 1
    assert len(work[0][1]) == 1
    assert all(one == work[0] for one in work)


async def test_tries_at_an_address_without_an_account_are_held_up_like_others(desk: Desk, hotel: Hotel) -> None:
    held_up: list[tuple[list[int], list[str]]] = []
    member = {"email": f"kim@{hotel.slug}.example", "name": "Kim", "role": "staff", "password": PASSWORD}
    body(await hotel.admin.api.post("/users", json=member), 201)
    for email in (member["email"], f"nobody@{hotel.slug}.example"):
        answers = [await desk.sign_in(email, f"guess number {n}") for n in range(11)]
        held_up.append(([answer.status_code for answer in answers], sorted(answers[-1].headers)))
    assert held_up[0][0] == [401] * 10 + [429]
    assert held_up[0] == held_up[1]


async def test_somebody_who_works_for_two_hotels_says_which(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    both = await standing_hotel.member()
    joining = {"email": both.email, "name": "Kim", "role": "viewer", "password": "some other password"}
    body(await other_hotel.admin.api.post("/users", json=joining), 201)
    assert (await desk.person(both.email)).claims["hotel_id"] == str(standing_hotel.id)
    second = await desk.person(both.email, hotel=other_hotel.slug)
    assert (second.claims["hotel_id"], second.claims["role"]) == (str(other_hotel.id), "viewer")


async def test_a_suspended_hotels_staff_are_told_so_only_after_the_right_password(desk: Desk, hotel: Hotel) -> None:
    body(await desk.root.post(f"/hotels/{hotel.id}/deactivate"))
    assert refusal(await desk.sign_in(hotel.admin.email), 403) == "hotel-suspended"
    assert refusal(await desk.sign_in(hotel.admin.email, "wrong password here"), 401) == "bad-credentials"


async def test_guessing_a_password_is_slowed_down(desk: Desk) -> None:
    victim = f"{secrets.token_hex(4)}@guessed.example"
    answers = [await desk.sign_in(victim, f"guess number {n}") for n in range(11)]
    assert {refusal(answer, 401) for answer in answers[:10]} == {"bad-credentials"}
    assert refusal(answers[10], 429) == "too-many-requests"
    assert int(answers[10].headers["retry-after"]) >= 1


async def test_guesses_of_others_hold_up_neither_a_device_that_is_known_nor_other_networks(
    desk: Desk, standing_hotel: Hotel
) -> None:
    member = await standing_hotel.member()
    device = member.session["device_token"]
    for _ in range(10):
        await desk.sign_in(member.email, "a wrong guess of mine")
    assert refusal(await desk.sign_in(member.email), 429) == "too-many-requests"
    again = body(await desk.sign_in(member.email, device_token=device), 201)
    assert again["device_token"] != device
    credentials = {"email": member.email, "password": PASSWORD}
    elsewhere = {"x-forwarded-for": "203.0.113.9"}
    body(await desk.anybody.post("/tokens", json=credentials, headers=elsewhere), 201)
    others = standing_hotel.admin.session["device_token"]
    assert refusal(await desk.sign_in(member.email, device_token=others), 429) == "too-many-requests"


async def test_a_flood_from_the_same_address_holds_up_neither_known_devices_nor_refreshes(
    desk: Desk, standing_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rt, member = desk.app.runtime, await standing_hotel.member()
    monkeypatch.setattr(rt, "settings", rt.settings.model_copy(update={"token_limit": "2/hour"}))
    credentials = {"email": member.email, "password": PASSWORD}
    here = {"x-forwarded-for": "203.0.113.77"}
    flood = [await desk.anybody.post("/tokens", json=credentials, headers=here) for _ in range(3)]
    assert [answer.status_code for answer in flood] == [201, 201, 429]
    known = credentials | {"device_token": member.session["device_token"]}
    body(await desk.anybody.post("/tokens", json=known, headers=here), 201)
    body(await desk.anybody.post("/tokens/refresh", json={"refresh_token": member.refresh_token}, headers=here))


async def test_a_hash_of_older_parameters_is_renewed_at_sign_in(desk: Desk, hotel: Hotel) -> None:
    async with desk.app.runtime.db.transaction(None) as tx, account_scope(tx, hotel.admin.id):
        credential = await tx.get(CredentialRow, hotel.admin.id)
        credential.password_hash = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    body(await desk.sign_in(hotel.admin.email), 201)
    async with desk.app.runtime.db.transaction(None) as tx, account_scope(tx, hotel.admin.id):
        credential = await tx.get(CredentialRow, hotel.admin.id)
    assert not resources_of(desk.app.runtime).passwords.is_outdated(credential.password_hash)


async def test_no_cache_keeps_tokens(desk: Desk, standing_hotel: Hotel) -> None:
    assert (await desk.sign_in(standing_hotel.admin.email)).headers["cache-control"] == "no-store"


async def test_what_cannot_be_read_is_said_without_repeating_the_password(desk: Desk) -> None:
    api = desk.anybody
    answer = await api.post("/tokens", json={"email": "not an address", "password": "hunter2 hunter2", "extra": 1})
    assert refusal(answer, 422) == "validation"
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/email", "/extra"}
    assert "hunter2" not in answer.text
    nul = await api.post("/tokens", json={"email": "a@b.example", "password": "with a nul \x00 in it"})
    assert refusal(nul, 422) == "invalid"
    broken = await api.post("/tokens", content=b"{", headers={"content-type": "application/json"})
    assert refusal(broken, 400) == "malformed"
