"""Tokens for calls to other services: client credentials at identity (RFC 6749, 4.4), kept per hotel, audience and actor."""

import asyncio
import time
from collections.abc import AsyncGenerator
from uuid import UUID

import httpx
from pydantic import SecretStr

from contracts.actor import ActorRef
from servicekit.problems import Unavailable

_EARLY_SECONDS = 60
"""A token is renewed that long before it expires, so that none expires on its way."""
_Key = tuple[str, UUID | None, str]


class ServiceTokens:
    """This service's tokens. A bare header never selects the hotel: the token names it."""

    def __init__(self, client: httpx.AsyncClient, identity_url: str, client_id: str, secret: SecretStr) -> None:
        self._client = client
        self._url = identity_url.rstrip("/") + "/oauth/token"
        self._client_id = client_id
        self._secret = secret
        self._tokens: dict[_Key, tuple[str, float]] = {}
        self._locks: dict[_Key, asyncio.Lock] = {}

    async def token(self, audience: str, hotel_id: UUID | None = None, act: ActorRef | None = None) -> str:
        """An access token for calls to the service `audience`, in that hotel, on behalf of `act`.

        Raises:
            Unavailable: identity is away or refuses.
        """
        key = (audience, hotel_id, act.model_dump_json() if act else "")
        known = self._valid(key)
        if known:
            return known
        async with self._locks.setdefault(key, asyncio.Lock()):
            return self._valid(key) or await self._fetch(key)

    def auth(self, audience: str, hotel_id: UUID | None = None, act: ActorRef | None = None) -> httpx.Auth:
        """The same for httpx: `client.get(path, auth=rt.service_tokens.auth("conversation", hotel_id))`."""
        return _ServiceAuth(self, audience, hotel_id, act)

    def forget(self, audience: str, hotel_id: UUID | None = None, act: ActorRef | None = None) -> None:
        """Fetch anew next time; for a token that was refused."""
        self._tokens.pop((audience, hotel_id, act.model_dump_json() if act else ""), None)

    def _valid(self, key: _Key) -> str | None:
        token, until = self._tokens.get(key, ("", 0.0))
        return token if until > time.monotonic() else None

    async def _fetch(self, key: _Key) -> str:
        audience, hotel_id, act = key
        form = {"grant_type": "client_credentials", "audience": audience}
        if hotel_id is not None:
            form["hotel_id"] = str(hotel_id)
        if act:
            form["act"] = act
        try:
            response = await self._client.post(
                self._url, data=form, auth=(self._client_id, self._secret.get_secret_value())
            )
        except httpx.HTTPError as error:
            raise Unavailable("identity cannot be reached for a service token") from error
        if response.status_code != 200:
            raise Unavailable(f"identity refused a service token for {audience} with {response.status_code}")
        answer = response.json()
        token, lives = str(answer["access_token"]), float(answer["expires_in"])
        now = time.monotonic()
        if len(self._tokens) > 1000:
            self._tokens = {other: kept for other, kept in self._tokens.items() if kept[1] > now}
            self._locks = {other: lock for other, lock in self._locks.items() if other in self._tokens or lock.locked()}
        self._tokens[key] = (token, now + max(lives - _EARLY_SECONDS, lives / 2))
        return token


class _ServiceAuth(httpx.Auth):
    """Adds the bearer token; a 401 makes it fetch a new one once."""

    def __init__(self, tokens: ServiceTokens, audience: str, hotel_id: UUID | None, act: ActorRef | None) -> None:
        self._tokens = tokens
        self._audience = audience
        self._hotel_id = hotel_id
        self._act = act

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        for attempt in (1, 2):
            token = await self._tokens.token(self._audience, self._hotel_id, self._act)
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            if response.status_code != 401 or attempt == 2:
                return
            self._tokens.forget(self._audience, self._hotel_id, self._act)
