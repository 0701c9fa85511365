"""Access tokens (RFC 9068 in spirit): ES256 only, checked offline against identity's keys, remembered by hash for a while."""

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import jwt
from jwt.algorithms import ECAlgorithm
from jwt.types import Options
from pydantic import ValidationError
from starlette.websockets import WebSocket

from contracts.actor import ActorKind, ActorRef
from contracts.errors import Unauthenticated
from contracts.ids import ApiKeyId, HotelId, SessionId
from servicekit.access import (
    Access,
    AccessKind,
    Admit,
    RouteAccess,
    RouteWithoutPermission,
    current_actor,
    first_frame,
    guest,
    guest_first_frame,
    may,
    maybe_actor,
    public,
    remember,
    route_permissions,
    signed_in,
)
from servicekit.actor import Actor
from servicekit.clock import Clock, utc_now
from servicekit.denylist import DenyList
from servicekit.logging import log
from servicekit.metrics import counter
from servicekit.problems import Unavailable
from servicekit.runtime import Runtime

__all__ = [
    "Access",
    "AccessKind",
    "Actor",
    "Admit",
    "JwksCache",
    "RouteAccess",
    "RouteWithoutPermission",
    "TokenVerifier",
    "authenticate_websocket",
    "current_actor",
    "first_frame",
    "guest",
    "guest_first_frame",
    "may",
    "maybe_actor",
    "public",
    "route_permissions",
    "signed_in",
    "signed_with",
]

ALGORITHM = "ES256"
USER_AUDIENCE = "frontdesk"
API_KEY = "api_key"
"""The `kind` of tokens that API keys are exchanged for."""
_CHECKS = counter("token_checks_total", "Tokens by how they were told: remembered, checked, refused", "outcome")
_REMEMBERED = _CHECKS.labels("remembered")
MAX_TOKEN_BYTES = 8192
LEEWAY_SECONDS = 5
"""How far the clocks of two machines may be apart."""
_LEEWAY = timedelta(seconds=LEEWAY_SECONDS)
_OPTIONS: Options = {"require": ["exp", "iat", "iss", "aud", "sub"], "verify_iat": True}


class JwksCache:
    """Identity's public keys by `kid`. Keeps what it knows while identity is away.

    Args:
        url: the JWKS document.
        fresh_seconds: after that long the keys are fetched again, so that a key that is no longer published stops counting;
            of one that was withdrawn the deny list knows within seconds.
        min_interval_seconds: made-up key ids cannot make us ask more often than that.
    """

    def __init__(
        self, url: str, client: httpx.AsyncClient, *, fresh_seconds: float = 300, min_interval_seconds: float = 5
    ) -> None:
        self._url = url
        self._client = client
        self.fresh_seconds = fresh_seconds
        self._min_interval_seconds = min_interval_seconds
        self._keys: dict[str, Any] = {}  # Any: cryptography's key classes, used by PyJWT alone
        self._fetched_at = self._tried_at = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> Any:  # Any: cryptography's key classes, used by PyJWT alone
        """The key of that id.

        Raises:
            Unauthenticated: identity has no such key.
            Unavailable: no keys could be fetched yet.
        """
        if kid not in self._keys or time.monotonic() - self._fetched_at > self.fresh_seconds:
            await self._refresh(kid)
        if kid in self._keys:
            return self._keys[kid]
        if not self._keys:
            raise Unavailable(
                "sign-in keys could not be fetched", retry_after_seconds=max(1, int(self._min_interval_seconds))
            )
        raise Unauthenticated("the token is signed with a key we do not know")

    async def _refresh(self, kid: str) -> None:
        async with self._lock:
            now = time.monotonic()
            fresh = kid in self._keys and now - self._fetched_at <= self.fresh_seconds
            if fresh or now - self._tried_at < (
                self._min_interval_seconds if self._keys else min(1.0, self._min_interval_seconds)
            ):
                return
            self._tried_at = now
            try:
                response = await self._client.get(self._url)
                response.raise_for_status()
                self._keys = _keys_of(response.json())
                self._fetched_at = now
            except (httpx.HTTPError, ValueError) as error:
                log.warning("jwks.fetch_failed", error=type(error).__name__, known=len(self._keys))


def _keys_of(document: object) -> dict[str, Any]:  # Any: cryptography's key classes
    listed: object = document.get("keys") if isinstance(document, dict) else None  # pyright: ignore[reportUnknownVariableType]  # any JSON
    if not isinstance(listed, list):
        raise ValueError("not a JWKS document")  # noqa: TRY004 - about what came, not about our types
    keys: dict[str, Any] = {}
    for entry in listed:  # pyright: ignore[reportUnknownVariableType]  # any JSON
        if not isinstance(entry, dict) or entry.get("kty") != "EC" or entry.get("crv") != "P-256":
            continue
        if entry.get("use", "sig") == "sig" and isinstance(entry.get("kid"), str):  # pyright: ignore[reportUnknownMemberType]  # any JSON
            try:
                keys[entry["kid"]] = ECAlgorithm.from_jwk(entry)  # pyright: ignore[reportUnknownArgumentType]  # any JSON
            except jwt.InvalidKeyError:
                log.warning("jwks.bad_key")
    return keys


