"""A stolen token opens no more than its session, whatever it was switched to or linked from."""

import pytest
from identity_play import PASSWORD, Desk, Hotel, Person, body, refusal
from oidc_play import Browser, Issuer, connect, domain_of, someone
from sqlalchemy import text

IDENTITIES = text("select count(*) from oidc_identities where user_id = :id")


async def works_in_both(desk: Desk, hotel: Hotel, other_hotel: Hotel) -> Person:
    member = await hotel.member("staff")
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "viewer"}))
    return member


async def test_what_a_thief_switched_to_ends_with_the_token_that_they_stole(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    victim = await works_in_both(desk, hotel, other_hotel)
    phone = await desk.person(victim.email)
    stolen = body(await desk.refresh(victim.refresh_token))
    thief = desk.app.client(stolen["access_token"])
    there = body(await thief.post("/tokens/switch", json={"hotel": other_hotel.slug}), 201)
    again = desk.app.client(there["access_token"])
    back = body(await again.post("/tokens/switch", json={"hotel": hotel.slug}), 201)
    body(await desk.refresh(stolen["refresh_token"]))  # what the victim holds is two generations behind from here on
    assert refusal(await desk.refresh(victim.refresh_token), 401) == "session-over"
    for switched in (there, back):
        assert refusal(await desk.refresh(switched["refresh_token"]), 401) == "session-over"
        api = desk.app.client(switched["access_token"])
        assert await Person(victim.id, victim.email, switched, api, desk).is_refused()
    body(await phone.api.get("/me"))
    body(await desk.refresh(phone.refresh_token))


async def test_a_token_of_where_one_switched_to_that_is_used_twice_ends_the_whole_sign_in(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    victim = await works_in_both(desk, hotel, other_hotel)
    there = body(await victim.api.post("/tokens/switch", json={"hotel": other_hotel.slug}), 201)
    following = body(await desk.refresh(there["refresh_token"]))
    body(await desk.refresh(following["refresh_token"]))
    assert refusal(await desk.refresh(there["refresh_token"]), 401) == "session-over"
    assert refusal(await desk.refresh(victim.refresh_token), 401) == "session-over"


async def test_signing_out_where_one_switched_from_leaves_the_other_hotel_open(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    member = await works_in_both(desk, hotel, other_hotel)
    there = body(await member.api.post("/tokens/switch", json={"hotel": other_hotel.slug}), 201)
    answer = await desk.anybody.post("/tokens/revoke", json={"refresh_token": member.refresh_token})
    assert answer.status_code == 204
    assert body(await desk.refresh(there["refresh_token"]))["hotel"]["id"] == str(other_hotel.id)


async def test_a_session_that_a_hotels_issuer_opened_links_no_sign_in_that_would_lead_out_of_that_hotel(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    own, platforms = await connect(desk, hotel, provider), await connect(desk, None, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    session = body(await browser.exchange(await browser.arrive(own["id"], mia)), 201)
    api = desk.app.client(session["access_token"])
    for connection in (own, platforms):
        answer = await api.post("/me/identities", json={"connection_id": connection["id"]})
        assert refusal(answer, 403) == "session-confined"
    assert (await desk.root.delete(f"/oidc-connections/{platforms['id']}")).status_code == 204


@pytest.mark.parametrize("end", ["everywhere", "here", "switched off", "deleted"])
async def test_a_sign_in_is_linked_only_as_long_as_the_session_that_asked_for_it_goes_on(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser, end: str
) -> None:
    connection = await connect(desk, hotel, provider, confirmed=False, domains=[])
    member, thief = await hotel.member(), someone(provider, "thief@elsewhere.example")
    browser.api.headers["authorization"] = f"Bearer {member.session['access_token']}"
    link = {"connection_id": connection["id"], "current_password": PASSWORD}
    url = body(await browser.api.post("/me/identities", json=link))["url"]
    del browser.api.headers["authorization"]
    ended = {
        "everywhere": lambda: member.api.post("/me/sessions/revoke-all"),
        "here": lambda: desk.anybody.post("/tokens/revoke", json={"refresh_token": member.refresh_token}),
        "switched off": lambda: desk.root.post(f"/users/{member.id}/deactivate"),
        "deleted": lambda: desk.root.delete(f"/users/{member.id}"),
    }
    assert (await ended[end]()).is_success
    assert await browser.come_back(provider.sign_in(url, thief)) == "oidc_error=session-over"
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        assert await tx.scalar(IDENTITIES, {"id": member.id}) == 0
