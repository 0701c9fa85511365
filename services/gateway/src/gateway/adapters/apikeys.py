"""API keys of integrators, exchanged at identity for the tokens that services verify, and remembered while those hold."""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable

from contracts.apikeys import is_api_key
from contracts.errors import Unauthenticated
from gateway.adapters.upstream import HotelSuspended, ServiceUnavailable, Upstream
from servicekit.problems import TooManyRequests

EARLY_SECONDS = 30
"""A token is exchanged anew that long before its end, or after half of its life, so that none ends on its way."""
REMEMBERED = 10_000
"""Keys whose tokens one instance has at hand."""


class BadApiKey(Unauthenticated):
    """The key is mistyped, unknown, revoked, expired or replaced; the answer does not say which."""

    slug, title = "bad-api-key", "This API key does not hold"


class ApiKeys:
    """Tokens by key; only the hashes of keys are remembered.

    A token that was revoked is remembered, too: it is refused as long as it would have held, and the key after that.
    """

    def __init__(self, identity: Upstream, now: Callable[[], float] = time.monotonic) -> None:
        self._identity = identity
        self._now = now
        self._tokens: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._locks: dict[bytes, asyncio.Lock] = {}

    async def token(self, key: str, address: str | None) -> str:
        """An access token for the key.

        Args:
            key: as it came.
            address: whose request it is; identity limits by it.

        Raises:
            BadApiKey: it does not hold.
            HotelSuspended: its hotel is not served at present.
            TooManyRequests: too many keys are tried from there.
            ServiceUnavailable: identity did not answer.
        """
        if not is_api_key(key):
            raise BadApiKey
        digest = hashlib.sha256(key.encode()).digest()
        known = self._valid(digest)
        if known is not None:
            return known
        lock = self._locks.setdefault(digest, asyncio.Lock())
        try:
            async with lock:
                return self._valid(digest) or await self._exchange(key, digest, address)
        finally:
            if not lock.locked():
                self._locks.pop(digest, None)

    def forget(self, key: str, token: str) -> None:
        """Exchange the key anew next time, if that is still its token."""
        digest = hashlib.sha256(key.encode()).digest()
        if self._tokens.get(digest, ("", 0.0))[0] == token:
            del self._tokens[digest]

    def _valid(self, digest: bytes) -> str | None:
        token, until = self._tokens.get(digest, ("", 0.0))
        return token if until > self._now() else None

    async def _exchange(self, key: str, digest: bytes, address: str | None) -> str:
        began = self._now()
        answer = await self._identity.request(
            "POST",
            "/tokens/api-key",
            headers={"content-type": "application/json"} | ({"x-forwarded-for": address} if address else {}),
            content=json.dumps({"api_key": key}).encode(),
        )
        match answer.status_code:
            case 200:
                pass
            case 401:
                self._tokens.pop(digest, None)
                raise BadApiKey
            case 403:
                raise HotelSuspended
            case 429:
                raise TooManyRequests(retry_after_seconds=int(answer.headers.get("retry-after", "1")))
            case _:
                raise ServiceUnavailable("The identity service did not answer")
        said = answer.json()
        token, lives = str(said["access_token"]), float(said["expires_in"])
        self._tokens[digest] = token, began + max(lives - EARLY_SECONDS, lives / 2)
        self._tokens.move_to_end(digest)
        if len(self._tokens) > REMEMBERED:
            self._tokens.popitem(last=False)
        return token
