"""Linking a sign-in at an issuer takes more than a session: what is linked opens the account when the session is long over."""

import time

from identity_play import PASSWORD, Clock, Desk, Hotel, Json, body, refusal, with_app
from oidc_play import Browser, Issuer, connect, domain_of, someone
from sqlalchemy import text

LINKED = text("select count(*) from oidc_identities where user_id = :id")


async def linked(desk: Desk, user_id: object) -> int:
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        return int(await tx.scalar(LINKED, {"id": user_id}))


async def test_a_thief_of_a_session_links_no_sign_in_of_their_own(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider, confirmed=False, domains=[])
    victim = await hotel.member()
    browser.api.headers["authorization"] = f"Bearer {victim.session['access_token']}"
    link = {"connection_id": connection["id"]}
    without = await browser.api.post("/me/identities", json=link)
    assert refusal(without, 403) == "fresh-sign-in-needed"
    assert "set-cookie" not in without.headers
    wrong = await browser.api.post("/me/identities", json=link | {"current_password": "a guess of the thief's"})
    assert refusal(wrong, 422) == "wrong-password"
    assert await linked(desk, victim.id) == 0


async def test_the_second_factor_is_asked_for_and_wrong_codes_are_counted(
    desk: Desk, clock: Clock, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = await connect(desk, hotel, provider, confirmed=False, domains=[])
    member = await hotel.member()
    app = await with_app(member, clock)
    clock.pass_(60)
    link: Json = {"connection_id": connection["id"], "current_password": PASSWORD}
    assert refusal(await member.api.post("/me/identities", json=link), 422) == "wrong-second-factor"
    for _ in range(5):
        wrong = await member.api.post("/me/identities", json=link | {"second_factor": app.wrong_code()})
        assert refusal(wrong, 422) == "wrong-second-factor"
    locked = await member.api.post("/me/identities", json=link | {"second_factor": app.code()})
    assert refusal(locked, 429) == "second-factor-locked"
    clock.pass_(60)
    begun = body(await member.api.post("/me/identities", json=link | {"second_factor": app.code()}))
    assert begun["url"].startswith(provider.url)


async def test_whoever_has_no_password_links_after_signing_in_anew(
    desk: Desk, hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    platforms = await connect(desk, None, provider, domains=["*"], organisation_claim="o.id")
    own = await connect(desk, hotel, provider, confirmed=False, domains=[])
    organisation = f"org_{hotel.slug}".replace("-", "_")
    async with desk.app.runtime.db.transaction(hotel.id) as tx:
        linking = text("update hotels set clerk_organisation_id = :o where id = :id")
        await tx.execute(linking, {"o": organisation, "id": hotel.id})
    mia = someone(provider, f"mia@{domain_of(hotel)}", o={"id": organisation})
    provider.claims = lambda claims: claims.update(auth_time=int(time.time()))
    for fresh in (False, True):
        session = body(await browser.exchange(await browser.arrive(platforms["id"], mia, fresh=fresh)), 201)
        browser.api.headers["authorization"] = f"Bearer {session['access_token']}"
        answer = await browser.api.post("/me/identities", json={"connection_id": own["id"]})
        del browser.api.headers["authorization"]
        if not fresh:
            assert refusal(answer, 403) == "fresh-sign-in-needed"
    another = someone(provider, "mia@elsewhere.example", email_verified=False)
    assert await browser.come_back(provider.sign_in(body(answer)["url"], another)) == "oidc_linked=1"
    assert await linked(desk, session["user"]["id"]) == 2
    assert (await desk.root.delete(f"/oidc-connections/{platforms['id']}")).status_code == 204
