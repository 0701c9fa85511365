"""Checkpoints of the audit log: who signed them, and what is taken for one."""

from datetime import UTC, datetime
from uuid import UUID

import jwt
import pytest
from identity_play import new_key, public_of

from identity.adapters.checkpoints import BadCheckpoint, CheckpointKeys
from identity.adapters.signing import BadKey, KeyRing, SigningKeys
from identity.domain.audit_chain import Mark

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MARK = Mark(UUID(int=1), 7, bytes(range(32)), cut=True)


def test_what_was_signed_is_read_again() -> None:
    keys = CheckpointKeys(KeyRing(SigningKeys(new_key())))
    assert keys.read(keys.sign(MARK, NOW)) == MARK


def test_a_checkpoint_of_a_former_key_holds_as_long_as_its_public_half_is_known() -> None:
    before, now = new_key(), new_key()
    jws = CheckpointKeys(KeyRing(SigningKeys(before))).sign(MARK, NOW)
    assert CheckpointKeys(KeyRing(SigningKeys(now)), public_of(before)).read(jws) == MARK
    assert CheckpointKeys(KeyRing(SigningKeys(now, public_of(before)))).read(jws) == MARK
    with pytest.raises(BadCheckpoint, match="FRONTDESK_AUDIT_KEYS"):
        CheckpointKeys(KeyRing(SigningKeys(now))).read(jws)
    with pytest.raises(BadKey):
        CheckpointKeys(KeyRing(SigningKeys(now)), "rubbish")


def test_a_former_key_that_checks_checkpoints_is_not_published_for_tokens() -> None:
    keys = SigningKeys(new_key())
    CheckpointKeys(KeyRing(keys), public_of(new_key()))
    assert [key["kid"] for key in keys.jwks()["keys"]] == [keys.kid]


def test_only_what_was_signed_as_a_checkpoint_is_one() -> None:
    keys = SigningKeys(new_key())
    checkpoints = CheckpointKeys(KeyRing(keys))
    good = checkpoints.sign(MARK, NOW)
    head, claims, signature = good.split(".")
    claims_of = jwt.decode(good, options={"verify_signature": False})
    for bad in (
        "",
        "no checkpoint",
        "ü.ü.ü",
        f"{head}.{claims}.{signature[:-2]}AA",
        f"{head}.{claims[:-4]}AAAA.{signature}",
        keys.sign(claims_of),  # an access token that says the same
        jwt.encode(
            claims_of, "0" * 32, algorithm="HS256", headers={"kid": keys.kid, "typ": "frontdesk-audit-checkpoint+jwt"}
        ),
        keys.sign({"position": 7}, type="frontdesk-audit-checkpoint+jwt"),
    ):
        with pytest.raises(BadCheckpoint):
            checkpoints.read(bad)
