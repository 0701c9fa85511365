"""Tokens for calls between services: fetched once, kept per hotel and audience, renewed in time."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from urllib.parse import parse_qs
from uuid import uuid4

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import Receive, Scope, Send

from contracts.actor import ActorKind, ActorRef
from servicekit.problems import Unavailable
from servicekit.server import HttpServer
from servicekit.servicetokens import ServiceTokens


class Identity:
    """The token end point of identity and a service that may refuse, on a real port."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.lives_seconds = 600.0
        self.status = 200
        self.refuse: set[str] = set()
        self.server = HttpServer(self, "127.0.0.1", 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if scope["path"] == "/oauth/token":
            body = (await receive())["body"].decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            scheme, credential = headers[b"authorization"].split()
            self.asked.append({**form, "basic": base64.b64decode(credential).decode(), "scheme": scheme.decode()})
            await asyncio.sleep(0.02)
            answer = f'{{"access_token": "token-{len(self.asked)}", "expires_in": {self.lives_seconds}}}'
            await self._send(send, self.status, answer)
        else:
            token = headers[b"authorization"].decode().removeprefix("Bearer ")
            await self._send(send, 401 if token in self.refuse else 200, f'"{token}"')

    async def _send(self, send: Send, status: int, body: str) -> None:
        head = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": body.encode()})


@pytest.fixture
async def identity() -> AsyncGenerator[Identity]:
    made = Identity()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(verify=False, trust_env=False) as made:
        yield made


def tokens(identity: Identity, client: httpx.AsyncClient) -> ServiceTokens:
    return ServiceTokens(client, identity.server.url, "gateway", SecretStr("s3cret"))


async def test_a_token_names_audience_hotel_and_actor(identity: Identity, client: httpx.AsyncClient) -> None:
    hotel, act = uuid4(), ActorRef(kind=ActorKind.USER, id=uuid4())
    await tokens(identity, client).token("conversation", hotel, act)
    (asked,) = identity.asked
    assert asked["grant_type"] == "client_credentials"
    assert (asked["audience"], asked["hotel_id"]) == ("conversation", str(hotel))
    assert ActorRef.model_validate_json(asked["act"]) == act
    assert (asked["scheme"], asked["basic"]) == ("Basic", "gateway:s3cret")


async def test_many_callers_at_once_ask_once_per_audience_and_hotel(
    identity: Identity, client: httpx.AsyncClient
) -> None:
    kept, hotel = tokens(identity, client), uuid4()
    got = await asyncio.gather(*(kept.token("conversation", hotel) for _ in range(10)))
    assert len(set(got)) == 1
    assert await kept.token("conversation", uuid4()) not in got
    assert await kept.token("escalation", hotel) not in got
    assert len(identity.asked) == 3


async def test_a_token_about_to_expire_is_renewed(identity: Identity, client: httpx.AsyncClient) -> None:
    identity.lives_seconds = 0.01
    kept = tokens(identity, client)
    first = await kept.token("conversation")
    await asyncio.sleep(0.02)
    assert await kept.token("conversation") != first


async def test_a_refused_token_is_replaced_once_and_the_call_repeated(
    identity: Identity, client: httpx.AsyncClient
) -> None:
    kept = tokens(identity, client)
    identity.refuse = {"token-1"}
    answer = await client.get(identity.server.url + "/x", auth=kept.auth("conversation"))
    assert answer.json() == "token-2"
    identity.refuse = {"token-2", "token-3"}
    assert (await client.get(identity.server.url + "/x", auth=kept.auth("conversation"))).status_code == 401
    assert len(identity.asked) == 3


async def test_identity_away_or_refusing_is_unavailable(identity: Identity, client: httpx.AsyncClient) -> None:
    identity.status = 403
    with pytest.raises(Unavailable, match="403"):
        await tokens(identity, client).token("conversation")
    nowhere = ServiceTokens(client, "http://127.0.0.1:9", "gateway", SecretStr("x"))
    with pytest.raises(Unavailable, match="reached"):
        await nowhere.token("conversation")
