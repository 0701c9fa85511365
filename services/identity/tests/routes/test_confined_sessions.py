"""A session that a hotel's own issuer opened sees and does nothing of the account beyond that hotel."""

from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest
from identity_play import PASSWORD, Desk, Hotel, Json, Person, body, refusal
from oidc_play import Browser, Issuer, connect, running_issuer, someone


@dataclass
class Confined:
    """A member of two hotels, signed in by the issuer of the first, and with the password in both."""

    api: httpx.AsyncClient
    session: Json
    connection: Json
    own: Person
    elsewhere: Json


@pytest.fixture
async def confined(desk: Desk, hotel: Hotel, other_hotel: Hotel, provider: Issuer, browser: Browser) -> Confined:
    """Somebody whom their first hotel's issuer signed in."""
    member = await hotel.member("staff")
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "viewer"}))
    connection = await connect(desk, hotel, provider)
    signed_in = await browser.exchange(await browser.arrive(connection["id"], someone(provider, member.email)))
    session = body(signed_in, 201)
    elsewhere = body(await desk.sign_in(member.email, hotel=other_hotel.slug), 201)
    return Confined(desk.app.client(session["access_token"]), session, connection, member, elsewhere)


async def test_it_sees_its_own_hotel_alone(hotel: Hotel, other_hotel: Hotel, confined: Confined) -> None:
    mine = body(await confined.api.get("/me"))["hotels"]
    assert [item["slug"] for item in mine] == [hotel.slug]
    shown = body(await confined.api.get("/me/sessions"))["items"]
    assert {item["hotel_id"] for item in shown} == {str(hotel.id)}
    assert len(shown) == 2, "the password's there, too"
    whole = body(await confined.own.api.get("/me"))["hotels"]
    assert [item["slug"] for item in whole] == [hotel.slug, other_hotel.slug]
    assert len(body(await confined.own.api.get("/me/sessions"))["items"]) == 3


async def test_it_neither_sees_nor_takes_away_what_opens_the_account_elsewhere(
    desk: Desk, other_hotel: Hotel, provider: Issuer, browser: Browser, confined: Confined
) -> None:
    with running_issuer() as theirs:
        other = await connect(desk, other_hotel, theirs, confirmed=False, domains=[])
        browser.api.headers["authorization"] = f"Bearer {confined.elsewhere['access_token']}"
        link = {"connection_id": other["id"], "current_password": PASSWORD}
        url = body(await browser.api.post("/me/identities", json=link))["url"]
        del browser.api.headers["authorization"]
        browser.issuer = theirs
        assert await browser.come_back(theirs.sign_in(url, someone(theirs, "a@b.example"))) == "oidc_linked=1"
        every = body(await confined.own.api.get("/me/identities"))["items"]
        assert [item["issuer"] for item in every] == [provider.url, theirs.url]
        seen = body(await confined.api.get("/me/identities"))["items"]
        assert [item["issuer"] for item in seen] == [provider.url]
        for identity in every:
            answer = await confined.api.delete(f"/me/identities/{identity['id']}")
            assert refusal(answer, 403) == "session-confined"
        assert body(await confined.own.api.get("/me/identities"))["items"] == every
        await other_hotel.admin.api.delete(f"/oidc-connections/{other['id']}")


async def test_it_ends_no_session_of_another_hotel_one_by_one(desk: Desk, confined: Confined) -> None:
    [there] = [
        item
        for item in body(await confined.own.api.get("/me/sessions"))["items"]
        if item["hotel_id"] == confined.elsewhere["hotel"]["id"]
    ]
    assert refusal(await confined.api.delete(f"/me/sessions/{UUID(there['id'])}"), 404) == "not-found"
    body(await desk.refresh(confined.elsewhere["refresh_token"]))


@pytest.mark.parametrize("which", ["revoke-others", "revoke-all"])
async def test_it_signs_out_everywhere_in_its_hotel(desk: Desk, confined: Confined, which: str) -> None:
    assert (await confined.api.post(f"/me/sessions/{which}")).status_code == 204
    assert await confined.own.is_refused()
    assert refusal(await desk.refresh(confined.own.refresh_token), 401) == "session-over"
    body(await desk.refresh(confined.elsewhere["refresh_token"]))
    api = desk.app.client(confined.elsewhere["access_token"])
    assert (await api.get("/me")).status_code == 200
    mine = await desk.refresh(confined.session["refresh_token"])
    assert mine.status_code == (200 if which == "revoke-others" else 401)
