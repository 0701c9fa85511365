"""The end of an account against whatever else happens at that moment, and where it finds no hotel that could be asked."""

import asyncio

import pytest
from identity_play import PASSWORD, Desk, Hotel, body, refusal, until_held_up
from sqlalchemy import text

from contracts.actor import ActorKind
from contracts.ids import HotelId, UserId
from identity.commands.preferences import SetPreferences, set_preferences
from identity.domain.members import AccountDeleted
from identity.tables import MembershipRow
from servicekit import Actor

ME = {"current_password": PASSWORD}
_PLACES = text("select count(*) from sessions where user_id = :id and num_nonnulls(browser, system, network) > 0")


async def test_where_and_with_what_somebody_signed_in_is_forgotten_with_their_account(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    desk.anybody.headers["user-agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    body(await desk.sign_in(member.email), 201)
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        assert await tx.scalar(_PLACES, {"id": member.id}) > 0
    assert (await member.api.post("/me/delete", json=ME)).status_code == 204
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        assert await tx.scalar(_PLACES, {"id": member.id}) == 0


async def test_the_last_admin_of_a_deleted_hotel_may_go(desk: Desk, hotel: Hotel, other_hotel: Hotel) -> None:
    admin, second = hotel.admin, await desk.hotel()
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{admin.id}", json={"role": "viewer"}))
    assert refusal(await desk.root.delete(f"/users/{admin.id}"), 409) == "last-admin"
    body(await desk.root.delete(f"/hotels/{hotel.id}"))
    body(await desk.root.delete(f"/hotels/{second.id}"))
    there = await desk.person(admin.email, hotel=other_hotel.slug)
    assert (await there.api.post("/me/delete", json=ME)).status_code == 204
    body(await desk.root.post(f"/users/{second.admin.id}/deactivate"))
    body(await desk.root.post(f"/hotels/{hotel.id}/restore"))
    asked = {"email": "next@admin.example", "name": "Next", "role": "admin"}
    body(await desk.root.post(f"/hotels/{hotel.id}/invitations", json=asked), 201)


async def test_an_account_that_is_switched_off_and_joins_a_hotel_while_it_is_deleted_works_nowhere(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    member = await hotel.member(name="Wilma Weg")
    body(await desk.root.post(f"/users/{member.id}/deactivate"))
    async with desk.app.runtime.db.transaction(other_hotel.id) as tx:
        tx.add(MembershipRow(user_id=member.id, display_name="Wilma Weg", role="staff", changed_at=tx.now))
        await tx.flush()
        going = asyncio.ensure_future(desk.root.delete(f"/users/{member.id}"))
        await until_held_up(tx)
    assert refusal(await going, 409) == "conflict"
    assert (await desk.root.delete(f"/users/{member.id}")).status_code == 204
    left = body(await other_hotel.admin.api.get(f"/users/{member.id}"))
    assert (left["name"], left["status"]) == ("", "deleted")


async def test_nothing_is_kept_for_an_account_that_was_deleted_a_moment_ago(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    assert (await member.api.post("/me/delete", json=ME)).status_code == 204
    actor = Actor(
        kind=ActorKind.USER, id=member.id, hotel_id=HotelId(hotel.id), subject=str(member.id)
    )  # until it is refused
    async with desk.app.runtime.db.transaction(hotel.id, actor=actor) as tx:
        with pytest.raises(AccountDeleted):
            await set_preferences(UserId(member.id), SetPreferences(language="de"), None, tx)
