"""Calls to other services: httpx with time limits, trace context and a span for each call."""

import ssl
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from servicekit.tracing import current_traceparent, span


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """One for all clients: reading the machine's certificates takes some 50 ms."""
    return ssl.create_default_context()


def no_cookies() -> CookieJar:
    """A jar for a client's `cookies`, into which none goes."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


class _Traced(httpx.AsyncBaseTransport):
    """Sends the trace context along and records the call as a span, by host and without path or query."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with span(f"{request.method} {request.url.host}", kind="client", port=request.url.port or 0) as current:
            traceparent = current_traceparent()
            if traceparent:
                request.headers["traceparent"] = traceparent
            response = await self._inner.handle_async_request(request)
            current.set_attribute("http.response.status_code", response.status_code)
            return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def make_client(service: str, base_url: str = "", *, timeout_seconds: float = 5) -> httpx.AsyncClient:
    """A client that connects within 1 s, reads within `timeout_seconds`, follows no redirects, and keeps no cookies: it is
    shared, and a cookie is one caller's."""
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30)
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(timeout_seconds, connect=1),
        transport=_Traced(httpx.AsyncHTTPTransport(verify=_tls(), limits=limits, retries=1)),
        headers={"User-Agent": f"frontdesk-{service}"},
        cookies=no_cookies(),
        trust_env=False,
    )
