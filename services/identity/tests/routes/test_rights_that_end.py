"""What somebody may do ends with the role it came from: in tokens that are asked for at that moment, in keys, in invitations."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest
from identity_play import Clock, Desk, Hotel, Person, body, refusal, until_held_up
from mail_play import Postbox
from sqlalchemy import text

from contracts.actor import ActorKind
from contracts.ids import HotelId, UserId
from contracts.permissions import Permission
from identity.commands.api_keys import CreateApiKey, create_api_key
from identity.commands.joining import set_membership
from identity.domain.api_keys import ScopeNotYours
from identity.domain.members import HotelRole
from identity.tables import HotelRow, UserRow
from servicekit import Actor

DUTY = {"name": "duty", "display_name": "Duty", "permissions": ["user:read", "user:write", "guest:read"]}
KEEPER = {
    "name": "keeper",
    "display_name": "Keeper of keys",
    "permissions": ["api_key:read", "api_key:write", "guest:read"],
}


@asynccontextmanager
async def while_held_up(desk: Desk, hotel: Hotel, asked: Awaitable[httpx.Response]) -> AsyncGenerator[None]:
    """Inside, what was asked for has begun and waits for the hotel, which somebody else holds; afterwards it was done."""
    async with desk.app.runtime.db.transaction(hotel.id) as tx:
        await tx.execute(text("select id from hotels where id = :id for no key update"), {"id": hotel.id})
        task = asyncio.ensure_future(asked)
        await until_held_up(tx)
        yield
    answer = await task
    assert answer.is_success, answer.text


@pytest.mark.parametrize("how", ["narrowed", "changed", "removed", "put", "switched_off", "deleted"])
async def test_a_token_that_is_asked_for_while_the_end_of_its_rights_waits_ends_with_them(
    desk: Desk, clock: Clock, hotel: Hotel, how: str
) -> None:
    body(await hotel.admin.api.post("/roles", json=DUTY), 201)
    member = await hotel.member("duty")
    there = f"/hotels/{hotel.id}/users/{member.id}"
    admin = hotel.admin.api
    asked: dict[str, Callable[[], Awaitable[httpx.Response]]] = {
        "narrowed": lambda: admin.patch("/roles/duty", json={"permissions": ["user:read"]}),
        "changed": lambda: admin.post(f"/users/{member.id}/role", json={"role": "viewer"}),
        "removed": lambda: admin.delete(there),
        "put": lambda: admin.put(there, json={"role": "viewer"}),
        "switched_off": lambda: desk.root.post(f"/users/{member.id}/deactivate"),
        "deleted": lambda: desk.root.delete(f"/users/{member.id}"),
    }
    async with while_held_up(desk, hotel, asked[how]()):
        clock.pass_(1)
        late = Person(member.id, member.email, body(await desk.refresh(member.refresh_token)), member.api, desk)
        late.api = desk.app.client(late.session["access_token"])
        clock.pass_(1)
    assert await late.is_refused()


async def test_whoever_waits_at_the_sign_in_while_their_role_changes_gets_a_token_that_holds(
    desk: Desk, clock: Clock, hotel: Hotel
) -> None:
    member = await hotel.member("staff")
    async with desk.app.runtime.db.transaction(None, platform=True) as tx:
        await tx.lock(UserRow, member.id)
        coming = asyncio.ensure_future(desk.refresh(member.refresh_token))
        await until_held_up(tx)
        clock.pass_(1)
        body(await hotel.admin.api.post(f"/users/{member.id}/role", json={"role": "viewer"}))
        clock.pass_(1)
    assert await member.is_refused(), "the change has come through"
    fresh = desk.app.client(body(await coming)["access_token"])
    assert body(await fresh.get("/me"))["role"] == "viewer"


async def test_a_key_gets_no_other_secret_from_whoever_may_do_less_than_it(desk: Desk, hotel: Hotel) -> None:
    wide = {"name": "Bookings", "scopes": ["guest:read", "guest:export"]}
    made = body(await hotel.admin.api.post("/api-keys", json=wide), 201)
    body(await hotel.admin.api.post("/roles", json=KEEPER), 201)
    keeper = await hotel.member("keeper")
    url = f"/api-keys/{made['key']['id']}"
    assert refusal(await keeper.api.post(f"{url}/rotate", json={}), 403) == "beyond-own-permissions"
    body(await desk.anybody.post("/tokens/api-key", json={"api_key": made["secret"]}))
    within = body(await keeper.api.post("/api-keys", json=wide | {"scopes": ["guest:read"]}), 201)
    body(await keeper.api.post(f"/api-keys/{within['key']['id']}/rotate", json={}))
    body(await hotel.admin.api.post(f"{url}/rotate", json={}))
    body(await keeper.api.post(f"{url}/revoke"))


async def test_a_key_is_made_of_what_its_maker_may_do_now_whatever_their_token_still_says(
    desk: Desk, hotel: Hotel
) -> None:
    member = await hotel.member("admin")
    body(await hotel.admin.api.post(f"/users/{member.id}/role", json={"role": "viewer"}))
    said = frozenset(permission.value for permission in Permission)
    actor = Actor(kind=ActorKind.USER, id=member.id, hotel_id=HotelId(hotel.id), subject=str(member.id), scopes=said)
    command = CreateApiKey(name="Late", scopes=[Permission.GUEST_READ, Permission.GUEST_EXPORT])
    async with desk.app.runtime.db.transaction(hotel.id, actor=actor) as tx:
        with pytest.raises(ScopeNotYours):
            await create_api_key(command, tx)


async def test_an_invitation_into_a_role_that_was_deleted_leads_into_no_other_of_that_name(
    desk: Desk, hotel: Hotel, postbox: Postbox
) -> None:
    body(await hotel.admin.api.post("/roles", json=DUTY), 201)
    asked = {"email": f"noor@{hotel.slug}.example", "name": "Noor", "role": "duty"}
    made = body(await hotel.admin.api.post("/invitations", json=asked), 201)
    token = await postbox.token(asked["email"])
    assert (await hotel.admin.api.delete("/roles/duty")).status_code == 204
    body(await hotel.admin.api.post("/roles", json=DUTY | {"permissions": ["guest:read", "guest:erase"]}), 201)
    answer = await desk.anybody.post("/invitations/accept", json={"token": token, "password": "four old kettles"})
    assert refusal(answer, 410) == "link-void"
    [listed] = body(await hotel.admin.api.get("/invitations"))["items"]
    assert (listed["id"], listed["status"]) == (made["id"], "withdrawn")
    body(await hotel.admin.api.post("/invitations", json=asked), 201)


async def test_nobody_withdraws_an_invitation_to_more_than_they_have(hotel: Hotel) -> None:
    body(await hotel.admin.api.post("/roles", json=DUTY), 201)
    deputy = await hotel.member("duty")
    asked = {"email": f"noor@{hotel.slug}.example", "name": "Noor", "role": "admin"}
    made = body(await hotel.admin.api.post("/invitations", json=asked), 201)
    url = f"/invitations/{made['id']}/withdraw"
    assert refusal(await deputy.api.post(url), 403) == "beyond-own-permissions"
    assert body(await hotel.admin.api.post(url))["status"] == "withdrawn"


async def test_a_directory_that_puts_somebody_in_while_they_sign_in_waits_and_locks_nothing_up(
    desk: Desk, hotel: Hotel
) -> None:
    member = await hotel.member("staff")
    rt = desk.app.runtime

    async def put_in() -> None:
        async with rt.db.transaction(hotel.id, platform=True) as tx:
            await set_membership(HotelId(hotel.id), UserId(UUID(str(member.id))), HotelRole.VIEWER, tx)

    async with rt.db.transaction(None, platform=True) as signing_in:
        await signing_in.lock(UserRow, member.id)  # as sessions do, and then the key of the hotel
        task = asyncio.ensure_future(put_in())
        await until_held_up(signing_in)
        await signing_in.execute(text("select from hotels where id = :id for key share"), {"id": hotel.id})
        assert (await signing_in.get(HotelRow, hotel.id)).id == hotel.id
    await task
    assert body(await hotel.admin.api.get(f"/users/{member.id}"))["role"] == "viewer"
