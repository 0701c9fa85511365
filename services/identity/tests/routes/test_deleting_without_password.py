"""The end of an account whose owner never had a password: a fresh sign-in at the issuer stands in for it."""

import time
from urllib.parse import parse_qs, urlsplit

import httpx
from identity_play import PASSWORD, Clock, Desk, Hotel, Json, Person, body, refusal, with_app
from oidc_play import Browser, Issuer, connect, domain_of, someone
from sqlalchemy import text

from identity.domain.sessions import FRESH


async def signed_in(browser: Browser, connection: Json, subject: str, *, fresh: bool = False) -> Json:
    """The session that comes of going to the issuer and back."""
    return body(await browser.exchange(await browser.arrive(connection["id"], subject, fresh=fresh)), 201)


async def delete(desk: Desk, session: Json) -> httpx.Response:
    return await desk.app.client(session["access_token"]).post("/me/delete", json={})


async def a_day_later(desk: Desk, person: Person) -> None:
    """Their identities were linked a day earlier than they were."""
    earlier = text("update oidc_identities set linked_at = linked_at - interval '1 day' where user_id = :id")
    async with desk.app.runtime.db.transaction(None, platform=True) as tx:
        await tx.execute(earlier, {"id": person.id})


def tells_no_time(claims: Json) -> None:
    """As issuers do that have no `auth_time`."""
    del claims["auth_time"]


async def test_whoever_has_no_password_deletes_their_account_after_signing_in_anew(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    session = await signed_in(browser, connection, mia)
    assert refusal(await delete(desk, session), 403) == "fresh-sign-in-needed"
    asked = parse_qs(urlsplit((await browser.start(connection["id"], fresh=True)).headers["location"]).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    provider.claims = lambda claims: claims.update(auth_time=int(time.time()))
    anew = await signed_in(browser, connection, mia, fresh=True)
    assert refusal(await delete(desk, session), 403) == "fresh-sign-in-needed", "another session of theirs, unattended"
    assert (await delete(desk, anew)).status_code == 204
    listed = body(await hotel.admin.api.get(f"/users/{anew['user']['id']}"))
    assert listed["status"] == "deleted"
    assert refusal(await desk.refresh(session["refresh_token"]), 401) == "session-over"


async def test_a_fresh_sign_in_is_fresh_for_ten_minutes(
    desk: Desk, clock: Clock, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    session = await signed_in(browser, connection, someone(provider, f"mia@{domain_of(hotel)}"), fresh=True)
    clock.pass_(FRESH.total_seconds() + 1)
    assert refusal(await delete(desk, session), 403) == "fresh-sign-in-needed"
    clock.pass_(-1)
    assert (await delete(desk, session)).status_code == 204


async def test_an_issuer_that_lets_somebody_pass_on_an_older_sign_in_proves_nothing(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    provider.claims = lambda claims: claims.update(auth_time=int(time.time()) - 3600)
    assert await browser.arrive(connection["id"], mia, fresh=True) == "oidc_error=sign-in-refused"
    await signed_in(browser, connection, mia)


async def test_one_hotels_issuer_does_not_delete_who_works_for_another_too(
    desk: Desk, hotel: Hotel, other_hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    session = await signed_in(browser, connection, mia, fresh=True)
    elsewhere = f"/hotels/{other_hotel.id}/users/{session['user']['id']}"
    body(await desk.root.put(elsewhere, json={"role": "viewer"}))
    assert refusal(await delete(desk, session), 403) == "session-confined"
    platforms = await connect(desk, None, provider)
    whole = await signed_in(browser, platforms, mia, fresh=True)
    there = await desk.app.client(whole["access_token"]).post("/tokens/switch", json={"hotel": other_hotel.slug})
    assert (await delete(desk, body(there, 201))).status_code == 204, "the proof goes along to the other hotel"
    assert (await desk.root.delete(f"/oidc-connections/{platforms['id']}")).status_code == 204


async def test_a_sign_in_that_was_linked_today_proves_nothing(
    desk: Desk, clock: Clock, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider, confirmed=False, domains=[])
    member = await hotel.member("staff")
    thief = someone(provider, "thief@elsewhere.example", email_verified=False)
    clock.pass_(60)
    browser.api.headers["authorization"] = f"Bearer {member.session['access_token']}"
    link = {"connection_id": connection["id"], "current_password": PASSWORD}
    url = body(await browser.api.post("/me/identities", json=link))["url"]
    assert await browser.come_back(provider.sign_in(url, thief)) == "oidc_linked=1"
    del browser.api.headers["authorization"]
    assert refusal(await delete(desk, await signed_in(browser, connection, thief, fresh=True)), 403) == (
        "fresh-sign-in-needed"
    )
    await a_day_later(desk, member)
    session = await signed_in(browser, connection, thief, fresh=True)
    assert (await delete(desk, session)).status_code == 204, "a day later it is taken for the owner's"


async def test_a_fresh_sign_in_does_not_stand_in_for_the_second_factor(
    desk: Desk, clock: Clock, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    member = await hotel.member()
    subject = someone(provider, member.email)
    await signed_in(browser, connection, subject)
    app = await with_app(member, clock)
    await a_day_later(desk, member)
    clock.pass_(60)
    provider.claims = tells_no_time
    said = await browser.arrive(connection["id"], subject, fresh=True)
    session = body(await browser.exchange(said, second_factor=app.code()), 201)
    assert refusal(await delete(desk, session), 422) == "wrong-second-factor"
    clock.pass_(60)
    api = desk.app.client(session["access_token"])
    assert (await api.post("/me/delete", json={"second_factor": app.code()})).status_code == 204
