"""The signing key and the public keys."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from identity_play import new_key, public_of

from identity.adapters.signing import BadKey, SigningKeys


def test_what_one_key_signs_is_verified_by_its_published_half() -> None:
    keys = SigningKeys(new_key())
    token = keys.sign({"sub": "somebody"})
    found = jwt.PyJWKSet.from_dict(keys.jwks())[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, found, algorithms=["ES256"])["sub"] == "somebody"
    assert "d" not in keys.jwks()["keys"][0]


def test_the_key_id_is_the_thumbprint_so_that_restarts_keep_it() -> None:
    pem = new_key()
    assert SigningKeys(pem).kid == SigningKeys(pem).kid != SigningKeys(new_key()).kid


def test_the_next_and_the_former_key_are_published_beside_the_one_that_signs() -> None:
    now, before, after = new_key(), new_key(), new_key()
    keys = SigningKeys(now, public_of(before) + public_of(after))
    assert [key["kid"] for key in keys.jwks()["keys"]] == [SigningKeys(pem).kid for pem in (now, before, after)]


def test_a_key_that_cannot_sign_es256_is_refused_at_the_start() -> None:
    private = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for pem in (
        "",
        "not a key",
        public_of(new_key()),
        ec.generate_private_key(ec.SECP384R1()).private_bytes(*private).decode(),
        rsa.generate_private_key(65537, 2048).private_bytes(*private).decode(),
    ):
        with pytest.raises(BadKey):
            SigningKeys(pem)
    with pytest.raises(BadKey):
        SigningKeys(new_key(), "rubbish")
