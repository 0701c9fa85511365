"""Which IP addresses are anybody's to ask, and which may lead to a machine inside our own network."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# The registries of special-purpose addresses (IANA, RFC 6890), as `is_global` says different things about them in
# different versions of Python.
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's own service: a public address that only a machine in Azure reaches
    )
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols' own, Teredo among them, which hides an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4 hides an IPv4 address, and no site lives there any more (RFC 7526)
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def plain(address: IPAddress) -> IPAddress:
    """The address that is dialled in the end: an IPv4 address that is written as IPv6 is that IPv4 address."""
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


def is_public(address: IPAddress) -> bool:
    """Whether the address is a public site's, by all that is written in it."""
    address = plain(address)
    if isinstance(address, IPv6Address):
        if address in _NAT64:  # where there is IPv6 only, every site of IPv4 is found under such an address
            return is_public(IPv4Address(address.packed[-4:]))
        if address.scope_id is not None or address not in _GLOBAL_UNICAST_V6:
            return False
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_V6)
    return address.is_global and not any(address in network for network in _NOT_PUBLIC_V4)


def is_within(address: IPAddress, networks: tuple[IPNetwork, ...]) -> bool:
    """Whether one of the networks holds the address."""
    return any(plain(address) in network for network in networks)
