"""Who guesses passwords, and what holds them up without holding up anybody else. Pure.

Wrong tries are counted in three ways, each with a consequence of its own (OWASP Authentication Cheat Sheet; "Slow Down Online
Guessing Attacks with Device Cookies"):
- by account and where the try comes from: so many a minute. Where is a device on which somebody signed in to this very account
  before, or else a network. A device's tries are counted by themselves: whatever strangers do, its owner gets in.
- by account over all networks: many guessers at one account. Each network of strangers then has fewer tries a minute, and still
  some: nobody is locked out of their account by others.
- by network over all accounts: one guesser at many accounts. No stranger from there is heard for a while; devices that are
  known are.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

from identity.domain.devices import network_of

DEVICE_DAYS = 180
"""How long a device is known after its last sign-in."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits, written as `10/minute`.

    Attributes:
        tries: of one account from one place.
        slow_tries: the same for strangers, while many guess at the account.
        account_failures: wrong tries of strangers at one account, from which on that is so.
        network_failures: wrong tries of strangers from one network, from which on none of it is heard.
    """

    tries: str
    slow_tries: str
    account_failures: str
    network_failures: str


@dataclass(frozen=True, slots=True)
class Try:
    """One try to sign in.

    Attributes:
        account: stands for the address that was typed, whether it has an account or not.
        network: where it comes from.
        device: the device, if somebody signed in to this account on it before.
    """

    account: str
    network: str
    device: str | None = None

    @property
    def place(self) -> str:
        """What its tries are counted by, beside the account."""
        return f"device {self.device}" if self.device else f"network {self.network}"


def guessed_from(address: str | None) -> str:
    """The network that tries from this address are counted by: an IPv4 address by itself, for its neighbours are others; of
    IPv6 what a provider assigns to one site, since whoever has it chooses among 2^80 addresses."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    mapped = parsed if isinstance(parsed, IPv4Address) else parsed.ipv4_mapped
    return str(mapped) if mapped else str(network_of(address))
