"""Keys of a hotel's other systems: what they may be given, what they open, and when they stop."""

import asyncpg
import httpx
import pytest
from identity_play import Clock, Desk, Hotel, Json, body, claims_of, refusal

from contracts.events import ApiKeyRevoked
from servicekit.testing import eventually

READS = ["guest:read", "hotel:read"]


async def make(hotel: Hotel, **more: object) -> Json:
    return body(await hotel.admin.api.post("/api-keys", json={"name": "Bookings", "scopes": READS, **more}), 201)


async def exchange(desk: Desk, secret: str) -> httpx.Response:
    return await desk.anybody.post("/tokens/api-key", json={"api_key": secret})


async def with_key(desk: Desk, secret: str) -> httpx.AsyncClient:
    return desk.app.client(body(await exchange(desk, secret))["access_token"])


async def is_refused(api: httpx.AsyncClient) -> bool:
    async def refused() -> bool:
        return (await api.get("/guests")).status_code == 401

    return await eventually(refused, timeout=5)


async def test_a_key_opens_its_own_hotel_as_far_as_its_scopes_go_and_nothing_else(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    made = await make(hotel)
    answer = await exchange(desk, made["secret"])
    assert answer.headers["cache-control"] == "no-store"
    token = body(answer)
    claims = claims_of(token["access_token"])
    assert (claims["kind"], claims["sub"], claims["hotel_id"]) == ("api_key", made["key"]["id"], str(hotel.id))
    assert (claims["scopes"], token["expires_in"]) == (READS, 600)
    api = desk.app.client(token["access_token"])
    body(await api.get("/guests"))
    assert refusal(await api.post("/guests", json={}), 403) == "missing-permission"
    assert refusal(await api.get(f"/hotels/{other_hotel.id}"), 404) == "not-found"
    assert refusal(await api.get("/me"), 403) == "forbidden"
    assert refusal(await api.get("/api-keys"), 403) == "missing-permission"


async def test_the_secret_is_said_once_and_kept_by_nobody(desk: Desk, hotel: Hotel) -> None:
    asked = {"name": "Bookings", "scopes": READS}
    once = {"Idempotency-Key": "a-key-of-the-request"}
    answers = [await hotel.admin.api.post("/api-keys", json=asked, headers=once) for _ in range(2)]
    secrets = [body(answer, 201)["secret"] for answer in answers]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert secrets[0] != secrets[1], "an answer that was kept would be the same one"
    shown = body(await hotel.admin.api.get("/api-keys"))
    assert [key["hint"] for key in shown["items"]] == [secret[-4:] for secret in reversed(secrets)]
    one = body(await hotel.admin.api.get(f"/api-keys/{shown['items'][0]['id']}"))
    connection = await asyncpg.connect(desk.app.settings.database_url)
    try:
        await connection.execute("select set_config('app.platform', 'on', false)")
        rows = str(await connection.fetch("select * from api_keys"))
    finally:
        await connection.close()
    assert not [secret for secret in secrets if secret in f"{shown} {one} {rows}"]


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["hotel:create"], 403), (["api_key:write"], 403), (["message:send"], 403), (["root:all"], 422), ([], 422)],
)
async def test_a_key_is_given_nothing_that_is_not_for_keys(
    standing_hotel: Hotel, scopes: list[str], status: int
) -> None:
    asked = {"name": "x", "scopes": scopes}
    assert (await standing_hotel.admin.api.post("/api-keys", json=asked)).status_code == status


async def test_only_who_may_make_keys_makes_or_sees_them(hotel: Hotel, other_hotel: Hotel) -> None:
    made = await make(hotel)
    staff = await hotel.member()
    for answer in (
        await staff.api.post("/api-keys", json={"name": "x", "scopes": ["guest:read"]}),
        await staff.api.get("/api-keys"),
        await staff.api.post(f"/api-keys/{made['key']['id']}/revoke"),
    ):
        assert refusal(answer, 403) == "missing-permission"
    path = f"/api-keys/{made['key']['id']}"
    strangers = other_hotel.admin.api
    for answer in (
        await strangers.get(path),
        await strangers.post(f"{path}/revoke"),
        await strangers.post(f"{path}/rotate", json={}),
    ):
        assert refusal(answer, 404) == "not-found"
    more = {"name": "x", "scopes": READS, "hotel_id": str(other_hotel.id)}
    assert (await hotel.admin.api.post("/api-keys", json=more)).status_code == 422


