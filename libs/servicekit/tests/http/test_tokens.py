"""Tokens: what holds, what does not, and what happens while identity is away or changes its keys."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contracts.actor import ActorKind, ActorRef
from contracts.errors import Unauthenticated
from contracts.ids import HotelId
from servicekit.auth import JwksCache, TokenVerifier
from servicekit.denylist import DenyList
from servicekit.problems import Unavailable
from servicekit.testing import RunningService, TokenIssuer, eventually


def part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def claims(**changes: Any) -> dict[str, Any]:
    now = time.time()
    whole = {
        "iss": "frontdesk-identity", "aud": "frontdesk", "sub": str(uuid4()), "scopes": ["conversation:read"],
        "hotel_id": str(uuid4()), "iat": now, "exp": now + 60,
    }  # fmt: skip
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def forged(issuer: TokenIssuer) -> dict[str, str]:
    """Everything that somebody might try."""
    other = ec.generate_private_key(ec.SECP256R1())
    public = issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = {"alg": "HS256", "typ": "JWT", "kid": issuer.kid}
    body = f"{part(head)}.{part(claims())}"
    import hashlib
    import hmac

    mac = urlsafe_b64encode(hmac.new(public, body.encode(), hashlib.sha256).digest()).decode().rstrip("=")
    good = issuer.sign(claims())
    return {
        "not a token": "nonsense",
        "empty parts": "..",
        "no signature wanted": f"{part({'alg': 'none', 'kid': issuer.kid})}.{part(claims())}.",
        "our public key as a shared secret": f"{body}.{mac}",
        "another key under our id": jwt.encode(claims(), other, algorithm="ES256", headers={"kid": issuer.kid}),
        "changed after signing": ".".join(
            [good.split(".")[0], part(claims(scopes=["hotel:create"])), good.split(".")[2]]
        ),
        "cut off": good[:-4],
        "no key id": jwt.encode(claims(), issuer.key, algorithm="ES256"),
        "expired": issuer.sign(claims(exp=time.time() - 60)),
        "from the future": issuer.sign(claims(iat=time.time() + 600, exp=time.time() + 900)),
        "for another audience": issuer.sign(claims(aud="escalation")),
        "of another issuer": issuer.sign(claims(iss="somebody-else")),
        "without an end": issuer.sign(claims(exp=None)),
        "without a beginning": issuer.sign(claims(iat=None)),
        "without an audience": issuer.sign(claims(aud=None)),
        "without an issuer": issuer.sign(claims(iss=None)),
        "without a subject": issuer.sign(claims(sub=None)),
        "a subject that is no id": issuer.sign(claims(sub="root")),
        "a kind there is not": issuer.sign(claims(kind="god")),
        "scopes that are no list": issuer.sign(claims(scopes="conversation:read")),
        "an endless one": "a" * 9000,
        "not ASCII": "ä.ö.ü",
    }


async def test_a_token_that_does_not_hold_is_a_401_that_says_bearer(desk: RunningService, issuer: TokenIssuer) -> None:
    client = desk.client()
    for what, token in forged(issuer).items():
        answer = await client.get("/notes", headers=[(b"Authorization", f"Bearer {token}".encode())])
        assert answer.status_code == 401, what
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"', what
        assert answer.json()["type"] == "urn:frontdesk:problem:unauthenticated", what
        assert token[:20] not in answer.text or len(token) < 10, what


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic YTpi", "Token x"])
async def test_without_a_token_one_is_asked_for(desk: RunningService, header: str | None) -> None:
    answer = await desk.client().get("/notes", headers={"Authorization": header} if header is not None else {})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_permission_that_the_token_lacks_is_a_403(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    viewer = desk.client(issuer.token(hotel_id=hotel, role="viewer"))
    assert (await viewer.get("/notes")).status_code == 200
    refused = await viewer.post("/notes", json={"text": "x"})
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:frontdesk:problem:missing-permission"
    assert refused.json()["detail"] == "this needs conversation:write"


async def test_the_role_alone_allows_nothing(desk: RunningService, issuer: TokenIssuer, hotel: HotelId) -> None:
    token = issuer.token(hotel_id=hotel, role="admin", scopes=[])
    assert (await desk.client(token).get("/notes")).status_code == 403


async def test_one_hotels_notes_are_not_seen_by_another(desk: RunningService, issuer: TokenIssuer) -> None:
    ours, theirs = (desk.client(issuer.token(hotel_id=uuid4())) for _ in range(2))
    note = (await ours.post("/notes", json={"text": "ours"})).json()
    assert (await theirs.get(f"/notes/{note['id']}")).status_code == 404
    assert (await theirs.get("/notes")).json()["items"] == []


async def test_a_token_without_a_hotel_reaches_no_hotels_rows(desk: RunningService, issuer: TokenIssuer) -> None:
    answer = await desk.client(issuer.token(role="superadmin")).get("/notes")
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:frontdesk:problem:no-hotel"


async def test_the_platforms_people_see_all_hotels_and_nobody_else_does(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId, staff: str
) -> None:
    await desk.client(staff).post("/notes", json={"text": "x"})
    root = desk.client(issuer.token(role="superadmin"))
    assert str(hotel) in (await root.get("/platform/notes")).json()
    pretender = issuer.token(hotel_id=hotel, role="admin", scopes=["hotel:create"])
    assert (await desk.client(pretender).get("/platform/notes")).status_code == 403


async def test_a_hotel_in_the_path_is_the_callers_own_or_not_found(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId, staff: str
) -> None:
    client, root = desk.client(staff), desk.client(issuer.token(role="superadmin"))
    assert (await client.post(f"/hotels/{hotel}/notes", json={"text": "x"})).status_code == 201
    assert (await client.post(f"/hotels/{uuid4()}/notes", json={"text": "x"})).status_code == 404
    assert (await root.post(f"/hotels/{hotel}/notes", json={"text": "from above"})).status_code == 201
    assert len((await client.get("/notes")).json()["items"]) == 2


async def test_a_service_calls_with_its_own_token_for_us_and_not_for_others(
    desk: RunningService, issuer: TokenIssuer, hotel: HotelId
) -> None:
    act = ActorRef(kind=ActorKind.USER, id=uuid4())
    scopes = ["conversation:read"]
    ours = issuer.service_token("gateway", "desk", hotel_id=hotel, scopes=scopes, act=act)
    assert (await desk.client(ours).get("/notes")).status_code == 200
    actor = await desk.runtime.tokens.verify(ours)
    assert (actor.kind, actor.subject, actor.act, actor.id) == (ActorKind.SERVICE, "gateway", act, None)
    assert (await desk.client(ours).get("/me")).status_code == 403
    others = issuer.service_token("gateway", "escalation", hotel_id=hotel, scopes=scopes)
    assert (await desk.client(others).get("/notes")).status_code == 401


async def test_guests_reach_what_is_theirs_and_nothing_else(desk: RunningService, hotel: HotelId, staff: str) -> None:
    guest = desk.client(f"guest.{hotel}.{uuid4()}")
    assert (await guest.get("/widget")).json() == f"guest of {hotel}"
    assert (await guest.get("/notes")).status_code == 403
    assert (await guest.get("/me")).status_code == 403
    assert (await desk.client(f"guest.bad.{uuid4()}").get("/widget")).status_code == 401
    assert (await desk.client(staff).get("/widget")).status_code == 403


async def test_a_public_route_takes_a_token_or_none_but_not_a_bad_one(desk: RunningService, staff: str) -> None:
    assert (await desk.client().get("/whoever")).json() == "nobody"
    assert (await desk.client(staff).get("/whoever")).json().startswith("user:")
    assert (await desk.client("nonsense").get("/whoever")).status_code == 401


class Identity:
    """A verifier on the issuer's keys, with intervals short enough for a test."""

    def __init__(self, url: str, **times: float) -> None:
        self.client = httpx.AsyncClient(verify=False, trust_env=False)
        self.keys = JwksCache(url + "/jwks.json", self.client, **times)
        self.tokens = TokenVerifier(
            self.keys, DenyList(), issuer="frontdesk-identity", audiences=frozenset({"frontdesk"})
        )


