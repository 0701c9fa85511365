"""Addresses of pages: what may be asked for at all, before any name is looked up."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Final

import httpx

from conversation.adapters.fetched import Refused
from conversation.adapters.public_addresses import IPAddress

MAX_LENGTH: Final = 2_000
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# What a system's resolver may take for an IPv4 address: `2130706433`, `0x7f.1` (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_CONTROL = re.compile(r"[\x00-\x20\x7f\\]")


@dataclass(frozen=True, slots=True)
class WebAddress:
    """Where a page is: the host in ASCII and lower case, the target with its query and without fragment."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port, as the Host header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port: what one robots.txt is for."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target

    def at(self, target: str) -> "WebAddress":
        """Another target of the same site."""
        return WebAddress(self.scheme, self.host, self.port, target)

    def joined(self, reference: str) -> "WebAddress":
        """The address that a reference on this page means.

        Raises:
            Refused: it is none that may be asked for.
        """
        reference = reference.strip()
        _refuse_oddities(reference)
        try:
            return read_address(str(httpx.URL(str(self)).join(reference)))
        except httpx.InvalidURL as error:
            raise Refused("The address is not a web address") from error

    def is_same_site(self, other: "WebAddress") -> bool:
        """Whether both have the same host, with or without `www.`."""
        return self.host.removeprefix("www.") == other.host.removeprefix("www.")


def read_address(text: str) -> WebAddress:
    """The address that somebody typed, or that a page names.

    Raises:
        Refused: it is no address of a web page, or it is written in a way that only a trick needs.
    """
    text = text.strip()
    _refuse_oddities(text)
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError) as error:
        raise Refused("The address is not a web address") from error
    if url.scheme not in DEFAULT_PORTS:
        raise Refused("The address must begin with http:// or https://")
    if url.userinfo:
        raise Refused("The address must not hold a user name or a password")
    port = url.port if url.port is not None else DEFAULT_PORTS[url.scheme]
    if not 0 < port < 65_536:
        raise Refused("The address names a port that does not exist")
    address = WebAddress(url.scheme, _host(host), port, url.raw_path.decode("ascii"))
    if len(str(address)) > MAX_LENGTH:  # percent-encoding makes it longer
        raise Refused("The address is too long")
    return address


def literal(host: str) -> IPAddress | None:
    """The IP address that a host of a `WebAddress` is, or None for a name."""
    try:
        return IPv6Address(host) if ":" in host else IPv4Address(host)
    except AddressValueError:
        return None


def _refuse_oddities(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise Refused("The address is too long")
    # Programs differ in what they make of these, so one would check another address than the next one asks.
    if _CONTROL.search(text):
        raise Refused("The address is not a web address")


def _host(host: str) -> str:
    host = host.lower().removesuffix(".")
    if ":" in host:
        try:
            return str(IPv6Address(host))
        except AddressValueError as error:
            raise Refused("The address is not a web address") from error
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("The address does not name a site")
    if _NUMBER.fullmatch(labels[-1]) and literal(host) is None:
        raise Refused("The address does not name a site")
    return host
