"""Checkpoints of the audit chains, signed: compact JWS (RFC 7515) that anybody with the public keys can check.

Whoever can rewrite the database can make a chain that is sound in itself. They cannot sign what they made of it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from identity.adapters.signing import ALGORITHM, KeyRing, public_keys
from identity.domain.audit_chain import Mark

TYPE = "frontdesk-audit-checkpoint+jwt"
"""The header's `typ`, so that nothing else this key signs passes for a checkpoint (RFC 8725, 3.11)."""


class BadCheckpoint(ValueError):
    """The text is no checkpoint that one of our keys signed; says why."""


class CheckpointKeys:
    """Signs checkpoints with the key of the tokens, and knows that of every key that signed before.

    Args:
        ring: the key that signs now, and every one that did.
        former_pem: PEM public keys of others that signed before.

    Raises:
        BadKey: one of the former keys cannot verify ES256.
    """

    def __init__(self, ring: KeyRing, former_pem: str = "") -> None:
        self._ring = ring
        self._former: dict[str, ec.EllipticCurvePublicKey] = public_keys(former_pem)

    def sign(self, mark: Mark, at: datetime) -> str:
        """The mark as a compact JWS; `at` is said in it, for people."""
        claims: dict[str, Any] = {  # Any: JSON
            "chain": str(mark.chain),
            "position": mark.position,
            "hash": mark.hash.hex(),
            "cut": mark.cut,
            "at": at.isoformat(),
        }
        return self._ring.sign(claims, type=TYPE)

    def read(self, jws: str, says: Mark | None = None) -> Mark:
        """The mark that was signed; it must be `says` where that is given.

        Raises:
            BadCheckpoint: not a checkpoint, by a key we do not know, or changed since.
        """
        try:
            header = jwt.get_unverified_header(jws)
            kid = str(header.get("kid"))
            if header.get("typ") != TYPE:
                raise BadCheckpoint("it was not signed as a checkpoint")
            known = self._ring.keys.known | self._former
            if kid not in known:
                raise BadCheckpoint(f"the key {kid} is not known; its public half belongs in FRONTDESK_AUDIT_KEYS")
            claims: dict[str, Any] = jwt.decode(jws, known[kid], algorithms=[ALGORITHM])  # Any: JSON
            mark = Mark(
                UUID(claims["chain"]), int(claims["position"]), bytes.fromhex(claims["hash"]), claims["cut"] is True
            )
        except jwt.InvalidTokenError as error:
            raise BadCheckpoint("the signature does not hold") from error
        except (KeyError, TypeError, AttributeError) as error:
            raise BadCheckpoint("it lacks what a checkpoint says") from error
        if says not in (None, mark):
            raise BadCheckpoint("another checkpoint was signed than the one that stands there")
        return mark
