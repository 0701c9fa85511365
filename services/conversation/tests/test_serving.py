"""What every page of a hotel's site loads: the loader and the hashed builds, kept as long as they may be; demo pages."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from conversation_play import Hotel

from contracts.events import HotelUpdated
from contracts.statuses import HotelStatus
from conversation.reactions import on_hotel
from servicekit.testing import RunningService

LOADER = '(function(hotel){/* loader */})("{hotel}")'
MAIN = "console.log('the widget');" * 100
PAGE = '<!doctype html><script src="{{conversation}}/widget/frontdesk.js" data-gateway="{{gateway}}"></script>'


@pytest.fixture(scope="module")
def built(built_widget: Path) -> Path:
    """A build as the build step leaves it, with an older one beside it."""
    for folder in ("assets", "demo/assets/photos"):
        (built_widget / folder).mkdir(parents=True)
    (built_widget / "frontdesk.js").write_text(LOADER)
    (built_widget / "manifest.json").write_text('{"assets": {}}')
    (built_widget / "assets" / "frontdesk.0a1b2c3d4e.js.br").write_bytes(b"as if brotli had made it")
    for name in ("frontdesk.0a1b2c3d4e.js", "frontdesk.ffffffffff.js"):
        (built_widget / "assets" / name).write_text(MAIN)
    (built_widget / "demo" / "lindenhof.html").write_text(PAGE)
    (built_widget / "demo" / "assets" / "site.css").write_text("body { margin: 0 }")
    (built_widget / "demo" / "assets" / "photos" / "room.svg").write_text("<svg/>")
    (built_widget.parent / "secret.js").write_text("not for anybody")
    (built_widget / "assets" / "leads.outside.js").symlink_to(built_widget.parent / "secret.js")
    return built_widget


@pytest.fixture
def browser(desk: RunningService, built: Path) -> httpx.AsyncClient:
    """Somebody who loads files."""
    del built
    return desk.client()


async def test_the_loader_is_asked_for_again_after_five_minutes_by_any_site(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/widget/frontdesk.js", headers={"origin": "https://hotel.example"})
    assert (answer.status_code, answer.text) == (200, LOADER)
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await browser.get("/widget/frontdesk.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def identity_says(hotel: Hotel, version: int, **changes: Any) -> None:  # Any: fields of the event
    """The hotel has changed, and the service has heard of it."""
    async with hotel.app.runtime.worker_db.transaction(hotel.id) as tx:
        await on_hotel(hotel.described(HotelUpdated, version=version, **changes), tx)


async def test_the_loader_of_a_tag_that_names_its_hotel_knows_name_and_colour(
    browser: httpx.AsyncClient, hotel: Hotel
) -> None:
    await identity_says(hotel, 2, name='Zur "Post" </script>\u2028', brand={"colour": "#2f5d3a"})
    answer = await browser.get("/widget/frontdesk.js", params={"hotel": hotel.slug})
    known = re.fullmatch(r"\(function\(hotel\)\{/\* loader \*/\}\)\((.*)\)", answer.text)
    assert known
    assert known[1].isascii()
    assert json.loads(known[1]) == {"name": 'Zur "Post" </script>\u2028', "brand": {"colour": "#2f5d3a"}}
    assert answer.headers["cache-control"] == "public, max-age=300"
    tag = {"if-none-match": answer.headers["etag"]}
    assert (await browser.get("/widget/frontdesk.js", params={"hotel": hotel.slug}, headers=tag)).status_code == 304
    await identity_says(hotel, 3, name="Zur Post")
    renamed = await browser.get("/widget/frontdesk.js", params={"hotel": hotel.slug}, headers=tag)
    assert (renamed.status_code, '{"name": "Zur Post"' in renamed.text) == (200, True)


@pytest.mark.parametrize("slug", ["no-such-hotel", "No Hotel'); drop", "", "x" * 5000])
async def test_the_loader_of_a_tag_that_names_no_hotel_of_ours_has_to_ask(
    browser: httpx.AsyncClient, slug: str
) -> None:
    answer = await browser.get("/widget/frontdesk.js", params={"hotel": slug})
    assert (answer.status_code, answer.text) == (200, LOADER)


async def test_the_loader_says_nothing_of_a_suspended_hotel(browser: httpx.AsyncClient, hotel: Hotel) -> None:
    await identity_says(hotel, 2, status=HotelStatus.INACTIVE)
    assert (await browser.get("/widget/frontdesk.js", params={"hotel": hotel.slug})).text == LOADER


@pytest.mark.parametrize("name", ["frontdesk.0a1b2c3d4e.js", "frontdesk.ffffffffff.js"])
async def test_a_build_is_kept_for_ever_also_an_older_one(browser: httpx.AsyncClient, name: str) -> None:
    answer = await browser.get(f"/widget/assets/{name}", headers={"accept-encoding": "identity"})
    assert (answer.status_code, answer.text) == (200, MAIN)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "content-encoding" not in answer.headers


async def raw(browser: httpx.AsyncClient, path: str, accept: str) -> tuple[str | None, bytes]:
    async with browser.stream("GET", path, headers={"accept-encoding": accept}) as answer:
        assert answer.headers["vary"] == "Accept-Encoding"
        body = b"".join([part async for part in answer.aiter_raw()])
        return answer.headers.get("content-encoding"), body


async def test_a_browser_gets_the_smallest_form_it_can_read(browser: httpx.AsyncClient) -> None:
    path = "/widget/assets/frontdesk.0a1b2c3d4e.js"
    assert await raw(browser, path, "gzip, deflate, br") == ("br", b"as if brotli had made it")
    coding, body = await raw(browser, path, "gzip, br;q=0")
    assert (coding, gzip.decompress(body).decode()) == ("gzip", MAIN)
    assert (await raw(browser, path, "gzip;q=0, identity"))[0] is None
    assert (await raw(browser, "/widget/assets/frontdesk.ffffffffff.js", "*"))[0] == "gzip"


@pytest.mark.parametrize(
    "path",
    [
        "/widget/assets/nothing.js",
        "/widget/assets/..%2Fmanifest.json",
        "/widget/assets/%2E%2E%2F%2E%2E%2Fsecret.js",
        "/widget/assets/leads.outside.js",
        "/widget/assets/.hidden.js",
        "/demo/assets/../../../secret.js",
        "/demo/assets/%2e%2e/%2e%2e/%2e%2e/secret.js",
        "/demo/assets//etc/passwd",
        "/demo/assets/photos",
        "/demo/nowhere",
        "/demo/..%2Flindenhof",
    ],
)
async def test_no_address_leads_out_of_the_folder(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "not for anybody" not in answer.text


async def test_a_demo_page_names_the_address_it_came_from_and_loads_nothing_inline(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/demo/lindenhof", headers={"host": "localhost:1234"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'src="http://localhost:1234/widget/frontdesk.js" data-gateway="http://gateway.example:8080"' in answer.text
    rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
    assert rules["connect-src"] == "'self' ws://localhost:1234 http://gateway.example:8080"
    assert (rules["base-uri"], rules["frame-ancestors"]) == ("'none'", "'none'")


@pytest.mark.parametrize("host", ['a"onload="x', "a/b", "a;script-src *", "user@host"])
async def test_no_page_repeats_a_host_that_is_none(browser: httpx.AsyncClient, host: str) -> None:
    answer = await browser.get("/demo/lindenhof", headers={"host": host})
    assert answer.status_code == 400
    assert "content-security-policy" in answer.headers
    assert not re.search(r"<script", answer.text)


async def test_a_demo_page_has_its_pictures(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/demo/assets/photos/room.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


async def test_a_new_build_is_served_at_once(browser: httpx.AsyncClient, built: Path) -> None:
    assert (await browser.get("/widget/manifest.json")).json() == {"assets": {}}
    (built / "manifest.json").write_text('{"assets": {"new": {}}}')
    assert (await browser.get("/widget/manifest.json")).json() == {"assets": {"new": {}}}
