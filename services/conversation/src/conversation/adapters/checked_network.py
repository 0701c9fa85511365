"""Connections to public addresses only: a name is looked up once, checked, and exactly what was checked is dialled.

The check is made where the connection is, so nothing that a name says later (DNS rebinding), no redirect and no way of
writing an address gets around it."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Final, cast

import httpcore

from conversation.adapters.fetched import NotFetched, Refused
from conversation.adapters.public_addresses import IPAddress, IPNetwork, is_public, is_within, plain
from conversation.adapters.web_address import literal

CONNECT_SECONDS: Final = 5.0
PUBLIC_PORTS: Final = frozenset({80, 443})

Resolve = Callable[[str], Awaitable[Sequence[IPAddress]]]


async def look_up(host: str) -> Sequence[IPAddress]:
    """The addresses of a name by this machine's resolver.

    Raises:
        OSError: there are none.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [ip_address(address[0]) for *_, address in found]


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Dials public sites on the web's ports, and on any port what lies within the networks that are allowed."""

    def __init__(
        self,
        allowed: Sequence[IPNetwork] = (),
        resolve: Resolve = look_up,
        dial: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve
        # cast: httpcore declares a second class of that name, for where anyio is missing.
        self._dial = dial or cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the host's addresses, all of which were checked.

        Raises:
            Refused: one of them is not public, or the port is not the web's.
            NotFetched: the name has none, or none answers within `timeout` seconds in all.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (CONNECT_SECONDS if timeout is None else timeout)
        addresses = await self._checked(host, port, deadline)
        failure: Exception | None = None
        for tried, address in enumerate(addresses):
            # Each gets its share of what is left: one that swallows packets must not use up the next one's time.
            share = max(0.001, (deadline - loop.time()) / (len(addresses) - tried))
            try:
                return await self._dial.connect_tcp(
                    str(address), port, timeout=share, local_address=local_address, socket_options=socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise NotFetched("The site cannot be reached", retry=True) from failure

    async def connect_unix_socket(
        self,
        path: str,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002, ASYNC109
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Nothing on the web is a file of this machine.

        Raises:
            Refused: always.
        """
        raise Refused("The address is not a public one")

    async def sleep(self, seconds: float) -> None:
        """Wait, for httpcore."""
        await asyncio.sleep(seconds)

    async def _checked(self, host: str, port: int, deadline: float) -> list[IPAddress]:
        if port not in PUBLIC_PORTS and not self._allowed:
            raise Refused("The address names a port that is not the web's")
        written = literal(host)
        found = [written] if written is not None else await self._looked_up(host, deadline)
        addresses = list(dict.fromkeys(plain(address) for address in found))
        if not addresses:
            raise NotFetched("There is no site of that name")
        ours = [is_within(address, self._allowed) for address in addresses]
        # One that is not public spoils the rest: a site has no honest use for such a mixture.
        if not all(own or is_public(address) for own, address in zip(ours, addresses, strict=True)):
            raise Refused("The address leads into a private network")
        if port not in PUBLIC_PORTS and not all(ours):
            raise Refused("The address names a port that is not the web's")
        return addresses

    async def _looked_up(self, host: str, deadline: float) -> Sequence[IPAddress]:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._resolve(host)
        except TimeoutError as error:
            raise NotFetched("The site's name could not be looked up in time", retry=True) from error
        except (OSError, ValueError) as error:
            again = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
            raise NotFetched("There is no site of that name", retry=again) from error
