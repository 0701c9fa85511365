"""What the gateway keeps open while it runs: clients of the services, sessions, the live hub."""

import json
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, cast

import httpx
from fastapi import Depends, Request
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from contracts.errors import Unauthenticated
from gateway.adapters.apikeys import ApiKeys
from gateway.adapters.livestream import LiveStream
from gateway.adapters.services import Services
from gateway.adapters.sessions import Change, Refreshed, Session, Sessions
from gateway.adapters.upstream import HotelSuspended, ServiceUnavailable, Upstream, UpstreamProblem
from gateway.live import LiveHub
from gateway.settings import Settings
from servicekit import Rt, Runtime

REFRESH_SECONDS, REFRESH_TRIES = 4.0, 2
"""How long identity may be silent while it refreshes a session's tokens, and how often it is asked: an answer that got lost
is asked for again within the ten seconds in which identity gives another. `Sessions` limits the whole."""
LEAVE_SECONDS = 2.0
"""How long identity may be silent while it ends the session of a hotel that was left; the next refresh asks again."""
PROFILE = ("user", "hotel", "role", "scopes", "second_factor_needed")
"""What a session remembers of identity's answer beside the tokens."""
MAX_READERS = 2_000
"""Hotels whose live stream one instance can follow at a time."""


class TokenRefused(Exception):
    """Identity does not take the session's access token. It may take the next one: a role that changes ends tokens alone."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Shared by all requests of one process."""

    services: Services
    sessions: Sessions
    live: LiveHub
    api_keys: ApiKeys

    async def refresh(self, refresh_token: str, caller: Mapping[str, str]) -> Refreshed:
        """The next tokens from identity.

        Args:
            refresh_token: used once, or again within seconds where no answer came.
            caller: headers that say whose browser it is; see `adapters.callers`.

        Raises:
            Unauthenticated: identity refused; the session is over.
            HotelSuspended: not now; the session goes on when the hotel does.
            ServiceUnavailable: identity did not answer, or is asked too often.
        """
        response = await self._asked_for_tokens(refresh_token, caller)
        if response.status_code in (401, 422):
            raise Unauthenticated("The session is over; sign in again")
        if response.status_code == 403:
            raise HotelSuspended
        if not response.is_success:
            raise ServiceUnavailable("The identity service did not answer")
        answer = response.json()
        return Refreshed(
            answer["access_token"], time.time() + answer["expires_in"], answer["refresh_token"], profile_of(answer)
        )

    async def switched(self, session: Session, hotel: str | None, caller: Mapping[str, str]) -> Session:
        """The session in another hotel of the same person's, with a CSRF token of its own: what a page that still shows
        the former hotel sends is refused. The tokens there are void once `leave` was asked with `leaving`.

        Args:
            session: as it is.
            hotel: slug or id; None is platform work.
            caller: headers that say whose browser it is; see `adapters.callers`.

        Raises:
            TokenRefused: the access token does not hold.
            UpstreamProblem: identity refused, and nothing has changed.
            ServiceUnavailable: identity did not answer, or has yet to end a session that was left before: there is room for
                one.
        """
        if session.leaving is not None and not await self.leave(session.leaving, caller):
            raise ServiceUnavailable("The identity service did not answer")
        answer = await self.services.identity.request(
            "POST",
            "/tokens/switch",
            headers={
                "content-type": "application/json",
                "authorization": f"Bearer {session.access_token}",
                **caller,
            },
            content=json.dumps({"hotel": hotel}).encode(),
        )
        if answer.status_code == 401:
            raise TokenRefused
        if answer.status_code >= 500:
            raise ServiceUnavailable("The identity service did not answer")
        if not answer.is_success:
            raise UpstreamProblem(answer)
        return session_of_tokens(answer.json(), leaving=session.refresh_token)

    async def changed(self, session_id: str, change: Change, caller: Mapping[str, str]) -> Session:
        """As `Sessions.changed`; where identity does not take the access token, with the next one.

        Raises:
            Unauthenticated: the session is over.
        """
        try:
            return await self.sessions.changed(session_id, change)
        except TokenRefused:
            await self.sessions.renewed(session_id, lambda token: self.refresh(token, caller))
        try:
            return await self.sessions.changed(session_id, change)
        except TokenRefused:
            raise Unauthenticated("The session is over; sign in again") from None

    async def sign_out(self, session_id: str, caller: Mapping[str, str]) -> None:
        """End the session at identity, with one that was left and has yet to be ended, and forget it.

        Raises:
            Unauthenticated: it is over already.
            ServiceUnavailable: identity did not answer; the session goes on.
        """

        async def end(session: Session) -> None:
            for refresh_token in (session.leaving, session.refresh_token):
                if refresh_token is not None and not await self.leave(refresh_token, caller):
                    raise ServiceUnavailable("The identity service did not answer; you are still signed in")

        await self.sessions.ended(session_id, end)

    async def leave(self, refresh_token: str, caller: Mapping[str, str]) -> bool:
        """End the session of that token at identity, with its live streams everywhere; whether it was done."""
        try:
            answer = await self.services.identity.request(
                "POST",
                "/tokens/revoke",
                headers={"content-type": "application/json", **caller},
                content=json.dumps({"refresh_token": refresh_token}).encode(),
                timeout_seconds=LEAVE_SECONDS,
            )
        except ServiceUnavailable:
            return False
        return answer.is_success

    async def _asked_for_tokens(self, refresh_token: str, caller: Mapping[str, str]) -> httpx.Response:
        for tries_left in reversed(range(REFRESH_TRIES)):
            try:
                return await self.services.identity.request(
                    "POST",
                    "/tokens/refresh",
                    headers={"content-type": "application/json", **caller},
                    content=json.dumps({"refresh_token": refresh_token}).encode(),
                    timeout_seconds=REFRESH_SECONDS,
                )
            except ServiceUnavailable:
                if not tries_left:
                    raise
        raise AssertionError("asked at least once")


