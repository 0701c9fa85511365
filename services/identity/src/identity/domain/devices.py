"""Where a session is used, as its owner recognises it: the browser, the system, the network. Pure.

Kept as coarse as that: enough to tell one's own phone from somebody else's, too little to follow a person by.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

V4_BITS, V6_BITS = 24, 48
"""What is kept of an address: 256 neighbours of it in IPv4, in IPv6 what a provider assigns to one site (RFC 6177)."""
READ = 512
"""Characters of a user agent that are looked at; browsers send fewer."""

# The first that fits. Most browsers also say the names of those that they want to be taken for, so the order matters.
_BROWSERS = (
    ("Edge", re.compile(r"Edg(e|A|iOS)?/")),
    ("Opera", re.compile(r"OPR/|OPT/|Opera")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/")),
    ("Firefox", re.compile(r"Firefox/|FxiOS/")),
    ("Chrome", re.compile(r"Chrome/|CriOS/|Chromium/")),
    ("Safari", re.compile(r"Version/[^ ]+ .*Safari/")),
)
_SYSTEMS = (
    ("Android", re.compile(r"Android")),
    ("iOS", re.compile(r"iPhone|iPad|iPod")),
    ("Windows", re.compile(r"Windows NT|Windows ")),
    ("ChromeOS", re.compile(r"\(X11; CrOS ")),
    ("macOS", re.compile(r"Macintosh|Mac OS X")),
    ("Linux", re.compile(r"Linux|X11")),
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request came from; None: not known.

    Attributes:
        browser: its family, say `Firefox`.
        system: the operating system, say `Windows`.
        network: the client's network, say `203.0.113.0/24`.
    """

    browser: str | None = None
    system: str | None = None
    network: str | None = None


UNKNOWN = Place()


def place_of(user_agent: str | None, address: str | None) -> Place:
    """The place of a request with this `User-Agent` (RFC 9110, 10.1.5) from this address."""
    said = (user_agent or "")[:READ]
    return Place(_first(_BROWSERS, said), _first(_SYSTEMS, said), network_of(address))


def network_of(address: str | None) -> str | None:
    """The network of an address; None where it is none."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(IPv6Network((int(parsed), V6_BITS), strict=False))
        parsed = parsed.ipv4_mapped
    return str(IPv4Network((int(parsed), V4_BITS), strict=False))


def _first(known: tuple[tuple[str, re.Pattern[str]], ...], said: str) -> str | None:
    return next((name for name, written in known if written.search(said)), None)