@pytest.fixture
def own_issuer():
    made = TokenIssuer()
    yield made
    made.stop()


async def test_a_new_key_is_fetched_when_a_token_names_it(own_issuer: TokenIssuer) -> None:
    identity = Identity(own_issuer.url, min_interval_seconds=0)
    await identity.tokens.verify(own_issuer.sign(claims()))
    own_issuer.rotate()
    await identity.tokens.verify(own_issuer.sign(claims()))
    assert own_issuer.fetched == 2
    await identity.tokens.verify(own_issuer.sign(claims()))
    assert own_issuer.fetched == 2


async def test_made_up_key_ids_do_not_flood_identity(own_issuer: TokenIssuer) -> None:
    identity = Identity(own_issuer.url, min_interval_seconds=60)
    await identity.tokens.verify(own_issuer.sign(claims()))
    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await identity.tokens.verify(own_issuer.sign(claims(), kid=uuid4().hex))
    assert own_issuer.fetched == 1


async def test_known_keys_go_on_working_while_identity_is_away(own_issuer: TokenIssuer) -> None:
    identity = Identity(own_issuer.url, fresh_seconds=0, min_interval_seconds=0)
    await identity.tokens.verify(own_issuer.sign(claims()))
    own_issuer.healthy = False
    await identity.tokens.verify(own_issuer.sign(claims()))
    own_issuer.stop()
    await identity.tokens.verify(own_issuer.sign(claims()))