def profile_of(answer: Mapping[str, Any]) -> str:  # Any: JSON
    """Who signed in where, as identity tells it with its tokens."""
    return json.dumps({name: answer[name] for name in PROFILE if name in answer})


def session_of_tokens(answer: Mapping[str, Any], leaving: str | None = None) -> Session:  # Any: JSON
    """The session of tokens that identity has just given."""
    return Session(
        access_token=answer["access_token"],
        expires_at=time.time() + answer["expires_in"],
        refresh_token=answer["refresh_token"],
        csrf_token=secrets.token_urlsafe(32),
        profile=profile_of(answer),
        leaving=leaving,
    )


@asynccontextmanager
async def resources(rt: Runtime) -> AsyncGenerator[Resources]:
    """Open what the gateway needs; close it at the end."""
    settings = settings_of(rt)
    seconds = settings.request_timeout_seconds
    services = Services(
        identity=Upstream("identity", rt.http(settings.identity_url, timeout_seconds=seconds)),
        conversation=Upstream("conversation", rt.http(settings.conversation_url, timeout_seconds=seconds)),
        escalation=Upstream("escalation", rt.http(settings.escalation_url, timeout_seconds=seconds)),
    )
    sessions = Sessions(
        rt.valkey,
        settings.valkey_namespace,
        settings.session_key.get_secret_value(),
        settings.session_days,
        time.time,
    )
    # A reader holds a connection as long as it waits, one for each hotel: not from the pool that everything else needs.
    # It asks nothing again by itself: a server that came back in between may have less than it had, and a reader must see that.
    readers = Redis.from_url(
        settings.valkey_url,
        socket_connect_timeout=1,
        socket_timeout=5,
        max_connections=MAX_READERS,
        retry=Retry(NoBackoff(), 0),
    )
    stream = LiveStream(readers, settings.valkey_namespace, settings.live_stream_length)
    hub = LiveHub(stream, settings.live_queue_length)
    try:
        yield Resources(services, sessions, hub, ApiKeys(services.identity))
    finally:
        await hub.close()
        await readers.aclose()


def settings_of(rt: Runtime) -> Settings:
    """The gateway's settings of this process."""
    return cast("Settings", rt.settings)  # the Service was made with these settings


def _resources(rt: Rt) -> Resources:
    return cast("Resources", rt.resources)  # the Service was made with these resources


def _token(request: Request) -> str:
    """The caller's bearer token; `may` has checked it."""
    return request.headers.get("authorization", "").removeprefix("Bearer ").strip()


Desk = Annotated[Resources, Depends(_resources)]
Token = Annotated[str, Depends(_token)]
