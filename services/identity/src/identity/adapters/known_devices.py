"""Devices that signed in before: each keeps a token that says so, sealed for one address; nothing of it is kept here."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from identity.domain.guessing import DEVICE_DAYS
from servicekit.vault import CannotOpen, Vault

PREFIX = "fdd_"
_ID_BYTES, _TIME_BYTES = 16, 6


class KnownDevices:
    """Gives tokens to devices and knows them again. The token opens nothing: its device's tries are counted by themselves."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def token(self, account: str, device: str | None, now: datetime) -> str:
        """For the device, which goes on under the name that it has, or a new one."""
        name = bytes.fromhex(device) if device else secrets.token_bytes(_ID_BYTES)
        sealed = self._vault.seal(name + int(now.timestamp()).to_bytes(_TIME_BYTES, "big"), "devices", "token", account)
        return PREFIX + urlsafe_b64encode(sealed).decode().rstrip("=")

    def device(self, account: str, token: str | None, now: datetime) -> str | None:
        """The device that signed in to this account with that token; None: it did not, or long ago."""
        if token is None or not token.startswith(PREFIX):
            return None
        written = token.removeprefix(PREFIX)
        try:
            value = self._vault.open(
                urlsafe_b64decode(written + "=" * (-len(written) % 4)), "devices", "token", account
            )
        except (ValueError, CannotOpen):
            return None
        since = datetime.fromtimestamp(int.from_bytes(value[_ID_BYTES:], "big"), UTC)
        return value[:_ID_BYTES].hex() if now - since <= timedelta(days=DEVICE_DAYS) else None
