"""Calls to addresses that people enter: to public networks only, over HTTPS, small, quick, without redirects.

The host's name is resolved here, every address is checked, and the connection goes to the one that was checked: a name
that changes its mind between check and call (DNS rebinding) gains nothing.
"""

import asyncio
import json
import socket
import ssl
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpx

from servicekit.httpclient import no_cookies

MAX_BYTES = 256 * 1024
SECONDS = 5.0

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Refused(Exception):
    """The call was not made, or its answer not read; says why, without the other side's words."""


def networks(written: str) -> tuple[Network, ...]:
    """Networks in CIDR, separated by commas.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(ip_network(part.strip()) for part in written.split(",") if part.strip())


def is_allowed(address: Address, private: Sequence[Network]) -> bool:
    """Whether it is a public address, or in one of the private networks that are allowed. IPv6 addresses that lead to
    an IPv4 address are judged by that one."""
    inner = address
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _nat64(address) or address
    if any(inner.version == network.version and inner in network for network in private):
        return True
    return inner.is_global and not inner.is_multicast


class Outbound:
    """A client for such calls. `private`: networks that may be called although they are not public, over plain HTTP
    too where they are this machine's own."""

    def __init__(self, private: Sequence[Network] = ()) -> None:
        self._private = tuple(private)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(SECONDS, connect=2),
            verify=ssl.create_default_context(),
            trust_env=False,
            cookies=no_cookies(),
            headers={"User-Agent": "frontdesk-identity", "Accept": "application/json"},
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=0),  # each call is checked anew
        )

    async def get_json(self, url: str) -> dict[str, Any]:  # Any: JSON
        """The JSON object at `url`.

        Raises:
            Refused: there is none, or it may not be asked for.
        """
        status, answer = await self._call("GET", url)
        if status != 200:
            raise Refused(f"answered {status}")
        return answer

    async def post_form(
        self, url: str, form: Mapping[str, str], auth: tuple[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:  # Any: JSON
        """Status and JSON object of the answer to a form.

        Raises:
            Refused: there is none, or it may not be asked for.
        """
        return await self._call("POST", url, data=dict(form), auth=auth)

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    async def _call(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, Any]]:  # Any: httpx's arguments
        try:
            async with asyncio.timeout(SECONDS):
                target = check_url(url)
                failed: Exception = Refused("has no address")
                for address in await self._checked(target):
                    try:
                        return await self._call_at(address, method, target, **more)
                    except httpx.ConnectError as error:
                        failed = error  # a host may have an address that leads nowhere, say of IPv6
                raise failed
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise Refused(f"did not answer ({type(error).__name__})") from error

    async def _call_at(
        self,
        address: Address,
        method: str,
        target: httpx.URL,
        **more: Any,  # Any: httpx's arguments
    ) -> tuple[int, dict[str, Any]]:
        request = self._client.build_request(
            method,
            target.copy_with(host=str(address)),
            headers={"Host": target.netloc.decode("ascii")},
            data=more.get("data"),
            extensions={"sni_hostname": target.host},
        )
        answer = await self._client.send(request, auth=more.get("auth"), stream=True)
        try:
            return answer.status_code, _parsed(await _read(answer))
        finally:
            await answer.aclose()

    async def _checked(self, target: httpx.URL) -> list[Address]:
        """The host's addresses, IPv4 first, at most three."""
        port = target.port or (443 if target.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(target.host, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
        if not addresses or not all(is_allowed(address, self._private) for address in addresses):
            raise Refused("leads to a network that is not called")
        if target.scheme != "https" and not all(address.is_loopback for address in addresses):
            raise Refused("is not HTTPS")
        return sorted(addresses, key=lambda address: address.version)[:3]


def check_url(url: str) -> httpx.URL:
    """An address that can be called at all.

    Raises:
        Refused: another scheme, a user's name in it, a fragment.
    """
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        raise Refused("is no address") from None
    if target.scheme not in ("https", "http") or not target.host or target.userinfo or target.fragment:
        raise Refused("is no address that is called")
    return target


async def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > MAX_BYTES:
            raise Refused(f"answered more than {MAX_BYTES} bytes")
    return bytes(body)


def _parsed(body: bytes) -> dict[str, Any]:  # Any: JSON
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("answered no JSON") from None
    if not isinstance(parsed, dict):
        raise Refused("answered no JSON object")
    return parsed


def _nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in IPv6Network("64:ff9b::/96") else None
