"""Signing in by OpenID Connect, with a real provider on the wire: who comes in, into which hotel, in which role."""

import secrets

from identity_play import PASSWORD, Clock, Desk, Hotel, body, claims_of, refusal, with_app
from oidc_play import Browser, Issuer, connect, domain_of, someone
from sqlalchemy import text

from identity.jobs import forget_old_sessions


async def test_whoever_the_hotels_issuer_vouches_for_joins_as_they_sign_in(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider, default_role="staff")
    mia = someone(provider, f"Mia@{domain_of(hotel).upper()}")
    session = body(await browser.exchange(await browser.arrive(connection["id"], mia)), 201)
    assert session["user"] == {"id": session["user"]["id"], "name": "Mia Moser", "email": f"mia@{domain_of(hotel)}"}
    assert (session["hotel"]["id"], session["role"]) == (str(hotel.id), "staff")
    assert claims_of(session["access_token"])["hotel_id"] == str(hotel.id)
    assert provider.secrets == [f"{provider.client_id}:s%3Ae%2Fc"], "the secret as RFC 6749, 2.3.1 writes it"
    again = body(await desk.refresh(session["refresh_token"]))
    assert again["user"] == session["user"]


async def test_signing_in_again_changes_no_role(desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    first = body(await browser.exchange(await browser.arrive(connection["id"], mia)), 201)
    body(await hotel.admin.api.post(f"/users/{first['user']['id']}/role", json={"role": "admin"}))
    second = body(await browser.exchange(await browser.arrive(connection["id"], mia)), 201)
    assert (first["role"], second["role"]) == ("viewer", "admin")
    assert second["user"]["id"] == first["user"]["id"]


async def test_an_account_that_exists_is_found_by_an_address_that_the_issuer_verified(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    member = await hotel.member("staff")
    unverified = someone(provider, member.email, email_verified=False)
    assert await browser.arrive(connection["id"], unverified) == "oidc_error=not-admitted"
    session = body(await browser.exchange(await browser.arrive(connection["id"], someone(provider, member.email))), 201)
    assert (session["user"]["id"], session["role"]) == (str(member.id), "staff")


async def test_another_hotels_issuer_opens_no_account_by_asserting_its_address(
    desk: Desk, hotel: Hotel, other_hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    theirs = domain_of(hotel)
    unconfirmed = await connect(desk, other_hotel, provider, confirmed=False, domains=[theirs])
    confirmed = await connect(desk, other_hotel, provider)
    for connection in (unconfirmed, confirmed):
        for email in (hotel.admin.email, f"new@{theirs}"):
            assert await browser.arrive(connection["id"], someone(provider, email)) == "oidc_error=not-admitted"
    assert len(body(await other_hotel.admin.api.get("/users"))["items"]) == 1
    invited = {"email": hotel.admin.email, "name": "Ada", "password": PASSWORD, "role": "viewer"}
    body(await other_hotel.admin.api.post("/users", json=invited), 201)
    for connection in (unconfirmed, confirmed):
        said = await browser.arrive(connection["id"], someone(provider, hotel.admin.email))
        assert said == "oidc_error=not-admitted", "nor of somebody whom that hotel made a member"


async def test_a_hotels_issuer_never_opens_an_account_of_the_platforms_people(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider, domains=["platform.example"])
    root = someone(provider, "root@platform.example")
    assert await browser.arrive(connection["id"], root) == "oidc_error=not-admitted"


async def test_whoever_was_removed_does_not_come_back_by_signing_in(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    user = body(await browser.exchange(await browser.arrive(connection["id"], mia)), 201)["user"]
    body(await hotel.admin.api.post(f"/users/{user['id']}/deactivate"))
    assert await browser.arrive(connection["id"], mia) == "oidc_error=not-admitted"


async def test_only_people_of_the_named_organisations_become_members(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider, organisation_claim="groups", organisations=["front-office"])
    kitchen = someone(provider, f"k@{domain_of(hotel)}", groups=["kitchen"])
    desk_clerk = someone(provider, f"d@{domain_of(hotel)}", groups=["kitchen", "front-office"])
    assert await browser.arrive(connection["id"], kitchen) == "oidc_error=not-admitted"
    assert body(await browser.exchange(await browser.arrive(connection["id"], desk_clerk)), 201)["role"] == "viewer"


async def test_by_the_platforms_issuer_people_come_into_the_hotel_of_their_organisation(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, None, provider, domains=["*"], organisation_claim="o.id", default_role="staff")
    organisation = f"org_{secrets.token_hex(4)}"
    await link_organisation(desk, hotel, organisation)
    mia = someone(provider, f"mia.{secrets.token_hex(4)}@mail.example", o={"id": organisation})
    session = body(await browser.exchange(await browser.arrive(connection["id"], mia)), 201)
    assert (session["hotel"]["id"], session["role"]) == (str(hotel.id), "staff")
    nobody = someone(provider, f"n.{secrets.token_hex(4)}@mail.example", o={"id": "org_of_nobody"})
    assert await browser.arrive(connection["id"], nobody) == "oidc_error=not-admitted"
    answer = await desk.root.delete(f"/oidc-connections/{connection['id']}")
    assert answer.status_code == 204


async def link_organisation(desk: Desk, hotel: Hotel, organisation: str) -> None:
    async with desk.app.runtime.db.transaction(hotel.id) as tx:
        await tx.execute(
            text("update hotels set clerk_organisation_id = :o where id = :id"), {"o": organisation, "id": hotel.id}
        )


async def test_the_second_factor_is_asked_for_before_the_code_is_used_up(
    desk: Desk, clock: Clock, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    member = await hotel.member("staff")
    app = await with_app(member, clock)
    said = await browser.arrive(connection["id"], someone(provider, member.email))
    assert refusal(await browser.exchange(said), 401) == "second-factor-required"
    assert refusal(await browser.exchange(said, second_factor=app.wrong_code()), 401) == "bad-second-factor"
    clock.pass_(90)
    body(await browser.exchange(said, second_factor=app.code()), 201)
    assert refusal(await browser.exchange(said, second_factor=app.code(1)), 401) == "bad-code"


async def test_a_one_time_code_opens_once_within_a_minute_and_in_its_own_browser(
    desk: Desk, clock: Clock, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    said = await browser.arrive(connection["id"], mia)
    stranger = Browser.new(desk, provider)
    assert refusal(await stranger.exchange(said), 401) == "bad-code"
    await stranger.start(connection["id"])
    assert refusal(await stranger.exchange(said), 401) == "bad-code"
    body(await browser.exchange(said), 201)
    assert refusal(await browser.exchange(said), 401) == "bad-code"
    late = await browser.arrive(connection["id"], mia)
    clock.pass_(60)
    assert refusal(await browser.exchange(late), 401) == "bad-code"
    await forget_old_sessions(desk.app.runtime)
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        assert await tx.scalar(text("select count(*) from oidc_codes where hotel_id = :id"), {"id": hotel.id}) == 0


async def test_a_suspended_hotel_takes_nobody_in(desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    said = await browser.arrive(connection["id"], mia)
    body(await desk.root.post(f"/hotels/{hotel.id}/deactivate"))
    assert refusal(await browser.exchange(said), 403) == "hotel-suspended"
    newcomer = someone(provider, f"new@{domain_of(hotel)}")
    assert await browser.arrive(connection["id"], newcomer) == "oidc_error=hotel-suspended"


async def test_one_links_and_unlinks_ones_own_sign_ins(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider, confirmed=False, domains=[])
    member, elsewhere = (
        await hotel.member("staff"),
        someone(provider, "private@elsewhere.example", email_verified=False),
    )
    browser.api.headers["authorization"] = f"Bearer {member.session['access_token']}"
    command = {"connection_id": connection["id"], "return_to": "/account", "current_password": PASSWORD}
    url = body(await browser.api.post("/me/identities", json=command))["url"]
    assert await browser.come_back(provider.sign_in(url, elsewhere)) == "oidc_linked=1"
    [identity] = body(await member.api.get("/me/identities"))["items"]
    assert identity["issuer"] == provider.url
    del browser.api.headers["authorization"]
    session = body(await browser.exchange(await browser.arrive(connection["id"], elsewhere)), 201)
    assert session["user"]["id"] == str(member.id)
    assert refusal(await hotel.admin.api.delete(f"/me/identities/{identity['id']}"), 404) == "not-found"
    assert (await member.api.delete(f"/me/identities/{identity['id']}")).status_code == 204
    assert await browser.arrive(connection["id"], elsewhere) == "oidc_error=not-admitted"


async def test_a_sign_in_that_is_somebody_elses_is_not_linked(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    body(await browser.exchange(await browser.arrive(connection["id"], mia)), 201)
    browser.api.headers["authorization"] = f"Bearer {hotel.admin.session['access_token']}"
    link = {"connection_id": connection["id"], "current_password": PASSWORD}
    url = body(await browser.api.post("/me/identities", json=link))["url"]
    assert await browser.come_back(provider.sign_in(url, mia)) == "oidc_error=identity-taken"


async def test_a_session_that_a_hotels_issuer_opened_stays_in_that_hotel_and_the_platforms_does_not(
    desk: Desk, hotel: Hotel, other_hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    own = await connect(desk, hotel, provider)
    mia = someone(provider, f"mia@{domain_of(hotel)}")
    session = body(await browser.exchange(await browser.arrive(own["id"], mia)), 201)
    elsewhere = f"/hotels/{other_hotel.id}/users/{session['user']['id']}"
    body(await desk.root.put(elsewhere, json={"role": "viewer"}))
    following = body(await desk.refresh(session["refresh_token"]))
    for token in (session["access_token"], following["access_token"]):
        answer = await desk.app.client(token).post("/tokens/switch", json={"hotel": other_hotel.slug})
        assert refusal(answer, 403) == "session-confined"
    platforms = await connect(desk, None, provider)
    session = body(await browser.exchange(await browser.arrive(platforms["id"], mia)), 201)
    answer = await desk.app.client(session["access_token"]).post("/tokens/switch", json={"hotel": other_hotel.slug})
    assert body(answer, 201)["hotel"]["slug"] == other_hotel.slug
    assert (await desk.root.delete(f"/oidc-connections/{platforms['id']}")).status_code == 204
