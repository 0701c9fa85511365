"""Pages of other sites: they may call what is meant for them, with a bearer token, and read every answer."""

from typing import Any

import httpx
import pytest
from fastapi import Depends, Response

from servicekit.access import public
from servicekit.cors import PREFLIGHT_SECONDS
from servicekit.edge import edge_router
from servicekit.service import Service
from servicekit.settings import ServiceSettings

PAGE = "https://www.lindenhof.example"
router = edge_router(dependencies=[Depends(public("a test"))])


@router.get("/widget/hotel")
async def hotel() -> dict[str, str]:
    """For pages."""
    return {"name": "Lindenhof"}


@router.get("/widget/file")
async def file() -> Response:
    """Says itself who may read it."""
    return Response("x", headers={"access-control-allow-origin": "*"})


@router.get("/desk")
async def desk() -> dict[str, str]:
    """For nobody's page."""
    return {}


@pytest.fixture
def client() -> httpx.AsyncClient:
    """Calls the application itself."""
    settings = ServiceSettings.model_construct(body_limit_bytes=1000, request_timeout_seconds=5)
    runtime: Any = object()  # Any: no route here looks at it
    app = Service("sample", routers=[router], cors_prefix="/widget/").app(runtime, settings)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sample", headers={"origin": PAGE})


async def test_a_page_reads_the_answer_and_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/widget/hotel")
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["vary"] == "Origin"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


async def test_also_an_answer_of_the_outermost_layer(client: httpx.AsyncClient) -> None:
    refused = await client.post("/widget/hotel", content=b"x" * 2000)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (413, PAGE)
    assert (await client.get("/widget/nothing")).headers["access-control-allow-origin"] == PAGE


async def test_a_route_that_says_itself_who_may_read_it_has_the_last_word(client: httpx.AsyncClient) -> None:
    answer = await client.get("/widget/file")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "vary" not in answer.headers


async def test_what_is_not_meant_for_pages_is_not_readable_for_them(client: httpx.AsyncClient) -> None:
    assert "access-control-allow-origin" not in (await client.get("/desk")).headers
    asked = await client.options("/desk", headers={"access-control-request-method": "GET"})
    assert asked.status_code == 405


async def test_a_browser_asks_once_in_two_hours(client: httpx.AsyncClient) -> None:
    answer = await client.options("/widget/hotel", headers={"access-control-request-method": "POST"})
    assert answer.status_code == 204
    assert answer.headers["access-control-max-age"] == str(PREFLIGHT_SECONDS)
    assert answer.headers["access-control-allow-origin"] == PAGE
