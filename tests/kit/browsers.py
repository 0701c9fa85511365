"""A browser at the public address, with the dashboard's cookie; and what answers say."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from devstack.stack import Stack
from kit import people
from kit.people import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1"


def body(answer: httpx.Response, status: int = 200) -> Any:  # Any: JSON
    """What was answered, with the status that is expected."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    return answer.json() if answer.content else None


def slug(answer: httpx.Response) -> str:
    """The last word of a problem's type."""
    return answer.json()["type"].rsplit(":", 1)[1]


@asynccontextmanager
async def browser(
    stack: Stack, email: str, user_agent: str = FIREFOX, password: str = PASSWORD
) -> AsyncGenerator[httpx.AsyncClient]:
    """Signed in with a cookie; repeats the CSRF token."""
    async with people.browser(stack.url("gateway")) as client:
        client.headers["user-agent"] = user_agent
        view = body(await client.post("/api/session", json={"email": email, "password": password}), 201)
        client.headers["x-csrf-token"] = view["csrf_token"]
        yield client


@asynccontextmanager
async def operator(stack: Stack) -> AsyncGenerator[httpx.AsyncClient]:
    """The platform's superadmin, at identity."""
    async with httpx.AsyncClient(base_url=stack.url("identity"), trust_env=False) as api:
        root = {"email": "root@frontdesk.example", "password": PASSWORD}
        token = body(await api.post("/tokens", json=root), 201)["access_token"]
        api.headers["authorization"] = f"Bearer {token}"
        yield api
