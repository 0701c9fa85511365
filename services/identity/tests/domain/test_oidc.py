"""The rules of sign-in by OpenID Connect: where it leads back to, what a browser proves, whom an issuer vouches for."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from identity.domain.oidc import (
    KNOWN_FOR,
    Assertion,
    BadReturn,
    BadState,
    Begun,
    SignInRefused,
    Trust,
    challenge_of,
    check_begun,
    check_return_to,
    check_signed_in_anew,
    derived,
    hash_of,
    is_proof,
    organisations_in,
)
from identity.domain.sessions import FRESH

ORIGINS = ["https://desk.example", "http://localhost:5173"]
NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "back"),
    [
        ("/", "https://desk.example/"),
        ("/inbox?open=1", "https://desk.example/inbox?open=1"),
        ("/a//b", "https://desk.example/a//b"),
        ("https://desk.example/inbox", "https://desk.example/inbox"),
        ("http://localhost:5173/", "http://localhost:5173/"),
    ],
)
def test_a_sign_in_leads_back_to_the_dashboard(given: str, back: str) -> None:
    assert check_return_to(given, ORIGINS) == back


@pytest.mark.parametrize(
    "given",
    [
        "",
        "inbox",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " https://desk.example/",
        "https://evil.example/",
        "https://desk.example.evil.example/",
        "https://desk.example@evil.example/",
        "https://user:secret@desk.example/",
        "https://desk.example:444/",
        "http://desk.example/",
        "https:desk.example",
        "https:///desk.example",
        "https://desk.example\\@evil.example/",
        "https://[desk.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "//desk.example",
        "/inbox#oidc_code=other",
        "https://dеsk.example/",
        "/\x00",
    ],
)
def test_and_nowhere_else(given: str) -> None:
    with pytest.raises(BadReturn):
        check_return_to(given, ORIGINS)


PIECES = (
    *("/", "\\", "//", "https:", "http:", "javascript:", "evil.example", "desk.example", "https://desk.example"),
    *("@", ":", "#", "?", ".", "..", "%2F", "%5C", "%09", "\t", "\n", "\r", " ", "\x00", "\x85", "\u2028", "。"),
)
EVIL = st.lists(st.sampled_from(PIECES), max_size=7).map("".join)


def where_a_browser_goes(address: str) -> str:
    """The origin that a browser makes of it (WHATWG URL): it drops tabs and line breaks and reads backslashes as slashes."""
    written = address.strip("".join(map(chr, range(33)))).translate({9: None, 10: None, 13: None})
    scheme, _, rest = written.replace("\\", "/").partition(":")
    host = rest.lstrip("/").partition("/")[0].partition("?")[0].partition("#")[0]
    return f"{scheme.lower()}://{host.rpartition('@')[2].lower()}"


@given(EVIL)
@example("//evil.example")
@example("/\\evil.example")
@example("https:evil.example")
@example("https://desk.example\\@evil.example")
@example("https://desk.example.evil.example")
def test_however_it_is_written_a_browser_that_follows_it_stays_at_the_dashboard(given: str) -> None:
    try:
        back = check_return_to(given, ORIGINS)
    except BadReturn:
        return
    assert where_a_browser_goes(back) in ORIGINS
    assert back.isascii()
    assert back.isprintable()


def test_no_origin_with_somebodys_name_in_it_is_led_back_to() -> None:
    with pytest.raises(BadReturn):
        check_return_to("https://desk@evil.example/", ["https://desk@evil.example"])


def test_without_a_dashboard_there_is_no_way_back() -> None:
    with pytest.raises(BadReturn):
        check_return_to("/", [])


def begun(binder: str) -> Begun:
    return Begun("c", "https://desk.example/", hash_of(binder), (NOW + timedelta(minutes=10)).timestamp(), "salt")


def test_what_was_begun_holds_in_its_own_browser_and_for_its_time() -> None:
    check_begun(begun("mine"), "mine", NOW + timedelta(minutes=9))
    for binder, at in (("theirs", NOW), ("mine", NOW + timedelta(minutes=10))):
        with pytest.raises(BadState):
            check_begun(begun("mine"), binder, at)


def test_verifier_and_nonce_are_of_this_sign_in_and_this_browser() -> None:
    values = {derived(binder, state, what) for binder in "ab" for state in "cd" for what in ("nonce", "verifier")}
    assert len(values) == 8
    assert all(len(value) == 43 for value in values)


def test_the_challenge_is_that_of_rfc_7636() -> None:
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge_of("x") == urlsafe_b64encode(hashlib.sha256(b"x").digest()).decode().rstrip("=")


def somebody(email: str | None = "mia@chain.example", *organisations: str) -> Assertion:
    return Assertion("https://login.chain.example", "1", email, "Mia", frozenset(organisations))


def trust(*domains: str, organisations: tuple[str, ...] = (), of_platform: bool = False) -> Trust:
    return Trust(of_platform, frozenset(domains), frozenset(organisations))


def test_a_connection_vouches_for_verified_addresses_of_its_domains() -> None:
    assert trust("chain.example").vouches_for(somebody())
    assert not trust("chain.example").vouches_for(somebody(None)), "not verified"
    assert trust("chain.example").vouches_for(somebody('"mia@home"@chain.example')), "what follows the last @"
    for email in ("mia@other.example", "mia@sub.chain.example", "mia@notchain.example"):
        assert not trust("chain.example").vouches_for(somebody(email))


def test_every_domain_is_the_platforms_alone() -> None:
    assert trust("*", of_platform=True).vouches_for(somebody())
    assert not trust("*").vouches_for(somebody())


def test_members_come_by_organisation_where_one_is_named_and_by_domain_where_none_is() -> None:
    by_group = trust("chain.example", organisations=("front-office",))
    assert by_group.admits(somebody("mia@chain.example", "kitchen", "front-office"))
    assert not by_group.admits(somebody("mia@chain.example", "kitchen"))
    assert trust("chain.example").admits(somebody())
    assert not trust("chain.example").admits(somebody("mia@other.example"))
    assert trust(of_platform=True, organisations=("org_1",)).admits(somebody()), "its hotel was found already"


def test_a_hotels_connection_opens_no_account_of_the_platforms_people() -> None:
    assert not trust("chain.example").opens(superadmin=True)
    assert trust("chain.example").opens(superadmin=False)
    assert trust("chain.example", of_platform=True).opens(superadmin=True)


@pytest.mark.parametrize(
    ("claims", "path", "found"),
    [
        ({"org_id": "org_1"}, "org_id", {"org_1"}),
        ({"o": {"id": "org_1"}}, "o.id", {"org_1"}),
        ({"groups": ["a", "b", 3, ""]}, "groups", {"a", "b"}),
        ({"groups": ["a" * 200, "a" * 201]}, "groups", {"a" * 200}),
        ({"o": "text"}, "o.id", set()),
        ({}, "hd", set()),
    ],
)
def test_organisations_are_read_from_the_claim(claims: dict[str, object], path: str, found: set[str]) -> None:
    assert organisations_in(claims, path) == found


def test_an_issuer_that_says_when_must_have_asked_just_now() -> None:
    def anew(ago: timedelta | None) -> None:
        at = None if ago is None else (NOW - ago).timestamp()
        check_signed_in_anew(Assertion("https://login.example", "1", None, "Mia", frozenset(), signed_in_at=at), NOW)

    anew(None)
    anew(timedelta(0))
    anew(FRESH)
    with pytest.raises(SignInRefused):
        anew(FRESH + timedelta(seconds=1))


def test_an_identity_stands_for_the_owner_from_the_accounts_first_moment_or_after_a_day() -> None:
    made = NOW - timedelta(days=30)
    assert is_proof(made, made, made)
    assert is_proof(made - timedelta(hours=1), made, made)
    assert is_proof(NOW - KNOWN_FOR, made, NOW)
    assert not is_proof(NOW - KNOWN_FOR + timedelta(seconds=1), made, NOW)
    assert not is_proof(NOW, made, NOW)
