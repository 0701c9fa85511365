"""What a verification of an access token costs, beside the bare check of its signature; it waits for nothing and asks nobody."""

from __future__ import annotations

import statistics
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable

import httpx
import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from bench.report import table
from servicekit.auth import JwksCache, TokenVerifier
from servicekit.denylist import DenyList

TURNS, EACH, REMEMBERED_EACH = 25, 100, 2_000


async def verification(base_url: httpx.URL, token: str) -> None:
    """A real token of the stack's, checked with identity's keys in this process, in turn with the bare check."""
    asked = 0

    async def count(_: httpx.Request) -> None:
        nonlocal asked
        asked += 1

    async with httpx.AsyncClient(trust_env=False, event_hooks={"request": [count]}) as client:
        keys = JwksCache(str(base_url.join("/.well-known/jwks.json")), client)
        each, remembering = _verifier(keys, 0), _verifier(keys, 10)
        await each.verify(token)
        await remembering.verify(token)
        bare = _bare(await keys.key(jwt.get_unverified_header(token)["kid"]), token)
    # The client is closed: whoever asked now would fail.
    checked: list[float] = []
    remembered: list[float] = []
    signature: list[float] = []
    for _ in range(TURNS):
        signature.append(_microseconds(bare, EACH))
        checked.append(_microseconds(lambda: _at_once(each, token), EACH))
        remembered.append(_microseconds(lambda: _at_once(remembering, token), REMEMBERED_EACH))
    ratio = statistics.median(one / other for one, other in zip(checked, signature, strict=True))
    table(
        ["verification of a token", "us of the processor, median of turns", "limit"],
        [
            ["its ES256 signature alone, by OpenSSL", f"{statistics.median(signature):.0f}", ""],
            [f"all of it checked: {ratio:.1f} times as much", f"{statistics.median(checked):.0f}", "150"],
            ["remembered; end and deny list looked at", f"{statistics.median(remembered):.1f}", "10"],
        ],
    )
    print(f"{len(token)} bytes of token; {asked} call to identity, for the keys; then with the client closed")
    print(f"{TURNS * (EACH + REMEMBERED_EACH)} verifications, of which none waited for anything\n", flush=True)


def _verifier(keys: JwksCache, remembered: int) -> TokenVerifier:
    audiences = frozenset({"frontdesk"})
    return TokenVerifier(keys, DenyList(), issuer="frontdesk-identity", audiences=audiences, remembered=remembered)


def _bare(key: ec.EllipticCurvePublicKey, token: str) -> Callable[[], None]:
    signed, _, last = token.rpartition(".")
    raw = urlsafe_b64decode(last + "=" * (-len(last) % 4))
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    octets, algorithm = signed.encode(), ec.ECDSA(hashes.SHA256())
    return lambda: key.verify(der, octets, algorithm)


def _at_once(verifier: TokenVerifier, token: str) -> None:
    """Verify without an event loop.

    Raises:
        RuntimeError: it waits for something.
    """
    work = verifier.verify(token)
    try:
        work.send(None)
    except StopIteration:
        return
    work.close()
    raise RuntimeError("a verification waited for something")


def _microseconds(work: Callable[[], None], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6
