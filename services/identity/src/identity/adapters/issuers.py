"""OpenID providers at the wire: what they say of themselves, the exchange of a code, and whether an ID token holds.

OpenID Connect Core 1.0 and Discovery 1.0; RFC 9207 for the issuer in the authorisation response. Signatures are PyJWT's
work; the rest is short, and every call goes through `outbound`, which a client library's own HTTP would pass by.
"""

import asyncio
import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
from pydantic import TypeAdapter, ValidationError

from contracts.values import Email
from identity.adapters.outbound import Outbound, Refused, check_url
from identity.domain.oidc import Assertion, IssuerUnavailable, SignInRefused, challenge_of, organisations_in
from servicekit.logging import log

ALGORITHMS = {
    "RS256": "sha256", "RS384": "sha384", "RS512": "sha512", "PS256": "sha256", "PS384": "sha384", "PS512": "sha512",
    "ES256": "sha256", "ES384": "sha384", "ES512": "sha512", "EdDSA": "sha512",
}  # fmt: skip
"""Signatures that are accepted, with the hash that `at_hash` is made with. Nothing symmetric, and never `none`."""
LEEWAY_SECONDS = 60
OLDEST_SECONDS = 15 * 60
"""An ID token of a sign-in that began a moment ago was not issued longer ago than this."""
DISCOVERY_SECONDS, KEYS_SECONDS = 3600.0, 600.0
REFETCH_SECONDS = 10.0
"""An unknown key makes us look again, but not more often than this."""
FAILED_SECONDS = 1.0
"""So long nobody waits for an issuer that has just failed: those who queue behind a slow one would add up."""
MAX_ISSUERS = 1000
SCOPE = "openid email profile"
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_WORD = re.compile(r"[a-z_]{1,60}")


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at an issuer."""

    issuer: str
    client_id: str
    secret: str | None
    organisation_claim: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What an issuer says of itself (Discovery, 3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    secret_in_body: bool
    names_itself: bool
    """Whether its answers carry `iss` (RFC 9207, 3)."""


@dataclass(slots=True)
class _Known:
    metadata: Metadata
    read_at: float
    keys: list[dict[str, Any]] | None = None  # Any: JWKs
    keys_at: float = 0.0
    refetched_at: float = float("-inf")


class Issuers:
    """The issuers that this process has talked to, and what it remembers of them."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._known: dict[str, _Known] = {}
        self._failed: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def authorization_url(
        self, client: Client, *, redirect_uri: str, state: str, nonce: str, verifier: str, fresh: bool = False
    ) -> str:
        """Where the browser goes to sign in; `fresh`: also who has done so there already (Core, 3.1.2.1).

        Raises:
            IssuerUnavailable: the issuer does not say.
        """
        asked = {
            "response_type": "code",
            "client_id": client.client_id,
            "redirect_uri": redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **({"prompt": "login", "max_age": "0"} if fresh else {}),
        }
        endpoint = (await self._issuer(client.issuer)).metadata.authorization_endpoint
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def check_answerer(self, client: Client, named: str | None) -> None:
        """The answer names the issuer that was asked (RFC 9207, 2.4); one that always does so must.

        Raises:
            SignInRefused: it is another's.
            IssuerUnavailable: the issuer does not say whether it would.
        """
        known = await self._issuer(client.issuer)
        if named != client.issuer and (named is not None or known.metadata.names_itself):
            raise _refused("the answer is another issuer's")

    async def assertion(self, client: Client, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> Assertion:
        """Who signed in: the code exchanged, the ID token verified.

        Raises:
            IssuerUnavailable: the issuer does not answer.
            SignInRefused: it answers with an error, or with a token that does not hold.
        """
        known = await self._issuer(client.issuer)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        auth: tuple[str, str] | None = None
        if client.secret is not None and not known.metadata.secret_in_body:
            auth = quote(client.client_id, safe=""), quote(client.secret, safe="")  # RFC 6749, 2.3.1
        else:
            form |= {"client_id": client.client_id} | ({"client_secret": client.secret} if client.secret else {})
        try:
            status, answer = await self._outbound.post_form(known.metadata.token_endpoint, form, auth)
        except Refused as error:
            raise _unavailable(client.issuer, error) from error
        if status >= 500:
            raise _unavailable(client.issuer, f"the token endpoint answered {status}")
        if status != 200 or not isinstance(answer.get("id_token"), str):
            said = str(answer.get("error", ""))
            raise _refused(f"the token endpoint answered {status} {said if _WORD.fullmatch(said) else ''}")
        claims = await self._verified(client, str(answer["id_token"]), nonce, answer.get("access_token"))
        return _assertion(claims, client)

    async def _verified(self, client: Client, token: str, nonce: str, access_token: object) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise _refused("no ID token") from error
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise _refused("signed in a way that is not accepted")
        claims: dict[str, Any] | None = None
        for key in await self._keys(client.issuer, header.get("kid"), algorithm):
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=[algorithm],
                    audience=client.client_id,
                    issuer=client.issuer,
                    leeway=LEEWAY_SECONDS,
                    options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
                )
                break
            except jwt.InvalidSignatureError:
                continue
            except (jwt.PyJWTError, ValueError, TypeError) as error:
                raise _refused(f"ID token: {type(error).__name__}") from error
        if claims is None:
            raise _refused("ID token: no key of the issuer's signed it")
        _check_claims(claims, client, nonce)
        if "at_hash" in claims:
            _check_at_hash(claims["at_hash"], access_token, ALGORITHMS[algorithm])
        return claims

    async def _keys(self, issuer: str, kid: object, algorithm: str) -> list[jwt.PyJWK]:
        """The issuer's keys that may have signed; looked for again where none is known, since keys rotate."""
        known = await self._issuer(issuer)
        async with self._lock(issuer):
            now = time.monotonic()
            if known.keys is None or now - known.keys_at > KEYS_SECONDS:
                await self._read_keys(issuer, known)
            usable = _usable(known.keys or [], kid, algorithm)
            if not usable and now - known.refetched_at > REFETCH_SECONDS:
                known.refetched_at = now
                await self._read_keys(issuer, known)
                usable = _usable(known.keys or [], kid, algorithm)
        return usable

    async def _read_keys(self, issuer: str, known: _Known) -> None:
        try:
            read = (await self._outbound.get_json(known.metadata.jwks_uri)).get("keys")
        except Refused as error:
            raise _unavailable(issuer, error) from error
        listed = read if isinstance(read, list) else []
        known.keys, known.keys_at = [key for key in listed if isinstance(key, dict)][:50], time.monotonic()

    async def _issuer(self, issuer: str) -> _Known:
        async with self._lock(issuer):
            known = self._known.get(issuer)
            if known is None or time.monotonic() - known.read_at > DISCOVERY_SECONDS:
                if time.monotonic() - self._failed.get(issuer, float("-inf")) < FAILED_SECONDS:
                    raise IssuerUnavailable
                if len(self._known) + len(self._failed) >= MAX_ISSUERS:
                    self._known.clear()
                    self._failed.clear()
                try:
                    known = _Known(await self._discovered(issuer), time.monotonic())
                except IssuerUnavailable:
                    self._failed[issuer] = time.monotonic()
                    raise
                self._known[issuer] = known
            return known

    async def _discovered(self, issuer: str) -> Metadata:
        try:
            read = await self._outbound.get_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
            endpoints = _endpoints(read, issuer)
        except Refused as error:
            raise _unavailable(issuer, error) from error
        methods = read.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Metadata(
            *endpoints,
            secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
            names_itself=read.get("authorization_response_iss_parameter_supported") is True,
        )

    def _lock(self, issuer: str) -> asyncio.Lock:
        if len(self._locks) > MAX_ISSUERS:
            self._locks = {name: lock for name, lock in self._locks.items() if lock.locked()}
        return self._locks.setdefault(issuer, asyncio.Lock())


