"""Every route of every service as its application has it, WebSockets included: what it demands, and that it does demand it.

The routes are those of the ASGI applications themselves, not of their documents; they are called on the running stack. The
tokens are signed with the stack's own key, so that each lacks exactly one permission, whatever roles there are.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import jwt
import pytest
from fastapi import APIRouter
from starlette.responses import Response
from starlette.routing import Mount
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from contracts.permissions import Permission
from devstack.services import named
from devstack.stack import Stack
from servicekit import Service
from servicekit.access import Access, AccessKind, RouteAccess, RouteWithoutPermission, route_permissions
from servicekit.vault import Vault

HOTEL = str(uuid4())
"""Nobody's: what a route does that lets somebody in, it does to nothing."""
ROTATE = ("POST", "/signing-keys/rotate")
"""Not called with a token that opens it: it would change the keys of the whole stack."""
PLATFORM = {
    ("POST", "/hotels"),
    ("POST", "/oidc-connections/{connection_id}/confirm-domains"),
    ("DELETE", "/users/{user_id}"),
    ("POST", "/users/{user_id}/totp/reset"),
    ("GET", "/signing-keys"),
    ("POST", "/signing-keys/{kid}/withdraw"),
    ROTATE,
}
"""The platform's own, at identity or handed on by the gateway: whoever works for a hotel is refused, whatever they hold."""
LISTED = """
import dataclasses, importlib, json, sys
from starlette.routing import Mount
from servicekit.access import route_permissions
app = importlib.import_module(f"{sys.argv[1]}.app").service.app()
own = [
    [method, route.path]
    for route in app.routes
    for method in (["MOUNT"] if isinstance(route, Mount) else (getattr(route, "methods", None) or {"WS"}) - {"HEAD"})
]
print(json.dumps({"own": own, "walk": [dataclasses.asdict(line) for line in route_permissions(app)]}))
"""
"""In a process of its own: two services' tables have no place in one."""
Case = tuple[str, RouteAccess]


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:  # Any: JSON
    """Each service's routes: all that its application has, and what the walk says that they demand."""
    asked = {
        service.name: subprocess.Popen([sys.executable, "-c", LISTED, service.name], stdout=subprocess.PIPE, text=True)
        for service in named()
    }
    return {name: json.loads(process.communicate(timeout=60)[0]) for name, process in asked.items()}


@pytest.fixture(scope="module")
def cases(listed: dict[str, Any]) -> list[Case]:  # Any: JSON
    """Every route of every service with what it demands."""
    found: list[Case] = []
    for service, routes in listed.items():
        for line in routes["walk"]:
            demands = tuple(
                Access(AccessKind(one["kind"]), one["value"], one["enrolling"]) for one in line.pop("access")
            )
            found.append((service, RouteAccess(**line, access=demands)))
    return found


@dataclass(frozen=True)
class Signer:
    """Signs as identity does."""

    kid: str
    private: str

    def token(self, scopes: set[str], **claims: Any) -> str:  # Any: JSON
        """The token of somebody in a role of their hotel's own, who holds these permissions."""
        body = {
            "iss": "frontdesk-identity", "aud": "frontdesk", "sub": str(uuid4()), "sid": str(uuid4()), "kind": "user",
            "hotel_id": HOTEL, "role": "night_desk", "scopes": sorted(scopes), "iat": time.time(),
            "exp": time.time() + 600,
        }  # fmt: skip
        return jwt.encode(body | claims, self.private, algorithm="ES256", headers={"kid": self.kid})


@pytest.fixture(scope="module")
async def signer(stack: Stack) -> Signer:
    """The key that signs on this stack, opened with the key of its secrets."""
    connection = await asyncpg.connect(stack.database_urls("identity")["worker"])
    try:
        await connection.execute("select set_config('app.platform', 'on', false)")
        row = await connection.fetchrow("select kid, private from signing_keys where state = 'current'")
    finally:
        await connection.close()
    assert row is not None
    vault = Vault(stack.state.secret_text("secret-keys"))
    return Signer(row["kid"], vault.open(row["private"], "signing_keys", "private", row["kid"]).decode())


@pytest.fixture
async def http() -> AsyncGenerator[httpx.AsyncClient]:
    """One client for all calls: a client of its own loads certificates for 50 ms, hundreds of times."""
    async with httpx.AsyncClient(timeout=30, trust_env=False, verify=False) as client:  # plain HTTP
        yield client


async def called(
    stack: Stack, http: httpx.AsyncClient, service: str, line: RouteAccess, token: str | None
) -> tuple[int, str]:
    """Status, or close code less 4000, and problem type of one call without a body."""
    path = re.sub(r"\{[^}]*\}", lambda _: str(uuid4()), line.path)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if line.method == "WS":
        return await _opened(stack.url(service).replace("http", "ws", 1) + path, token, headers)
    answer = await http.request(line.method, stack.url(service) + path, headers=headers)
    problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[1] if problem else ""


