"""What somebody might put into a token's header, claims or signature, one by one. Nothing of it holds, and nothing that a
token says of where its key is to be found is looked at."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm

from contracts.errors import Unauthenticated
from servicekit.auth import MAX_TOKEN_BYTES, JwksCache, TokenVerifier
from servicekit.denylist import DenyList
from servicekit.testing import TokenIssuer

Json = dict[str, Any]  # Any: JSON
Forge = Callable[[TokenIssuer], str]
STRANGERS = ec.generate_private_key(ec.SECP256R1())
ELSEWHERE = "http://127.0.0.1:9/keys.json"
"""The discard port: whoever asked there would fail, and take its time."""


def claims(**changes: Any) -> Json:  # Any: JSON
    now = time.time()
    whole = {
        "iss": "frontdesk-identity", "aud": "frontdesk", "sub": str(uuid4()), "scopes": ["conversation:read"],
        "hotel_id": str(uuid4()), "iat": now, "exp": now + 60,
    }  # fmt: skip
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def public_jwk() -> Json:
    return json.loads(ECAlgorithm.to_jwk(STRANGERS.public_key()))


def by_strangers(**headers: Any) -> str:  # Any: JSON
    return jwt.encode(claims(), STRANGERS, algorithm="ES256", headers=headers)


def hmac_with_the_public_key(issuer: TokenIssuer, form: PublicFormat, encoding: Encoding) -> str:
    shared = issuer.key.public_key().public_bytes(encoding, form)
    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': issuer.kid})}.{part(claims())}"
    mac = hmac.new(shared, body.encode(), hashlib.sha256).digest()
    return f"{body}.{urlsafe_b64encode(mac).decode().rstrip('=')}"


def signed(issuer: TokenIssuer, body: Json) -> str:
    """Any claims, truly signed, also such as our library would not write."""
    return jwt.PyJWS().encode(json.dumps(body).encode(), issuer.key, algorithm="ES256", headers={"kid": issuer.kid})


def with_parts_of(issuer: TokenIssuer, head: Json | None = None, body: Json | None = None) -> str:
    """A good token with another header or other claims, and the signature it had."""
    first, second, signature = issuer.sign(claims()).split(".")
    return f"{part(head) if head else first}.{part(body) if body else second}.{signature}"


FORGED: dict[str, Forge] = {
    "alg none": lambda own: f"{part({'alg': 'none', 'kid': own.kid})}.{part(claims())}.",
    "alg NoNe": lambda own: f"{part({'alg': 'NoNe', 'kid': own.kid})}.{part(claims())}.",
    "alg none over a true signature": lambda own: with_parts_of(own, {"alg": "none", "kid": own.kid}),
    "no alg": lambda own: with_parts_of(own, {"kid": own.kid}),
    "no signature": lambda own: own.sign(claims()).rpartition(".")[0] + ".",
    "HMAC with our public key, PEM": lambda own: hmac_with_the_public_key(
        own, PublicFormat.SubjectPublicKeyInfo, Encoding.PEM
    ),
    "HMAC with our public key, DER": lambda own: hmac_with_the_public_key(
        own, PublicFormat.SubjectPublicKeyInfo, Encoding.DER
    ),
    "HMAC with our public key, its point": lambda own: hmac_with_the_public_key(
        own, PublicFormat.UncompressedPoint, Encoding.X962
    ),
    "RSA under our key id": lambda own: jwt.encode(
        claims(), rsa.generate_private_key(65537, 2048), algorithm="RS256", headers={"kid": own.kid}
    ),
    "a stranger's key under our key id": lambda own: by_strangers(kid=own.kid),
    "an unknown key id": lambda _: by_strangers(kid="nobody's"),
    "a key id that is no text": lambda own: with_parts_of(own, {"alg": "ES256", "kid": 7}),
    "a key id that is a path": lambda _: by_strangers(kid="../../dev/null"),
    "a stranger's key in jwk": lambda own: by_strangers(kid=own.kid, jwk=public_jwk()),
    "a stranger's key in jku": lambda _: by_strangers(kid="theirs", jku=ELSEWHERE),
    "a stranger's key in x5u": lambda _: by_strangers(kid="theirs", x5u=ELSEWHERE),
    "a stranger's key in x5c": lambda own: by_strangers(kid=own.kid, x5c=["AAAA"]),
    "crit that nobody understands": lambda own: jwt.encode(
        claims(), own.key, algorithm="ES256", headers={"kid": own.kid, "crit": ["own"], "own": 1}
    ),
    "crit with b64": lambda own: with_parts_of(own, {"alg": "ES256", "kid": own.kid, "crit": ["b64"], "b64": False}),
    "crit that is empty": lambda own: jwt.encode(
        claims(), own.key, algorithm="ES256", headers={"kid": own.kid, "crit": []}
    ),
    "tampered claims": lambda own: with_parts_of(own, body=claims(scopes=["hotel:create"])),
    "a tampered header": lambda own: with_parts_of(own, {"alg": "ES256", "kid": own.kid, "typ": "JWT", "x": 1}),
    "a zero signature": lambda own: own.sign(claims()).rpartition(".")[0] + "." + "A" * 86,
    "a signature as DER": lambda own: own.sign(claims()).rpartition(".")[0] + "." + "MEUC" * 24,
    "the audience of another service": lambda own: own.sign(claims(aud="escalation")),
    "audiences of which none is ours": lambda own: own.sign(claims(aud=["escalation", "x"])),
    "no audience": lambda own: own.sign(claims(aud=None)),
    "another issuer": lambda own: own.sign(claims(iss="frontdesk-identity.example")),
    "issuers in a list": lambda own: signed(own, claims(iss=["frontdesk-identity"])),
    "expired": lambda own: own.sign(claims(exp=time.time() - 6)),
    "not yet valid": lambda own: own.sign(claims(nbf=time.time() + 60)),
    "issued in the future": lambda own: own.sign(claims(iat=time.time() + 60)),
    "no exp": lambda own: own.sign(claims(exp=None)),
    "exp that is no number": lambda own: own.sign(claims(exp="tomorrow")),
    "exp without end": lambda own: own.sign(claims(exp=float("inf"))),
    "exp that is not a number": lambda own: own.sign(claims(exp=float("nan"))),
    "exp beyond all calendars": lambda own: own.sign(claims(exp=10**30)),
    "no iat": lambda own: own.sign(claims(iat=None)),
    "no sub": lambda own: own.sign(claims(sub=None)),
    "a sub that is no text": lambda own: own.sign(claims(sub=7)),
    "an API key without an id": lambda own: own.sign(claims(kind="api_key", sub="bookings")),
    "an actor that is nobody": lambda own: own.sign(claims(act={"sub": str(uuid4())})),
    "claims that are a list": lambda own: f"{own.sign(claims()).split('.')[0]}.{part([1])}.{'A' * 86}",
    "a header that is a list": lambda own: f"{part([1])}.{part(claims())}.{'A' * 86}",
    "four parts": lambda own: own.sign(claims()) + ".AAAA",
    "a huge one": lambda own: own.sign(claims(scopes=["x" * MAX_TOKEN_BYTES])),
    "a deep one": lambda own: f"{urlsafe_b64encode(b'[' * 3000).decode().rstrip('=')}.{part(claims())}.{'A' * 86}",
    "a deep one under our key": lambda own: jwt.PyJWS().encode(
        b"[" * 3000, own.key, algorithm="ES256", headers={"kid": own.kid}
    ),
    "half a character in the header": lambda own: "\ud800" + own.sign(claims()),
    "half a character in the claims": lambda own: own.sign(claims()).replace(".", ".\ud800", 1),
    "a header padded with what base64 skips": lambda own: "!!!!" + own.sign(claims()),
    "lines": lambda own: own.sign(claims()).replace(".", ".\n"),
}


@pytest.fixture(scope="module")
def verifier(issuer: TokenIssuer) -> TokenVerifier:
    """What every service verifies with (`servicekit.startup`)."""
    keys = JwksCache(f"{issuer.url}/jwks.json", httpx.AsyncClient(trust_env=False))
    return TokenVerifier(
        keys, DenyList(), issuer="frontdesk-identity", audiences=frozenset({"frontdesk", "conversation"})
    )


async def test_the_control_holds(verifier: TokenVerifier, issuer: TokenIssuer) -> None:
    for token in (issuer.sign(claims()), issuer.sign(claims(aud="conversation")), issuer.sign(claims(), typ="at+jwt")):
        assert (await verifier.verify(token)).may("conversation:read")


@pytest.mark.parametrize("what", FORGED)
async def test_a_forged_token_does_not_hold(verifier: TokenVerifier, issuer: TokenIssuer, what: str) -> None:
    token = FORGED[what](issuer)
    for _ in range(2):  # what was refused once is not remembered as good
        with pytest.raises(Unauthenticated):
            await verifier.verify(token)


async def test_a_token_leads_to_no_other_place_for_keys(issuer: TokenIssuer) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json=issuer.jwks() if request.url.host == "identity" else {"keys": [public_jwk()]})

    keys = JwksCache(
        "http://identity/jwks.json", httpx.AsyncClient(transport=httpx.MockTransport(answer)), min_interval_seconds=0
    )
    tokens = TokenVerifier(keys, DenyList(), issuer="frontdesk-identity", audiences=frozenset({"frontdesk"}))
    for header in ({"jku": "http://strangers/keys"}, {"x5u": "http://strangers/keys"}, {"jwk": public_jwk()}):
        with pytest.raises(Unauthenticated):
            await tokens.verify(by_strangers(kid="theirs", **header))
        own = jwt.encode(claims(), issuer.key, algorithm="ES256", headers={"kid": issuer.kid, **header})
        await tokens.verify(own)  # ignored, not believed
    assert set(asked) == {"http://identity/jwks.json"}
