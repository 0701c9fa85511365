"""A device that signed in before is known again, for its account alone."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from identity.adapters.known_devices import PREFIX, KnownDevices
from servicekit.vault import Vault

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, SECOND = (urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))


def devices(ring: str = FIRST) -> KnownDevices:
    return KnownDevices(Vault(ring))


def test_a_device_keeps_its_name_from_sign_in_to_sign_in() -> None:
    first = devices().device("anna", devices().token("anna", None, NOW), NOW)
    assert first is not None
    later = NOW + timedelta(days=100)
    assert devices().device("anna", devices().token("anna", first, later), later + timedelta(days=100)) == first
    assert devices().device("anna", devices().token("anna", None, NOW), NOW) != first


def test_it_is_known_for_its_own_account_alone() -> None:
    assert devices().device("bert", devices().token("anna", None, NOW), NOW) is None


def test_it_is_forgotten_after_half_a_year() -> None:
    token = devices().token("anna", None, NOW)
    assert devices().device("anna", token, NOW + timedelta(days=180)) is not None
    assert devices().device("anna", token, NOW + timedelta(days=181)) is None


def test_a_new_key_of_the_ring_keeps_devices_known() -> None:
    token = devices().token("anna", None, NOW)
    assert devices(f"{SECOND},{FIRST}").device("anna", token, NOW) is not None
    assert devices(SECOND).device("anna", token, NOW) is None


def test_what_is_no_token_is_nobodys() -> None:
    good = devices().token("anna", None, NOW)
    for token in (
        None,
        "",
        "fdd_",
        PREFIX + "x" * 200,
        good[:-4],
        good.replace(good[60], "A" if good[60] != "A" else "B"),
        "fdd_ä",
    ):
        assert devices().device("anna", token, NOW) is None
