"""Secrets at rest: each sealed under a key of its own, which is wrapped by a key of the ring from the environment.

    vault = Vault(settings.secret_keys.get_secret_value())
    row.secret = vault.seal(secret, "totp", "secret", row.user_id)
    secret = vault.open(row.secret, "totp", "secret", row.user_id)

Where a value belongs (table, column, row) is authenticated with it: a ciphertext copied into another row does not open.
A sealed value is

    version (1) | id of the ring's key (8) | nonce (12) | wrapped data key (48) | nonce (12) | value and tag (16 more)

with AES-256-GCM throughout. A new ring key wraps the small data key again and leaves the value as it is (`rewrap`).
"""

import base64
import hashlib
import os
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
KEY_ID_AT, KEY_ID_BYTES = 1, 8
"""Where in a sealed value the id of the ring's key stands, counted from 0."""
_VERSION = b"\x01"
_NONCE_BYTES = 12
_HEADER_BYTES = KEY_ID_AT + KEY_ID_BYTES
_WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + 16
_SHORTEST = _HEADER_BYTES + _WRAPPED_BYTES + _NONCE_BYTES + 16


class BadKeyRing(ValueError):
    """The key ring is not one. Says what is wrong and shows no key."""


class CannotOpen(Exception):
    """The value was sealed under a key that is not in the ring, belongs to another row, or was changed."""


class Vault:
    """Seals and opens.

    Args:
        ring: keys of 32 bytes, base64 (either alphabet, padded or not), newest first, separated by commas or white
            space. The first seals; all open.

    Raises:
        BadKeyRing: there is no key, or something that is none.
    """

    def __init__(self, ring: str) -> None:
        keys = [_key(written) for written in ring.replace(",", " ").split()]
        if not keys:
            raise BadKeyRing("there is no key in it")
        self._ring = {_id_of(key): AESGCM(key) for key in keys}
        self.key_id: bytes = _id_of(keys[0])
        """The id of the key that seals."""

    def seal(self, value: bytes, table: str, column: str, row: object) -> bytes:
        """The value as the database keeps it in that row's column."""
        place, data_key, nonce = _place(table, column, row), os.urandom(KEY_BYTES), os.urandom(_NONCE_BYTES)
        return self._wrap(data_key, place) + nonce + AESGCM(data_key).encrypt(nonce, value, place)

    def open(self, sealed: bytes, table: str, column: str, row: object) -> bytes:
        """The value that was sealed for that row's column.

        Raises:
            CannotOpen: it was not, or not under a key of this ring.
        """
        place = _place(table, column, row)
        data_key, rest = self._unwrap(sealed, place)
        try:
            return AESGCM(data_key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], place)
        except InvalidTag:
            _refuse("it was changed")

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the value is under the newest key of the ring already."""
        return sealed[KEY_ID_AT : KEY_ID_AT + KEY_ID_BYTES] == self.key_id

    def rewrap(self, sealed: bytes, table: str, column: str, row: object) -> bytes:
        """The same sealed value under the newest key of the ring.

        Raises:
            CannotOpen: as `open`.
        """
        place = _place(table, column, row)
        data_key, rest = self._unwrap(sealed, place)
        return self._wrap(data_key, place) + rest

    def _wrap(self, data_key: bytes, place: bytes) -> bytes:
        header, nonce = _VERSION + self.key_id, os.urandom(_NONCE_BYTES)
        return header + nonce + self._ring[self.key_id].encrypt(nonce, data_key, header + place)

    def _unwrap(self, sealed: bytes, place: bytes) -> tuple[bytes, bytes]:
        """The data key, and what it seals."""
        header, wrapped = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES : _HEADER_BYTES + _WRAPPED_BYTES]
        if len(sealed) < _SHORTEST or not header.startswith(_VERSION):
            _refuse("it is no sealed value of ours")
        key = self._ring.get(header[KEY_ID_AT:])
        if key is None:
            _refuse(f"its key {header[KEY_ID_AT:].hex()} is not in the ring")
        try:
            data_key = key.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], header + place)
        except InvalidTag:
            _refuse("it belongs to another row, or was changed")
        return data_key, sealed[_HEADER_BYTES + _WRAPPED_BYTES :]


def _refuse(why: str) -> NoReturn:
    raise CannotOpen(f"a sealed value cannot be opened: {why}") from None


def _place(table: str, column: str, row: object) -> bytes:
    return "\x1f".join((table, column, str(row))).encode()


def _key(written: str) -> bytes:
    standard = written.replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:
        raise BadKeyRing("a key in it is not base64") from None
    if len(key) != KEY_BYTES:
        raise BadKeyRing(f"a key in it has {len(key)} bytes, not {KEY_BYTES}")
    return key


def _id_of(key: bytes) -> bytes:
    """Names the key without telling anything of it."""
    return hashlib.sha256(b"frontdesk vault key\x00" + key).digest()[:KEY_ID_BYTES]
