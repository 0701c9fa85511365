"""An invitation stands as long as whoever sent it might send it."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import httpx
import pytest
from identity_play import PASSWORD, Desk, Hotel, Json, Person, body, refusal
from mail_play import Postbox
from sqlalchemy import text

Undo = Callable[[Desk, Hotel, Person], Awaitable[object]]


async def sent_by(sender: httpx.AsyncClient, postbox: Postbox, role: str = "admin", to: str = "") -> tuple[Json, str]:
    """An invitation, and the token of its mail."""
    email = f"{secrets.token_hex(4)}@new.example"
    someone = {"email": email, "name": "Noor", "role": role}
    made = body(await sender.post(to or "/invitations", json=someone), 201)
    return made, await postbox.token(email)


async def accept(desk: Desk, token: str) -> httpx.Response:
    return await desk.anybody.post("/invitations/accept", json={"token": token, "password": PASSWORD})


async def shown(hotel: Hotel, made: Json) -> str:
    """How the hotel's admins see it, wherever they look."""
    listed = body(await hotel.admin.api.get("/invitations"))["items"]
    [status] = [item["status"] for item in listed if item["id"] == made["id"]]
    for state in ("open", "expired", "unbacked", "accepted", "withdrawn"):
        page = body(await hotel.admin.api.get("/invitations", params={"status": state}))["items"]
        assert (made["id"] in [item["id"] for item in page]) == (state == status), state
        assert {item["status"] for item in page} <= {state}
    return status


async def removed(desk: Desk, hotel: Hotel, sender: Person) -> None:
    body(await hotel.admin.api.post(f"/users/{sender.id}/deactivate"))


async def demoted(desk: Desk, hotel: Hotel, sender: Person) -> None:
    body(await hotel.admin.api.post(f"/users/{sender.id}/role", json={"role": "viewer"}))


async def switched_off(desk: Desk, hotel: Hotel, sender: Person) -> None:
    body(await desk.root.post(f"/users/{sender.id}/deactivate"))


async def deleted(desk: Desk, hotel: Hotel, sender: Person) -> None:
    assert (await sender.api.post("/me/delete", json={"current_password": PASSWORD})).status_code == 204


@pytest.mark.parametrize("undo", [removed, demoted, switched_off, deleted])
async def test_an_invitation_falls_with_the_rights_of_whoever_sent_it_until_somebody_else_sends_it_again(
    desk: Desk, hotel: Hotel, postbox: Postbox, undo: Undo
) -> None:
    sender = await hotel.member("admin")
    made, token = await sent_by(sender.api, postbox)
    assert await shown(hotel, made) == "open"
    await undo(desk, hotel, sender)
    assert refusal(await desk.anybody.post("/invitations/show", json={"token": token}), 410) == "invitation-unbacked"
    assert refusal(await accept(desk, token), 410) == "invitation-unbacked"
    assert refusal(await desk.sign_in(made["email"]), 401) == "bad-credentials", "nobody came of it"
    assert await shown(hotel, made) == "unbacked"

    again = body(await hotel.admin.api.post(f"/invitations/{made['id']}/resend"))
    assert (again["status"], again["invited_by"]) == ("open", str(hotel.admin.id))
    assert refusal(await accept(desk, token), 410) == "link-void"
    assert body(await accept(desk, await postbox.token(made["email"], 2)), 201)["role"] == "admin"
    assert await shown(hotel, made) == "accepted"


async def test_it_stands_again_with_its_senders_rights(desk: Desk, hotel: Hotel, postbox: Postbox) -> None:
    sender = await hotel.member("admin")
    made, token = await sent_by(sender.api, postbox)
    await demoted(desk, hotel, sender)
    assert refusal(await accept(desk, token), 410) == "invitation-unbacked"
    body(await hotel.admin.api.post(f"/users/{sender.id}/role", json={"role": "admin"}))
    assert await shown(hotel, made) == "open"
    body(await accept(desk, token), 201)


async def test_whoever_may_still_give_that_role_stands_for_it_in_a_smaller_one(
    desk: Desk, hotel: Hotel, postbox: Postbox
) -> None:
    name = f"host{secrets.token_hex(3)}"
    narrow = {"name": name, "display_name": "Host", "permissions": ["user:write", "guest:read"]}
    body(await hotel.admin.api.post("/roles", json=narrow), 201)
    greeter = f"greet{secrets.token_hex(3)}"
    body(
        await hotel.admin.api.post(
            "/roles", json={"name": greeter, "display_name": "Greeter", "permissions": ["guest:read"]}
        ),
        201,
    )
    sender = await hotel.member("admin")
    (as_admin, refused), (as_greeter, good) = (
        await sent_by(sender.api, postbox),
        await sent_by(sender.api, postbox, role=greeter),
    )
    body(await hotel.admin.api.post(f"/users/{sender.id}/role", json={"role": name}))
    assert (await shown(hotel, as_admin), await shown(hotel, as_greeter)) == ("unbacked", "open")
    assert refusal(await accept(desk, refused), 410) == "invitation-unbacked"
    body(await hotel.admin.api.patch(f"/roles/{name}", json={"permissions": ["guest:read"]}))
    assert refusal(await accept(desk, good), 410) == "invitation-unbacked", "they may invite nobody any more"
    body(await hotel.admin.api.patch(f"/roles/{name}", json={"permissions": ["user:write", "guest:read"]}))
    body(await hotel.admin.api.patch(f"/roles/{greeter}", json={"permissions": ["guest:read", "guest:write"]}))
    assert refusal(await accept(desk, good), 410) == "invitation-unbacked", "the role grew beyond them"


