"""What a verification needs: no network, no waiting, and of what it remembers nothing that no longer holds."""

import time
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.errors import Unauthenticated
from contracts.events.identity import SessionRevoked
from contracts.ids import SessionId, UserId
from servicekit.auth import JwksCache, TokenVerifier
from servicekit.denylist import DenyList
from servicekit.testing import TokenIssuer

T = TypeVar("T")


def claims(sid: UUID) -> dict[str, Any]:  # Any: JSON
    now = time.time()
    return {
        "iss": "frontdesk-identity", "aud": "frontdesk", "sub": str(uuid4()), "sid": str(sid),
        "hotel_id": str(uuid4()), "scopes": ["conversation:read"], "iat": now, "exp": now + 60,
    }  # fmt: skip


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What the coroutine returns, which fails if it waits for anything: a socket, a lock, a thread, a clock."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise AssertionError("it waits")


class Service:
    """A verifier that has its keys, and no network any more."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self.asked: list[str] = []
        self.deny = DenyList()
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self._jwks = issuer.jwks()
        self.tokens = TokenVerifier(
            JwksCache("http://identity/jwks.json", client),
            self.deny,
            issuer="frontdesk-identity",
            audiences=frozenset({"frontdesk"}),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        if len(self.asked) > 1:
            raise httpx.ConnectError("there is no network", request=request)
        return httpx.Response(200, json=self._jwks)


async def test_a_verification_waits_for_nothing_and_asks_nobody_once_the_keys_are_here(issuer: TokenIssuer) -> None:
    service = Service(issuer)
    await service.tokens.verify(issuer.sign(claims(uuid4())))
    for token in [issuer.sign(claims(uuid4())) for _ in range(3)]:
        for _ in range(2):  # checked, then remembered
            assert at_once(service.tokens.verify(token)).may("conversation:read")
    assert service.asked == ["http://identity/jwks.json"]


async def test_a_remembered_token_is_refused_from_the_moment_its_session_is_revoked(issuer: TokenIssuer) -> None:
    service, sid = Service(issuer), uuid4()
    token, of_another_session = issuer.sign(claims(sid)), issuer.sign(claims(uuid4()))
    for each in (token, token, of_another_session):
        await service.tokens.verify(each)
    now = datetime.now(UTC)
    service.deny.apply(SessionRevoked(user_id=UserId(uuid4()), sid=SessionId(sid), revoked_at=now, version=1))
    for _ in range(2):
        with pytest.raises(Unauthenticated, match="revoked"):
            at_once(service.tokens.verify(token))
    assert at_once(service.tokens.verify(of_another_session)).sid != sid