async def test_a_revoked_key_and_its_tokens_are_refused_within_seconds(desk: Desk, hotel: Hotel) -> None:
    made = await make(hotel)
    api = await with_key(desk, made["secret"])
    body(await api.get("/guests"))
    for _ in range(2):
        revoked = body(await hotel.admin.api.post(f"/api-keys/{made['key']['id']}/revoke"))
        assert revoked["revoked_at"] is not None
    assert refusal(await exchange(desk, made["secret"]), 401) == "bad-api-key"
    assert await is_refused(api)
    assert len(await desk.app.events(ApiKeyRevoked, 1, hotel_id=hotel.id)) == 1
    rotated = await hotel.admin.api.post(f"/api-keys/{made['key']['id']}/rotate", json={})
    assert refusal(rotated, 409) == "api-key-revoked"


async def test_another_secret_ends_the_former_one_at_once(desk: Desk, hotel: Hotel) -> None:
    made = await make(hotel)
    before = await with_key(desk, made["secret"])
    again = body(await hotel.admin.api.post(f"/api-keys/{made['key']['id']}/rotate", json={}))
    assert again["key"]["id"] == made["key"]["id"]
    assert refusal(await exchange(desk, made["secret"]), 401) == "bad-api-key"
    after = await with_key(desk, again["secret"])
    assert await is_refused(before)
    body(await after.get("/guests"))


async def test_the_former_secret_goes_on_for_as_long_as_was_asked_for(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    made = await make(hotel)
    path = f"/api-keys/{made['key']['id']}/rotate"
    again = body(await hotel.admin.api.post(path, json={"keep_former_seconds": 100}))
    assert body(await exchange(desk, made["secret"]))["expires_in"] == 100, "not beyond its end"
    body(await exchange(desk, again["secret"]))
    clock.pass_(100)
    assert refusal(await exchange(desk, made["secret"]), 401) == "bad-api-key"
    body(await exchange(desk, again["secret"]))
    assert (await hotel.admin.api.post(path, json={"keep_former_seconds": 604_801})).status_code == 422


async def test_a_key_ends_on_its_day(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    made = await make(hotel, expires_in_days=1)
    clock.pass_(86_400 - 60)
    assert body(await exchange(desk, made["secret"]))["expires_in"] == 60
    clock.pass_(60)
    assert refusal(await exchange(desk, made["secret"]), 401) == "bad-api-key"


async def test_a_suspended_hotels_keys_wait(desk: Desk, hotel: Hotel) -> None:
    made = await make(hotel)
    api = await with_key(desk, made["secret"])
    body(await desk.root.post(f"/hotels/{hotel.id}/deactivate"))
    assert refusal(await exchange(desk, made["secret"]), 403) == "hotel-suspended"
    assert await is_refused(api)
    body(await desk.root.post(f"/hotels/{hotel.id}/activate"))
    body(await exchange(desk, made["secret"]))


async def test_the_hotels_key_goes_on_when_its_maker_leaves(desk: Desk, hotel: Hotel) -> None:
    maker = await hotel.member("admin")
    made = body(await maker.api.post("/api-keys", json={"name": "Bookings", "scopes": READS}), 201)
    body(await hotel.admin.api.post(f"/users/{maker.id}/deactivate"))
    assert await maker.is_refused()
    body(await (await with_key(desk, made["secret"])).get("/guests"))
    [shown] = body(await hotel.admin.api.get("/api-keys"))["items"]
    assert shown["created_by"] == str(maker.id)


async def test_the_use_is_noted_once_a_minute(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    made = await make(hotel)
    path, noted = f"/api-keys/{made['key']['id']}", list[str | None]()
    noted.append(body(await hotel.admin.api.get(path))["last_used_at"])
    for seconds in (0, 59, 1):
        clock.pass_(seconds)
        body(await exchange(desk, made["secret"]))
        noted.append(body(await hotel.admin.api.get(path))["last_used_at"])
    assert noted[0] is None
    assert noted[1] == noted[2] != noted[3]


async def test_the_log_names_the_key_that_did_it(desk: Desk, hotel: Hotel) -> None:
    made = body(
        await hotel.admin.api.post("/api-keys", json={"name": "Bookings", "scopes": ["guest:read", "guest:write"]}),
        201,
    )
    api = await with_key(desk, made["secret"])
    guest = body(await api.post("/guests", json={"name": "Gesa"}), 201)

    async def noted() -> bool:
        found = body(await hotel.admin.api.get("/audit", params={"actor": made["key"]["id"]}))["items"]
        assert all(entry["actor"] == {"kind": "service", "id": made["key"]["id"]} for entry in found)
        return {(entry["action"], entry["object_id"]) for entry in found} == {
            ("api_key.exchange", made["key"]["id"]),
            ("guest.create", guest["id"]),
        }

    assert await eventually(noted)


@pytest.mark.parametrize("secret", ["", "fd_live_", "fd_live_" + "0" * 49, "fdr_something", "ä" * 57])
async def test_what_is_no_key_is_refused_like_one_that_does_not_hold(desk: Desk, secret: str) -> None:
    assert refusal(await exchange(desk, secret), 401) == "bad-api-key"