async def test_a_withdrawn_key_stops_counting(own_issuer: TokenIssuer) -> None:
    identity = Identity(own_issuer.url, fresh_seconds=0, min_interval_seconds=0)
    old = own_issuer.sign(claims())
    await identity.tokens.verify(old)
    another = own_issuer.sign(claims())
    own_issuer.rotate()
    with pytest.raises(Unauthenticated):
        await identity.tokens.verify(another)


async def test_a_token_seen_before_its_key_was_withdrawn_does_not_hold_on_until_it_expires(
    own_issuer: TokenIssuer,
) -> None:
    identity = Identity(own_issuer.url, fresh_seconds=0.2, min_interval_seconds=0)
    forged_with_a_stolen_key = own_issuer.sign(claims(exp=time.time() + 10 * 365 * 86_400))
    await identity.tokens.verify(forged_with_a_stolen_key)
    own_issuer.rotate()

    async def refused() -> bool:
        try:
            await identity.tokens.verify(forged_with_a_stolen_key)
        except Unauthenticated:
            return True
        return False

    await eventually(refused, timeout=5)


async def test_no_keys_at_all_is_a_503_and_heals_by_itself(own_issuer: TokenIssuer) -> None:
    identity = Identity(own_issuer.url, min_interval_seconds=0)
    own_issuer.healthy = False
    token = own_issuer.sign(claims())
    with pytest.raises(Unavailable):
        await identity.tokens.verify(token)
    own_issuer.healthy = True
    assert (await identity.tokens.verify(token)).may("conversation:read")


async def test_a_token_that_has_just_expired_is_told_the_same_twice(own_issuer: TokenIssuer) -> None:
    identity = Identity(own_issuer.url)
    token = own_issuer.sign(claims(exp=time.time() - 0.2))  # by this machine's clock; by identity's it may still hold
    assert await identity.tokens.verify(token) == await identity.tokens.verify(token)


async def test_a_remembered_token_still_expires(own_issuer: TokenIssuer) -> None:
    from datetime import UTC, datetime, timedelta

    identity = Identity(own_issuer.url)
    later = datetime.now(UTC)
    tokens = TokenVerifier(
        identity.keys, DenyList(), issuer="frontdesk-identity", audiences=frozenset({"frontdesk"}), clock=lambda: later
    )
    token = own_issuer.sign(claims())
    await tokens.verify(token)
    later += timedelta(minutes=2)
    with pytest.raises(Unauthenticated, match="expired"):
        await tokens.verify(token)