class TokenVerifier:
    """Says who a token is, or that it does not hold.

    A signature is checked once, in at most 150 us (`bench sign-in`), and remembered by the token's SHA-256 until the token
    expires, or until the keys are due to be fetched again: what is signed with a key that is gone must not go on. The deny
    list is asked every time, also for keys that were withdrawn.
    """

    def __init__(
        self,
        keys: JwksCache,
        deny: DenyList,
        *,
        issuer: str,
        audiences: frozenset[str],
        clock: Clock = utc_now,
        remembered: int = 10_000,
    ) -> None:
        self._keys = keys
        self._deny = deny
        self._issuer = issuer
        self._audiences = audiences
        self._clock = clock
        self._remembered = remembered
        self._cache: OrderedDict[bytes, tuple[Actor, float]] = OrderedDict()

    async def verify(self, token: str) -> Actor:
        """The actor of a valid token.

        Raises:
            Unauthenticated: malformed, forged, expired, for somebody else, or revoked; the detail says which.
            Unavailable: no keys could be fetched yet.
        """
        digest = sha256(token.encode("utf-8", "surrogatepass")).digest()
        actor, checked_at = self._cache.get(digest, (None, 0.0))
        now = time.monotonic()
        if actor is None or now - checked_at > self._keys.fresh_seconds:
            self._cache.pop(digest, None)
            try:
                actor = await self._check(token)
            except Unauthenticated:
                _CHECKS.labels("refused").inc()
                raise
            _CHECKS.labels("checked").inc()
            self._cache[digest] = actor, now
            if len(self._cache) > self._remembered:
                self._cache.popitem(last=False)
        elif actor.expires_at + _LEEWAY <= self._clock():
            del self._cache[digest]
            raise Unauthenticated("the token has expired")
        else:
            _REMEMBERED.inc()
        if self._deny.denies(actor):
            _CHECKS.labels("refused").inc()
            raise Unauthenticated("the session has been revoked")
        return actor

    async def _check(self, token: str) -> Actor:
        if len(token) > MAX_TOKEN_BYTES:
            raise Unauthenticated("the token is too long")
        kid = _key_id_of(token)
        key = await self._keys.key(kid)
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=self._audiences,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options=_OPTIONS,
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("the token has expired") from error
        except jwt.InvalidAudienceError as error:
            raise Unauthenticated("the token is for another audience") from error
        except jwt.MissingRequiredClaimError as error:
            raise Unauthenticated(f"the token lacks {error.claim}") from error
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise Unauthenticated("the token does not hold") from error
        try:
            return replace(actor_of(claims), signed_with=kid)
        except (ValueError, TypeError, KeyError, OverflowError, ValidationError) as error:
            raise Unauthenticated("the token's claims cannot be read") from error


def signed_with(token: str) -> str:
    """The id of the key that a token says it is signed with; empty where it says none. Nothing is checked."""
    try:
        return _key_id_of(token)
    except Unauthenticated:
        return ""


def _key_id_of(token: str) -> str:
    """The key that the token's header names. All else is left to PyJWT, which reads the whole token: to let it do so for
    the header alone would double what a verification costs.

    Raises:
        Unauthenticated: the header cannot be read, or is of no token of ours.
    """
    try:
        first = token.partition(".")[0].encode("ascii")
        header: object = json.loads(urlsafe_b64decode(first + b"=" * (-len(first) % 4)))
    except (ValueError, RecursionError) as error:
        raise Unauthenticated("the token cannot be read") from error
    if not isinstance(header, dict):
        raise Unauthenticated("the token cannot be read")
    kid: object = header.get("kid")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # any JSON
    if header.get("alg") != ALGORITHM or not isinstance(kid, str):  # pyright: ignore[reportUnknownMemberType]  # any JSON
        raise Unauthenticated(f"tokens are signed with {ALGORITHM} and name their key")
    return kid


def actor_of(claims: Mapping[str, Any]) -> Actor:  # Any: JSON
    """The actor that verified claims describe.

    Raises:
        ValueError, TypeError, KeyError, OverflowError: a claim has the wrong form.
    """
    named, subject = claims.get("kind", "user"), str(claims["sub"])
    kind = ActorKind.SERVICE if named == API_KEY else ActorKind(named)
    hotel, sid, act, scopes = claims.get("hotel_id"), claims.get("sid"), claims.get("act"), claims.get("scopes", [])
    if not isinstance(scopes, list):
        raise TypeError("scopes is a list")
    return Actor(
        kind=kind,
        id=UUID(subject) if kind in (ActorKind.USER, ActorKind.GUEST) else None,
        hotel_id=HotelId(UUID(hotel)) if hotel else None,
        role=claims.get("role"),
        scopes=frozenset(str(scope) for scope in scopes),  # pyright: ignore[reportUnknownVariableType]  # any JSON
        sid=SessionId(UUID(sid)) if sid else None,
        issued_at=datetime.fromtimestamp(float(claims["iat"]), UTC),
        expires_at=datetime.fromtimestamp(float(claims["exp"]), UTC),
        act=ActorRef.model_validate(act) if act else None,
        enrolling=bool(claims.get("enrolling")),
        subject=subject,
        api_key_id=ApiKeyId(UUID(subject)) if named == API_KEY else None,
    )


async def authenticate_websocket(websocket: WebSocket, token: str) -> Actor:
    """Who a token that came over a WebSocket says is calling; see `first_frame` for one that checks a permission too.

    Raises:
        Unauthenticated, Unavailable: as `TokenVerifier.verify`.
    """
    rt: Runtime = websocket.app.state.runtime
    actor = await rt.authenticate(token)
    remember(websocket, actor)
    return actor
