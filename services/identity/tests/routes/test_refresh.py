"""Staying signed in: refresh tokens are used once, two tabs may do so at once, and of two who hold one the second to go on
ends the session."""

import asyncio
from datetime import timedelta

from identity_play import Clock, Desk, Hotel, body, claims_of, refusal

from contracts.events import SessionRevoked
from identity.accounts import account_scope
from identity.tables import RefreshTokenRow


async def test_a_refresh_gives_new_tokens_of_the_same_session(desk: Desk, hotel: Hotel) -> None:
    following = body(await desk.refresh(hotel.admin.refresh_token))
    assert following["refresh_token"] != hotel.admin.refresh_token
    assert claims_of(following["access_token"])["sid"] == hotel.admin.claims["sid"]
    body(await desk.app.client(following["access_token"]).get("/me"))
    body(await desk.refresh(following["refresh_token"]))


async def test_two_tabs_that_refresh_at_the_same_moment_stay_signed_in(desk: Desk, hotel: Hotel) -> None:
    answers = await asyncio.gather(*(desk.refresh(hotel.admin.refresh_token) for _ in range(2)))
    first, kept = [body(answer) for answer in answers]
    assert first["refresh_token"] != kept["refresh_token"]
    body(await desk.app.client(first["access_token"]).get("/me"))
    body(await desk.refresh(kept["refresh_token"]))
    assert await desk.app.events(SessionRevoked, 0, hotel_id=hotel.id) == []


async def test_an_answer_that_got_lost_can_be_asked_for_again_within_seconds(desk: Desk, clock: Clock) -> None:
    admin = (await desk.hotel()).admin
    body(await desk.refresh(admin.refresh_token))
    clock.pass_(10)
    following = body(await desk.refresh(admin.refresh_token))
    clock.pass_(60)
    body(await desk.refresh(following["refresh_token"]))


async def test_a_token_that_comes_again_later_ends_the_session_for_both_who_hold_it(desk: Desk, clock: Clock) -> None:
    """Whichever of the two was first: thief and browser look the same from here."""
    hotel = await desk.hotel()
    stolen, elsewhere = hotel.admin.refresh_token, await desk.person(hotel.admin.email)
    following = body(await desk.refresh(stolen))
    clock.pass_(10.1)
    assert refusal(await desk.refresh(stolen), 401) == "session-over"
    assert refusal(await desk.refresh(following["refresh_token"]), 401) == "session-over"
    revoked = await desk.app.events(SessionRevoked, hotel_id=hotel.id)
    assert [str(event.sid) for event in revoked] == [hotel.admin.claims["sid"]]
    assert await hotel.admin.is_refused()
    body(await elsewhere.api.get("/me"))
    body(await desk.refresh(elsewhere.refresh_token))


async def test_thief_and_browser_at_the_same_moment_are_found_when_the_second_goes_on(desk: Desk, hotel: Hotel) -> None:
    answers = await asyncio.gather(*(desk.refresh(hotel.admin.refresh_token) for _ in range(2)))
    one, other = [body(answer) for answer in answers]
    third = body(await desk.refresh(one["refresh_token"]))
    assert refusal(await desk.refresh(other["refresh_token"]), 401) == "session-over"
    assert refusal(await desk.refresh(third["refresh_token"]), 401) == "session-over"
    assert await hotel.admin.is_refused()


async def test_once_somebody_went_on_the_former_token_ends_the_session_within_the_seconds_too(
    desk: Desk, hotel: Hotel
) -> None:
    following = body(await desk.refresh(hotel.admin.refresh_token))
    body(await desk.refresh(following["refresh_token"]))
    assert refusal(await desk.refresh(hotel.admin.refresh_token), 401) == "session-over"


async def test_the_former_releases_tokens_are_good_for_one_use(desk: Desk, hotel: Hotel) -> None:
    token = hotel.admin.refresh_token
    following = body(await desk.refresh(token))["refresh_token"]
    async with desk.app.runtime.db.transaction(None) as tx, account_scope(tx, hotel.admin.id):
        row = await tx.get(RefreshTokenRow, RefreshTokenRow.hash_of(following))
        row.generation = None
    body(await desk.refresh(following))
    assert refusal(await desk.refresh(following), 401) == "session-over"


async def test_an_expired_or_unknown_refresh_token_is_refused_and_ends_nothing(desk: Desk, hotel: Hotel) -> None:
    token = hotel.admin.refresh_token
    async with desk.app.runtime.db.transaction(None) as tx, account_scope(tx, hotel.admin.id):
        row = await tx.get(RefreshTokenRow, RefreshTokenRow.hash_of(token))
        row.expires_at = tx.now - timedelta(seconds=1)
    assert refusal(await desk.refresh(token), 401) == "session-over"
    assert refusal(await desk.refresh("fdr_" + "x" * 43), 401) == "session-over"
    body(await hotel.admin.api.get("/me"))


async def test_a_new_role_arrives_with_the_next_refresh(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member("viewer")
    body(await hotel.admin.api.post(f"/users/{member.id}/role", json={"role": "staff"}))
    following = body(await desk.refresh(member.refresh_token))
    assert claims_of(following["access_token"])["role"] == "staff"
    assert "message:send" in following["scopes"]


async def test_who_left_the_hotel_cannot_refresh(desk: Desk, hotel: Hotel) -> None:
    member = await hotel.member()
    body(await hotel.admin.api.post(f"/users/{member.id}/deactivate"))
    assert refusal(await desk.refresh(member.refresh_token), 401) == "session-over"
    body(await hotel.admin.api.post(f"/users/{member.id}/activate"))
    assert refusal(await desk.refresh(member.refresh_token), 401) == "session-over"
    body(await desk.sign_in(member.email), 201)


async def test_a_suspended_hotels_sessions_wait(desk: Desk, hotel: Hotel) -> None:
    body(await desk.root.post(f"/hotels/{hotel.id}/deactivate"))
    assert refusal(await desk.refresh(hotel.admin.refresh_token), 403) == "hotel-suspended"
    body(await desk.root.post(f"/hotels/{hotel.id}/activate"))
    body(await desk.refresh(hotel.admin.refresh_token))