def _endpoints(read: Mapping[str, Any], issuer: str) -> list[str]:  # Any: JSON
    if read.get("issuer") != issuer:  # Discovery, 4.3: another's metadata would make us trust its keys
        raise Refused("is not who it says it is")
    endpoints = [str(read.get(name)) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if any(check_url(endpoint).scheme != check_url(issuer).scheme for endpoint in endpoints):
        raise Refused("names an endpoint of another scheme")
    return endpoints


def _usable(keys: list[dict[str, Any]], kid: object, algorithm: str) -> list[jwt.PyJWK]:  # Any: JWKs
    found: list[jwt.PyJWK] = []
    for key in keys:
        fits = key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
        if not fits or (kid is not None and key.get("kid") != kid):
            continue
        try:
            found.append(jwt.PyJWK(key, algorithm))
        except jwt.PyJWTError:
            continue  # a key of another kind
    return found


def _check_claims(claims: Mapping[str, Any], client: Client, nonce: str) -> None:  # Any: claims
    """What Core, 3.1.3.7 asks for beyond signature, issuer, audience and expiry."""
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if (several or "azp" in claims) and claims.get("azp") != client.client_id:
        raise _refused("ID token: issued to another client")
    if not isinstance(claims["nonce"], str) or not hmac.compare_digest(claims["nonce"].encode(), nonce.encode()):
        raise _refused("ID token: not of this sign-in")
    if not isinstance(claims["iat"], int | float) or time.time() - claims["iat"] > OLDEST_SECONDS:
        raise _refused("ID token: issued long ago")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise _refused("ID token: names nobody")


def _check_at_hash(given: object, access_token: object, algorithm: str) -> None:
    """Core, 3.1.3.6: the left half of the access token's hash."""
    digest = hashlib.new(algorithm, str(access_token).encode()).digest()
    expected = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")
    if not hmac.compare_digest(str(given).encode(), expected):
        raise _refused("ID token: belongs to another access token")


def _assertion(claims: Mapping[str, Any], client: Client) -> Assertion:  # Any: claims
    email: str | None = None
    if claims.get("email_verified") in (True, "true"):  # some issuers write JSON's true as a string
        try:
            email = _EMAIL.validate_python(claims.get("email"))
        except ValidationError:
            email = None
    written = claims.get("name")
    signed_in_at = claims.get("auth_time")
    name = " ".join(written.replace("\x00", "").split())[:200] if isinstance(written, str) else ""
    return Assertion(
        issuer=client.issuer,
        subject=claims["sub"],
        email=email,
        name=name or (email or "").partition("@")[0] or "?",
        organisations=organisations_in(claims, client.organisation_claim),
        signed_in_at=float(signed_in_at) if isinstance(signed_in_at, int | float) else None,
    )


def _unavailable(issuer: str, why: object) -> IssuerUnavailable:
    log.warning("oidc.issuer_unavailable", issuer=issuer, why=str(why))
    return IssuerUnavailable()


def _refused(why: str) -> SignInRefused:
    log.warning("oidc.refused", why=why)
    return SignInRefused()
