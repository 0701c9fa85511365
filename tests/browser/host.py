"""Web sites of hotels (and of strangers): small pages with the script tag, each site on an address of its own."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

STRICT = (
    "default-src 'none'; script-src {widget}; connect-src {widget} {live}; style-src 'none'; img-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types frontdesk"
)
"""As strict as a policy gets: no inline script, no inline style, no evaluation, no string that becomes markup."""

PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hotel</title>
{head}
</head>
<body>
<main><h1>Our hotel</h1><p id="first">Rooms with a view.</p>{body}</main>
{script}
</body>
</html>
"""


class Site:
    """A web server on 127.0.0.1 with pages that a test writes."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[bytes, Mapping[str, str]]] = {}
        pages = self._pages

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                found = pages.get(self.path.partition("?")[0])
                content, headers = found or (b"", {})
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def stranger(self) -> str:
        """The same server under another name: to a browser a site that no hotel has allowed."""
        return f"http://localhost:{self.port}"

    def page(self, path: str, html: str, headers: Mapping[str, str] | None = None) -> str:
        """Serve a page; its address."""
        self._pages[path] = (html.encode(), headers or {})
        return self.origin + path


def script_tag(widget: str, hotel: str = "lindenhof", *, has_to_ask: bool = False, **attributes: str) -> str:
    """The one line that a hotel puts on its pages; `language="de"` becomes `data-language`.

    `has_to_ask`: the script's address does not name the hotel, so that its file can't know what the hotel looks like.
    """
    query = "" if has_to_ask else f"?hotel={hotel}"
    more = "".join(f' data-{name}="{value}"' for name, value in attributes.items())
    return f'<script src="{widget}/widget/frontdesk.js{query}" data-hotel="{hotel}"{more} async></script>'


def page(script: str, *, head: str = "", body: str = "", language: str = "en") -> str:
    """A small hotel page."""
    return PAGE.format(script=script, head=head, body=body, language=language)


def strict_policy(widget: str) -> dict[str, str]:
    """The strictest Content-Security-Policy under which the widget must work."""
    return {"Content-Security-Policy": STRICT.format(widget=widget, live=widget.replace("http", "ws", 1))}
