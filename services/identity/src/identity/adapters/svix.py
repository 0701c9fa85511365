"""Signatures of webhooks that Svix sends, as Clerk has it do: HMAC-SHA256 over id, time and body (docs.svix.com,
"Verifying webhooks manually"; the same as Standard Webhooks)."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta

from contracts.errors import Unauthenticated

TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"
MAX_SIGNATURES = 20


class BadSecret(ValueError):
    """A signing secret is not one; shows nothing of it."""


class BadSignature(Unauthenticated):
    """None of our secrets signed it, or not just now. The answer does not say which."""

    slug, title = "bad-signature", "The webhook's signature does not hold"


class WebhookSecrets:
    """The secrets that sign; several while one replaces another.

    Args:
        written: `whsec_` and base64, separated by commas or white space; empty: nothing is accepted.

    Raises:
        BadSecret: one of them is none.
    """

    def __init__(self, written: str) -> None:
        self._keys = [_key(part) for part in written.replace(",", " ").split()]

    def check(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The id of a delivery that holds; the same when it is sent again.

        Raises:
            BadSignature: it does not.
        """
        svix_id, sent, given = (headers.get(f"svix-{name}", "") for name in ("id", "timestamp", "signature"))
        if not 0 < len(svix_id) <= 200 or not svix_id.isascii() or not sent.isdecimal() or len(sent) > 12:
            raise BadSignature
        if abs(now.timestamp() - int(sent)) > TOLERANCE.total_seconds():
            raise BadSignature
        content = f"{svix_id}.{sent}.".encode() + body
        expected = [base64.b64encode(hmac.digest(key, content, "sha256")) for key in self._keys]
        signatures = [part[3:].encode() for part in given.split(" ")[:MAX_SIGNATURES] if part.startswith("v1,")]
        matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures]
        if not any(matches):
            raise BadSignature
        return svix_id


def _key(written: str) -> bytes:
    try:
        key = base64.b64decode(written.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise BadSecret("a secret is not base64") from None
    if not written.startswith(PREFIX) or len(key) < 16:
        raise BadSecret(f"a secret is {PREFIX} and at least 16 bytes in base64")
    return key