async def test_what_the_platforms_people_sent_stands_while_they_are(desk: Desk, hotel: Hotel, postbox: Postbox) -> None:
    made, token = await sent_by(desk.root, postbox, to=f"/hotels/{hotel.id}/invitations")
    root = body(await desk.root.get("/me"))["user"]["id"]
    assert await shown(hotel, made) == "open"
    await set_superadmin(desk, root, on=False)
    try:
        assert await shown(hotel, made) == "unbacked"
        assert refusal(await accept(desk, token), 410) == "invitation-unbacked"
    finally:
        await set_superadmin(desk, root, on=True)
    body(await accept(desk, token), 201)


@pytest.mark.parametrize("why", ["its sender is gone", "it ran out"])
async def test_a_hotels_first_admin_is_invited_anew_where_the_first_invitation_opens_nothing_any_more(
    desk: Desk, hotel: Hotel, postbox: Postbox, why: str
) -> None:
    """The hotel has nobody who could send it again, and the platform's people do so from no hotel."""
    to = f"/hotels/{hotel.id}/invitations"
    made, former = await sent_by(desk.root, postbox, to=to)
    someone = {"email": made["email"], "name": "Noor", "role": "admin"}
    assert refusal(await desk.root.post(to, json=someone), 409) == "already-invited", "it stands"
    await make_void(desk, hotel, made, why)
    again = body(await desk.root.post(to, json=someone), 201)
    assert (again["status"], await shown(hotel, made)) == ("open", "withdrawn")
    assert refusal(await accept(desk, former), 410) == "link-void"
    assert body(await accept(desk, await postbox.token(made["email"], 2)), 201)["role"] == "admin"


async def test_nobody_takes_back_a_void_invitation_into_more_than_they_have(
    desk: Desk, hotel: Hotel, postbox: Postbox
) -> None:
    narrow = {"name": "greets", "display_name": "Greets", "permissions": ["user:read", "user:write"]}
    body(await hotel.admin.api.post("/roles", json=narrow), 201)
    made, _ = await sent_by(hotel.admin.api, postbox)
    greeter = await hotel.member("greets")
    await make_void(desk, hotel, made, "it ran out")
    someone = {"email": made["email"], "name": "Noor", "role": "greets"}
    assert refusal(await greeter.api.post("/invitations", json=someone), 403) == "beyond-own-permissions"
    assert await shown(hotel, made) == "expired"


async def make_void(desk: Desk, hotel: Hotel, made: Json, why: str) -> None:
    change = {
        "its sender is gone": "update invitations set invited_by = gen_random_uuid() where id = :id",
        "it ran out": "update invitations set expires_at = now() - interval '1 minute' where id = :id",
    }
    async with desk.app.runtime.db.transaction(hotel.id) as tx:
        await tx.execute(text(change[why]), {"id": made["id"]})


async def test_of_a_demotion_and_an_acceptance_at_once_the_later_one_sees_the_former(
    desk: Desk, hotel: Hotel, postbox: Postbox
) -> None:
    sender = await hotel.member("admin")
    made, token = await sent_by(sender.api, postbox)
    demotion = text("update memberships set role = 'viewer' where hotel_id = :hotel_id and user_id = :id")
    held = text("select from hotels where id = :hotel_id for no key update")
    async with desk.app.runtime.db.transaction(hotel.id) as tx:
        await tx.execute(held, {"hotel_id": hotel.id})
        accepting = asyncio.create_task(accept(desk, token))
        await asyncio.sleep(1)
        assert not accepting.done(), "it waits for whoever changes people of this hotel"
        await tx.execute(demotion, {"hotel_id": hotel.id, "id": sender.id})
    assert refusal(await accepting, 410) == "invitation-unbacked"
    assert await shown(hotel, made) == "unbacked"


async def set_superadmin(desk: Desk, user_id: str, *, on: bool) -> None:
    """Make somebody one of the platform's people, or no longer one."""
    async with desk.app.runtime.db.transaction(None, platform=True) as tx:
        await tx.execute(text("update users set superadmin = :on where id = :id"), {"on": on, "id": user_id})
