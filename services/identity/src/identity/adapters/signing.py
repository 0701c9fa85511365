"""The key that signs access tokens, and the public keys that services verify them with (RFC 7517, 7519)."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from servicekit.logging import log
from servicekit.problems import Unavailable

ALGORITHM = "ES256"
_PUBLIC_PEM_END = "-----END PUBLIC KEY-----"


class BadKey(ValueError):
    """The PEM is not an EC key on P-256."""


class SigningKeys:
    """One private key that signs, and other public keys that are published beside it.

    Args:
        private_pem: PKCS 8 or SEC 1, P-256, unencrypted.
        others_pem: any number of PEM public keys, one after another.
        kept_pem: the same of keys that are published no longer; what outlives tokens is checked with them.

    Raises:
        BadKey: what was given cannot sign or verify ES256.
    """

    def __init__(self, private_pem: str, others_pem: str = "", kept_pem: str = "") -> None:
        self._key = key = _private(private_pem)
        own = _jwk(key.public_key())
        self.kid: str = own["kid"]
        others = public_keys(others_pem)
        self.public: dict[str, ec.EllipticCurvePublicKey] = {self.kid: key.public_key(), **others}
        self.known = self.public | public_keys(kept_pem)
        self._document = {"keys": [own, *(_jwk(other) for other in others.values())]}

    def jwks(self) -> dict[str, Any]:  # Any: JSON
        """The JWK set that anybody may read."""
        return self._document

    def sign(self, claims: Mapping[str, Any], *, type: str = "at+jwt") -> str:  # Any: JSON
        """The claims as a compact JWS; `type` says what for (RFC 9068: an access token)."""
        return jwt.encode(dict(claims), self._key, algorithm=ALGORITHM, headers={"kid": self.kid, "typ": type})


class KeyRing:
    """The keys that this process uses at present. Others take their place while it runs."""

    def __init__(self, keys: SigningKeys | None = None) -> None:
        self._keys = keys

    def use(self, keys: SigningKeys) -> None:
        """Sign and publish with these from now on."""
        if self._keys is not None and self._keys.kid != keys.kid:
            log.info("signing_key.changed", kid=keys.kid, former=self._keys.kid)
        self._keys = keys

    @property
    def keys(self) -> SigningKeys:
        """The keys of this moment.

        Raises:
            Unavailable: they could not be read yet.
        """
        if self._keys is None:
            raise Unavailable("the signing keys could not be read yet")
        return self._keys

    def jwks(self) -> dict[str, Any]:  # Any: JSON
        """As `SigningKeys.jwks`."""
        return self.keys.jwks()

    def sign(self, claims: Mapping[str, Any], *, type: str = "at+jwt") -> str:  # Any: JSON
        """As `SigningKeys.sign`."""
        return self.keys.sign(claims, type=type)


def generate() -> str:
    """A new private key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()).decode()


def parts_of(private_pem: str) -> tuple[str, str]:
    """The key's id, and its public half as PEM.

    Raises:
        BadKey: it cannot sign ES256.
    """
    public = _private(private_pem).public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return _jwk(public)["kid"], public.public_bytes(serialization.Encoding.PEM, info).decode()


def public_keys(pem: str) -> dict[str, ec.EllipticCurvePublicKey]:
    """Any number of PEM public keys, one after another, by their ids.

    Raises:
        BadKey: one of them cannot verify ES256.
    """
    found = [_public(block) for block in _blocks(pem)]
    return {_jwk(key)["kid"]: key for key in found}


def _private(pem: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadKey("the signing key is not an unencrypted PEM private key") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadKey("the signing key is not on the curve P-256")
    return key


def _blocks(pem: str) -> list[str]:
    return [block + _PUBLIC_PEM_END for block in pem.split(_PUBLIC_PEM_END) if block.strip()]


def _public(pem: str) -> ec.EllipticCurvePublicKey:
    try:
        key = serialization.load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadKey("one of the other keys is not a PEM public key") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadKey("one of the other keys is not on the curve P-256")
    return key


def _jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    members = {"crv": "P-256", "kty": "EC", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}
    thumbprint = hashlib.sha256(
        json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    ).digest()  # RFC 7638
    return {**members, "kid": _encoded(thumbprint), "use": "sig", "alg": ALGORITHM}


def _base64url(number: int) -> str:
    return _encoded(number.to_bytes(32, "big"))


def _encoded(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()
