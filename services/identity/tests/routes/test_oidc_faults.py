"""Signing in by OpenID Connect where the issuer, or somebody on the way, does wrong: nobody comes in."""

import base64
import json
import time
from collections.abc import AsyncGenerator, Callable
from urllib.parse import parse_qs, unquote, urlsplit

import jwt
import pytest
from identity_play import Clock, Desk, Hotel, Json, body, refusal
from oidc_play import Browser, Issuer, Key, connect, domain_of, running_issuer, someone

from identity.adapters import outbound

REFUSED = "oidc_error=sign-in-refused"
FOREIGN = Key()
UNAVAILABLE = "oidc_error=issuer-unavailable"


def unsigned(claims: Json) -> str:
    return jwt.encode(claims, "", algorithm="none")


def by_a_shared_secret(claims: Json) -> str:
    return jwt.encode(claims, "s:e/c" * 10, algorithm="HS256")


def by_a_foreign_key(claims: Json) -> str:
    return jwt.encode(claims, FOREIGN.private, algorithm="RS256")


WRONG_CLAIMS: dict[str, Callable[[Json], None]] = {
    "another nonce": lambda claims: claims.update(nonce="another"),
    "no nonce": lambda claims: claims.pop("nonce"),
    "another audience": lambda claims: claims.update(aud="somebody-else"),
    "issued to another client": lambda claims: claims.update(aud=[claims["aud"][0], "x"], azp="x"),
    "several audiences, and no word to whom": lambda claims: claims.update(aud=["x", *claims["aud"]]) or claims.pop("azp", 0),
    "expired": lambda claims: claims.update(exp=time.time() - 120),
    "issued tomorrow": lambda claims: claims.update(iat=time.time() + 3600),
    "issued long ago": lambda claims: claims.update(iat=time.time() - 3600),
    "another issuer": lambda claims: claims.update(iss="https://accounts.example"),
    "of another access token": lambda claims: claims.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "nobody": lambda claims: claims.update(sub=""),
}  # fmt: skip


@pytest.fixture
async def connection(desk: Desk, standing_hotel: Hotel, provider: Issuer) -> AsyncGenerator[str]:
    made = await connect(desk, standing_hotel, provider)
    yield made["id"]
    await standing_hotel.admin.api.delete(f"/oidc-connections/{made['id']}")


async def test_an_id_token_that_says_anything_else_than_it_should_is_refused(
    standing_hotel: Hotel, provider: Issuer, browser: Browser, connection: str
) -> None:
    mia = someone(provider, f"mia@{domain_of(standing_hotel)}")
    for what, change in WRONG_CLAIMS.items():
        provider.claims = change
        assert await browser.arrive(connection, mia) == REFUSED, what
    provider.claims = lambda claims: None
    for sign in (unsigned, by_a_shared_secret, by_a_foreign_key):
        provider.sign = sign
        assert await browser.arrive(connection, mia) == REFUSED, sign
    provider.reset()
    assert (await browser.arrive(connection, mia)).startswith("oidc_code="), "and without a fault it holds"


async def test_the_token_endpoints_refusals_sign_nobody_in(
    standing_hotel: Hotel, provider: Issuer, browser: Browser, connection: str
) -> None:
    mia = someone(provider, f"mia@{domain_of(standing_hotel)}")
    for error, said in (
        (("400 Bad Request", {"error": "invalid_grant"}), REFUSED),
        (("200 OK", {"access_token": "x", "token_type": "Bearer"}), REFUSED),
        (("500 Internal Server Error", {}), UNAVAILABLE),
    ):
        provider.token_error = error
        assert await browser.arrive(connection, mia) == said, error
    provider.token_error = None
    back = await browser.back_from(connection, mia)
    assert (await browser.come_back(back)).startswith("oidc_code=")
    assert await browser.come_back(back) == REFUSED, "the issuer takes a code once"


async def test_a_sign_in_that_another_browser_began_is_nobodys(
    desk: Desk, standing_hotel: Hotel, provider: Issuer, browser: Browser, connection: str
) -> None:
    attacker = Browser.new(desk, provider)
    theirs = await attacker.back_from(connection, someone(provider, f"evil@{domain_of(standing_hotel)}"))
    assert refusal(await browser.api.get(theirs), 400) == "bad-state"
    await browser.start(connection)
    assert refusal(await browser.api.get(theirs), 400) == "bad-state", "nor with a cookie of one's own"
    state = parse_qs(urlsplit(theirs).query)["state"][0]
    for changed in (
        "",
        "x",
        state[:-4] + "AAAA",
        base64.urlsafe_b64encode(json.dumps({"connection": connection}).encode()).decode(),
    ):
        assert (
            refusal(await attacker.api.get("/oidc/callback", params={"code": "c", "state": changed}), 400)
            == "bad-state"
        )


async def test_a_sign_in_takes_ten_minutes_at_most(
    desk: Desk, clock: Clock, standing_hotel: Hotel, provider: Issuer, browser: Browser, connection: str
) -> None:
    back = await browser.back_from(connection, someone(provider, f"mia@{domain_of(standing_hotel)}"))
    clock.pass_(601)
    assert refusal(await browser.api.get(back), 400) == "bad-state"


