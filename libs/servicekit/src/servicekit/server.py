"""uvicorn inside our process: sockets are bound by us, signals are ours, and stopping is a call."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from servicekit.connections import Config, Door, HttpProtocol, WebSocketProtocol


class PortTaken(Exception):
    """Another process listens there."""


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:  # type: ignore[override]  # narrower than uvicorn's Generator
        yield


class HttpServer:
    """One listening address with an ASGI application behind it."""

    def __init__(
        self,
        app: ASGIApp,
        host: str,
        port: int,
        *,
        drain_timeout_seconds: float = 5,
        trusted_proxies: str = "127.0.0.1",
        websocket_limit_bytes: int = 65_536,
        connections_per_address: int = 1_000,
    ) -> None:
        logging.getLogger("uvicorn.access").disabled = True  # it writes whole paths; `Front` writes templates
        self._socket = _bind(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        config = Config(
            app,
            lifespan="off",
            loop="none",
            http=HttpProtocol,
            ws=WebSocketProtocol,
            ws_max_size=websocket_limit_bytes,
            ws_per_message_deflate=False,  # it keeps 20 kB per connection, and our frames are short
            ws_ping_interval=20,
            ws_ping_timeout=20,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=trusted_proxies,
            timeout_keep_alive=75,  # longer than our clients keep idle connections (30 s), so they never meet a closed one
            timeout_graceful_shutdown=max(1, int(drain_timeout_seconds)),
            reset_contextvars=True,
        )
        config.door = Door(connections_per_address, trusted_proxies)
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The address to call."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Returns once connections are accepted.

        Raises:
            RuntimeError: the server did not come up.
        """
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]), name=f"http:{self.port}")
        while not self._server.started:
            if self._task.done():
                await self._task
                raise RuntimeError(f"the server on port {self.port} ended at once")
            await asyncio.sleep(0.005)

    async def stop(self) -> None:
        """Stop accepting, finish the requests in hand (within the drain time), close WebSockets with 1012."""
        self._server.should_exit = True
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise PortTaken(f"{host}:{port} cannot be listened on: {error.strerror}") from error
    bound.setblocking(False)
    return bound
