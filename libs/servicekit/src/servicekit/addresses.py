"""Whose an address is: what limits per address count by."""

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address, IPv6Network

V6_PREFIX = 64
"""Bits of an IPv6 address that name a customer's network (RFC 6177); within it everybody chooses addresses freely."""


@lru_cache(maxsize=4096)
def whose(address: str) -> str:
    """The address as limits count it: IPv4 as it is, also where it is mapped into IPv6; of IPv6 the network."""
    try:
        parsed = IPv6Address(address)
    except AddressValueError:
        return address
    return str(parsed.ipv4_mapped or IPv6Network((parsed, V6_PREFIX), strict=False))