async def test_an_answer_in_another_issuers_name_is_refused(
    standing_hotel: Hotel, provider: Issuer, browser: Browser, connection: str
) -> None:
    mia = someone(provider, f"mia@{domain_of(standing_hotel)}")
    back = await browser.back_from(connection, mia)
    assert await browser.come_back(f"{back}&iss=https%3A%2F%2Fevil.example") == REFUSED
    assert (await browser.come_back(f"{back}&iss={provider.url}")).startswith("oidc_code=")
    denied = await browser.back_from(connection, mia)
    assert await browser.come_back(denied.replace("code=", "error=access_denied&was=")) == REFUSED


async def test_a_key_that_was_rotated_in_between_is_found(
    standing_hotel: Hotel, provider: Issuer, browser: Browser, connection: str
) -> None:
    mia = someone(provider, f"mia@{domain_of(standing_hotel)}")
    assert (await browser.arrive(connection, mia)).startswith("oidc_code=")
    back = await browser.back_from(connection, mia)
    provider.keys = [Key()]
    assert (await browser.come_back(back)).startswith("oidc_code=")
    read = provider.asked.count("/jwks")
    provider.sign = by_a_foreign_key
    known, provider.keys[0].kid = provider.keys[0].kid, "not published"
    assert await browser.arrive(connection, mia) == REFUSED
    assert provider.asked.count("/jwks") == read, "unknown keys do not make us ask again and again"
    provider.keys[0].kid = known


async def test_an_issuer_that_is_away_or_slow_is_a_clear_answer_in_time(
    desk: Desk, standing_hotel: Hotel, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 1.0)
    with running_issuer() as away:
        connection = (await connect(desk, standing_hotel, away))["id"]
        browser.issuer = away
        mia = someone(away, f"mia@{domain_of(standing_hotel)}")
        back = await browser.back_from(connection, mia)
        away.delay_seconds = 3
        began = time.monotonic()
        assert await browser.come_back(back) == UNAVAILABLE
        assert time.monotonic() - began < 2.5
        away.delay_seconds = 0
    assert await browser.come_back(back) == UNAVAILABLE
    other = (await connect(desk, standing_hotel, away))["id"]
    gone = {"issuer": away.url.replace("127.0.0.1", "localhost")}
    body(await standing_hotel.admin.api.patch(f"/oidc-connections/{other}", json=gone))
    assert refusal(await browser.start(other), 503) == "issuer-unavailable"
    for made in (connection, other):
        await standing_hotel.admin.api.delete(f"/oidc-connections/{made}")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://accounts.example"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "https://user@evil.example/"},
        {"jwks_uri": None},
    ],
)
async def test_an_issuer_that_is_not_who_it_says_it_is_sends_nobody_anywhere(
    desk: Desk, standing_hotel: Hotel, browser: Browser, metadata: Json
) -> None:
    with running_issuer() as odd:
        odd.metadata = metadata
        connection = (await connect(desk, standing_hotel, odd))["id"]
        assert refusal(await browser.start(connection), 503) == "issuer-unavailable"
    await standing_hotel.admin.api.delete(f"/oidc-connections/{connection}")


@pytest.mark.parametrize(
    "written",
    [
        "//evil.example",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "%5C%5Cevil.example",
        "/%09/evil.example",
        "/%0D%0ALocation:%20https://evil.example",
        "/%0D%0ASet-Cookie:%20a=b",
        "%20//evil.example",
        "https:evil.example",
        "https:/evil.example",
        "https://evil.example/",
        "HTTPS://DESK.EXAMPLE.evil.example",
        "https://desk.example%40evil.example/",
        "https://desk.example%E3%80%82evil.example",
        "%EF%BC%8F%EF%BC%8Fevil.example",
        "/a%E2%80%A8b",
        "javascript:alert(1)",
        "/x%23oidc_code=another",
    ],
)
async def test_a_sign_in_leads_back_to_the_dashboard_alone(
    standing_hotel: Hotel, browser: Browser, connection: str, written: str
) -> None:
    """As it stands in the address, and in the body that begins to link an identity."""
    started = await browser.api.get(f"/oidc/{connection}/start?return_to={written}")
    assert refusal(started, 422) == "bad-return"
    assert "location" not in started.headers
    assert "set-cookie" not in started.headers
    link = {"connection_id": connection, "return_to": unquote(written)}
    linking = await standing_hotel.admin.api.post("/me/identities", json=link)
    assert refusal(linking, 422) in ("bad-return", "validation")


async def test_a_page_of_the_dashboard_is_led_back_to_as_it_was_written(browser: Browser, connection: str) -> None:
    """The control: what is escaped twice stays a path of the dashboard."""
    assert (await browser.start(connection, "/%2F%2Fevil.example")).status_code == 302


async def test_a_connection_that_is_off_or_gone_signs_nobody_in(
    desk: Desk, standing_hotel: Hotel, provider: Issuer, browser: Browser
) -> None:
    connection = (await connect(desk, standing_hotel, provider))["id"]
    back = await browser.back_from(connection, someone(provider, f"mia@{domain_of(standing_hotel)}"))
    body(await standing_hotel.admin.api.patch(f"/oidc-connections/{connection}", json={"enabled": False}))
    assert await browser.come_back(back) == "oidc_error=not-found"
    assert refusal(await browser.start(connection), 404) == "not-found"
    offered = body(await browser.api.get("/oidc/connections", params={"hotel": standing_hotel.slug}))["items"]
    assert connection not in [offer["id"] for offer in offered]
    assert (await standing_hotel.admin.api.delete(f"/oidc-connections/{connection}")).status_code == 204