async def _opened(url: str, token: str | None, headers: dict[str, str]) -> tuple[int, str]:
    """A server that has the token in the header may close before it hears the first frame."""
    try:
        async with asyncio.timeout(15), connect(url, proxy=None, additional_headers=headers, close_timeout=1) as socket:
            await socket.send(json.dumps({"type": "hello", "token": token or ""}))
            while json.loads(await socket.recv()).get("type") not in ("hello", "welcome", "ready"):
                pass
            return 101, ""
    except ConnectionClosed as closed:
        return (closed.rcvd.code if closed.rcvd else 0) - 4000, ""  # 4401 is to WebSockets what 401 is to requests
    except InvalidStatus as refused:
        return refused.response.status_code, ""
    except TimeoutError:
        return 0, "neither let in nor refused"


def lacking(access: tuple[Access, ...]) -> list[tuple[set[str], dict[str, Any]]]:
    """Scopes and claims of tokens that hold all but one thing that the route demands."""
    every = {permission.value for permission in Permission}
    tokens: list[tuple[set[str], dict[str, Any]]] = []
    for one in access:
        match one.kind:
            case AccessKind.PERMISSION:
                tokens.append((every - {one.value}, {}))
            case AccessKind.SIGNED_IN:
                tokens.append((every, {"kind": "api_key"}))
            case AccessKind.GUEST:
                tokens.append((every, {}))
            case AccessKind.PUBLIC:
                pass
    return tokens


def test_every_route_of_every_application_demands_something_or_says_why_not(
    listed: dict[str, Any], cases: list[Case]
) -> None:
    """A service with any other is not built; here, that the walk sees what there is, and knows each permission."""
    seen = {(service, line.method, line.path) for service, line in cases}
    assert len(seen) > 150
    for service, routes in listed.items():
        unseen = {(service, method, path) for method, path in routes["own"]} - seen
        assert routes["own"], service
        assert not unseen, "say what these demand"
    for service, line in cases:
        assert line.access, f"{service} {line.method} {line.path}"
        for access in line.access:
            if access.kind is AccessKind.PERMISSION:
                assert access.value in set(Permission), f"{service} {line.path}: there is no permission {access.value}"
            elif access.kind is AccessKind.PUBLIC:
                assert len(access.value.split()) >= 2, f"{service} {line.path}: say why it is open to all"


def test_an_application_that_something_is_mounted_in_is_not_built() -> None:
    async def inside(scope: Any, receive: Any, send: Any) -> None:  # Any: ASGI
        await Response("everything")(scope, receive, send)

    router = APIRouter(routes=[Mount("/files", app=inside)])
    with pytest.raises(RouteWithoutPermission, match="/files"):
        route_permissions(Service("mounting", routers=[router]).app())


async def test_who_lacks_what_a_route_demands_is_refused_by_it_and_who_holds_just_that_is_not(
    stack: Stack, http: httpx.AsyncClient, signer: Signer, cases: list[Case]
) -> None:
    wrong: list[str] = []

    async def check(service: str, line: RouteAccess) -> None:
        route = f"{service} {line.method} {line.path}"
        demanded = [access for access in line.access if access.kind is not AccessKind.PUBLIC]
        if not demanded:
            return
        if (got := await called(stack, http, service, line, None))[0] != 401:
            wrong.append(f"{route} without a token: {got}")
        for scopes, claims in lacking(line.access):
            got = await called(stack, http, service, line, signer.token(scopes, **claims))
            guests = any(access.kind is AccessKind.GUEST for access in demanded)
            if got[0] not in ((401, 403) if guests else (403,)):
                wrong.append(f"{route} without {line.access}: {got}")
        needed = {access.value for access in demanded if access.kind is AccessKind.PERMISSION}
        if len(needed) < len(demanded):
            return
        bare = line.method, line.path.removeprefix("/api")
        claims = {}
        if bare in PLATFORM:
            got = await called(stack, http, service, line, signer.token(needed))
            if got != (403, "missing-permission"):
                wrong.append(f"{route} with a hotel's token: {got}")
            claims = {"role": "superadmin", "hotel_id": None}
        if bare != ROTATE:
            got = await called(stack, http, service, line, signer.token(needed, **claims))
            if got[0] in (0, 401) or got[1] == "missing-permission":
                wrong.append(f"{route} with {needed} and nothing else: {got}")

    for start in range(0, len(cases), 16):
        await asyncio.gather(*(check(*case) for case in cases[start : start + 16]))
    assert not wrong, "\n".join(wrong)
