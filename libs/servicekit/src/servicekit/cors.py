"""CORS (Fetch standard, 3.2) for routes that take bearer tokens, never cookies: pages of other sites may call them.

Without credentials a page sends no more than it knows itself, so the browser needs no protecting of its user: every site
may ask, and reads the answer. On which sites a call is allowed is the route's to decide, by the token that came along; a
refusal holds nothing but itself, and the page had better read it than take it for a lost connection.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFLIGHT_SECONDS = 7200
"""How long a browser remembers a preflight; Chrome takes no more."""
METHODS = "GET, POST"
REQUEST_HEADERS = "authorization, content-type, if-none-match"
EXPOSED = "ETag, Location, Retry-After, X-Trace-Id"


class Cors:
    """ASGI middleware outside of everything else, for paths under `prefix`, so that every answer can be read.

    A route that sets Access-Control-Allow-Origin itself has the last word.
    """

    def __init__(self, app: ASGIApp, *, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection (ASGI)."""
        if scope["type"] != "http" or not str(scope["path"]).startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        origin = asked.get("origin")
        if origin is not None and scope["method"] == "OPTIONS" and "access-control-request-method" in asked:
            await _preflight(origin, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = MutableHeaders(scope=message)
                if "access-control-allow-origin" not in given:
                    given.add_vary_header("Origin")
                    if origin is not None:
                        given["access-control-allow-origin"] = origin
                        given["access-control-expose-headers"] = EXPOSED
            await send(message)

        await self._app(scope, receive, answer)


async def _preflight(origin: str, send: Send) -> None:
    headers = {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": REQUEST_HEADERS,
        "access-control-max-age": str(PREFLIGHT_SECONDS),
        "vary": "Origin",
    }
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 204, "headers": raw})
    await send({"type": "http.response.body", "body": b""})
