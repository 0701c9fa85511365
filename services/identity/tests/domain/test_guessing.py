"""By what wrong tries are counted."""

import pytest

from identity.domain.guessing import Try, guessed_from


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1:ffff::1", "2001:db8:1::/48"),
        ("unix:", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_one_ipv4_address_or_one_ipv6_site_guesses_as_one(address: str | None, network: str) -> None:
    assert guessed_from(address) == network


def test_a_known_device_is_counted_by_itself_wherever_it_is() -> None:
    assert Try("anna", "203.0.113.7").place == "network 203.0.113.7"
    assert Try("anna", "203.0.113.7", "d1").place == Try("anna", "198.51.100.1", "d1").place == "device d1"
