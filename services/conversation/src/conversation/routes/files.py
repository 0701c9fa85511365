"""The built widget and the demo hotels' pages, as files: who may keep them for how long, and what a page may load."""

import asyncio
import html
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Depends, Request, Response

from contracts.errors import NotFound
from contracts.events.identity import Brand
from conversation.adapters.widget_files import WidgetFile
from conversation.commands.guests import hotel_on_site
from conversation.resources import resources_of
from conversation.settings import Settings
from servicekit.access import public
from servicekit.addresses import whose
from servicekit.edge import edge_router
from servicekit.failures import refusal_of
from servicekit.problems import Malformed
from servicekit.runtime import Rt, Runtime

router = edge_router(dependencies=[Depends(public("files that every page of the hotel's site loads"))])
READ = ["GET", "HEAD"]

SHORT = "public, max-age=300"
"""The loader's: a new build is on every site after five minutes."""
FOR_EVER = "public, max-age=31536000, immutable"
"""Of files whose name holds their hash."""
ASK_AGAIN = "no-cache"
ANY_SITE = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "timing-allow-origin": "*",
}
LOADER_LIMIT = "1200/minute"
"""Loaders with a hotel in them that one address may have; as opening views, and beyond it the loader asks for that."""
_HOTEL_SECONDS = 1.0
_HASHED = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9.]+")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?")


class WidgetNotBuilt(NotFound):
    """The folder that FRONTDESK_WIDGET_DIR names does not hold this file, or none is named."""

    slug, title = "widget-not-built", "The widget has not been built here"


@router.api_route("/widget/frontdesk.js", methods=READ, include_in_schema=False)
async def loader_route(request: Request, rt: Rt) -> Response:
    """The script of the hotel's one script tag, knowing the hotel that `?hotel=` names; it loads the present build."""
    loader = _built(rt, "frontdesk.js")
    slug = request.query_params.get("hotel", "")
    known = await _known(request, rt, slug) if _SLUG.fullmatch(slug) else None
    return _answer(request, loader if known is None else loader.knowing(known), SHORT, ANY_SITE)


@router.api_route("/widget/manifest.json", methods=READ, include_in_schema=False)
async def manifest_route(request: Request, rt: Rt) -> Response:
    """The builds with their integrity values, for hotels that name one build in their page."""
    return _answer(request, _built(rt, "manifest.json"), SHORT, ANY_SITE)


@router.api_route("/widget/assets/{name}", methods=READ, include_in_schema=False)
async def asset_route(name: str, request: Request, rt: Rt) -> Response:
    """A build, the present or an older one."""
    keep = FOR_EVER if _HASHED.fullmatch(name) else ASK_AGAIN
    return _answer(request, _built(rt, f"assets/{name}"), keep, ANY_SITE)


@router.api_route("/demo/{slug}", methods=READ, include_in_schema=False)
async def demo_route(slug: str, request: Request, rt: Rt) -> Response:
    """A demo hotel's page, with the one script tag that a hotel needs."""
    settings = _with_demo(rt)
    if not _SLUG.fullmatch(slug):
        raise NotFound("No such demo hotel")
    page = _built(rt, f"demo/{slug}.html")
    here = f"{request.url.scheme}://{_host(request)}"
    gateway = settings.gateway_url.rstrip("/")
    filled = page.plain.decode().replace("{{conversation}}", html.escape(here))
    filled = filled.replace("{{gateway}}", html.escape(gateway))
    headers = {"cache-control": ASK_AGAIN, "content-security-policy": page_policy(here, gateway)}
    return Response(filled, media_type=page.media_type, headers=headers)


@router.api_route("/demo/assets/{path:path}", methods=READ, include_in_schema=False)
async def demo_asset_route(path: str, request: Request, rt: Rt) -> Response:
    """What a demo hotel's page shows."""
    _with_demo(rt)
    return _answer(request, _built(rt, f"demo/assets/{path}"), ASK_AGAIN, {})


def page_policy(here: str, gateway: str) -> str:
    """The demo page's Content-Security-Policy: as strict as a hotel's own may be for the widget to work on it.

    Nothing inline; the widget's script and its calls, and nothing else from anywhere. WebSockets are named because not
    every browser counts them as `'self'`.
    """
    calls = ["'self'", here.replace("http", "ws", 1)]
    if urlsplit(gateway).scheme in ("http", "https"):
        calls.append("/".join(gateway.split("/")[:3]))
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            f"connect-src {' '.join(calls)}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    )


async def _known(request: Request, rt: Runtime, slug: str) -> Mapping[str, object] | None:
    """A hotel's name and colour; None for one that is not served, and while that can't be read: a page gets its button."""
    address = whose(request.client.host) if request.client else "unknown"
    try:
        async with asyncio.timeout(_HOTEL_SECONDS):
            await rt.limits.check(LOADER_LIMIT, "loader", address)
            hotel = await hotel_on_site(rt.db, slug, None, pointer="query:hotel")
    except Exception as error:
        if isinstance(error, TimeoutError) or refusal_of(error) is not None:
            return None
        raise
    return {"name": hotel["name"], "brand": {"colour": Brand.model_validate(hotel["brand"]).colour}}


def _with_demo(rt: Runtime) -> Settings:
    settings: Settings = rt.settings
    if not settings.demo_pages:
        raise NotFound("There are no demo pages here")
    return settings


def _built(rt: Runtime, name: str) -> WidgetFile:
    found = resources_of(rt).files.find(name)
    if found is None:
        raise WidgetNotBuilt
    return found


def _host(request: Request) -> str:
    """The host that the browser asked for, which the page's script tag names again."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        raise Malformed("the Host header names no host", pointer="header:host")
    return host


def _answer(request: Request, file: WidgetFile, keep: str, more: dict[str, str]) -> Response:
    headers = {"cache-control": keep, "etag": file.etag, "vary": "Accept-Encoding", **more}
    if file.etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    body, coding = file.accepted(request.headers.get("accept-encoding", ""))
    if coding is not None:
        headers["content-encoding"] = coding
    return Response(body, media_type=file.media_type, headers=headers)
