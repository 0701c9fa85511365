"""Secrets at rest: what opens a sealed value, and what does not."""

from base64 import b64encode, urlsafe_b64encode

import pytest

from servicekit.ids import new_id
from servicekit.vault import KEY_ID_AT, KEY_ID_BYTES, BadKeyRing, CannotOpen, Vault

OLD, NEW = (urlsafe_b64encode(bytes([n]) * 32).decode() for n in (250, 251))
MINE = ("totp", "secret", new_id())


def test_what_was_sealed_for_a_row_opens_for_that_row() -> None:
    vault = Vault(OLD)
    sealed = vault.seal(b"a shared secret", *MINE)
    assert b"a shared secret" not in sealed
    assert vault.open(sealed, *MINE) == b"a shared secret"


def test_the_same_value_is_never_sealed_the_same_way_twice() -> None:
    vault = Vault(OLD)
    assert vault.seal(b"value", *MINE) != vault.seal(b"value", *MINE)


@pytest.mark.parametrize(
    "elsewhere", [("totp", "secret", new_id()), ("totp", "other", MINE[2]), ("other", "secret", MINE[2])]
)
def test_a_ciphertext_copied_to_another_row_column_or_table_does_not_open(elsewhere: tuple[str, str, object]) -> None:
    vault = Vault(OLD)
    sealed = vault.seal(b"value", *MINE)
    for move in (vault.open, vault.rewrap):
        with pytest.raises(CannotOpen, match="another row"):
            move(sealed, *elsewhere)


def test_no_changed_byte_goes_unnoticed() -> None:
    vault = Vault(f"{OLD} {NEW}")
    sealed = vault.seal(b"value", *MINE)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises(CannotOpen):
            vault.open(changed, *MINE)
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            vault.open(sealed[:length], *MINE)


def test_an_older_key_of_the_ring_still_opens_and_the_newest_seals() -> None:
    before, both = Vault(OLD), Vault(f"{NEW},{OLD}")
    sealed = before.seal(b"value", *MINE)
    assert both.open(sealed, *MINE) == b"value"
    assert both.key_id != before.key_id
    assert both.seal(b"value", *MINE)[KEY_ID_AT : KEY_ID_AT + KEY_ID_BYTES] == both.key_id


def test_after_rewrapping_the_older_key_is_not_needed() -> None:
    sealed = Vault(OLD).seal(b"value", *MINE)
    with pytest.raises(CannotOpen, match="not in the ring"):
        Vault(NEW).open(sealed, *MINE)
    rewrapped = Vault(f"{NEW} {OLD}").rewrap(sealed, *MINE)
    assert Vault(NEW).open(rewrapped, *MINE) == b"value"
    assert rewrapped[-21:] == sealed[-21:], "the value itself stays as it was"


def test_keys_are_read_in_either_alphabet_padded_or_not() -> None:
    key = bytes([251]) * 32
    ids = {Vault(text).key_id for text in (b64encode(key).decode(), NEW, NEW.rstrip("="), f"\n{NEW}\n")}
    assert len(ids) == 1


@pytest.mark.parametrize("ring", ["", " , ", "short", "not base64 at all!", b64encode(bytes(16)).decode(), OLD + ",x"])
def test_a_ring_that_is_none_is_refused_without_showing_it(ring: str) -> None:
    with pytest.raises(BadKeyRing) as refused:
        Vault(ring)
    assert not [part for part in ring.replace(",", " ").split() if len(part) > 5 and part in str(refused.value)]
