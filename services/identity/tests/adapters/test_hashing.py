"""Password hashes."""

import pytest

from identity.adapters.hashing import Passwords


async def test_hashes_have_the_parameters_that_owasp_recommends() -> None:
    hasher = Passwords()
    assert (await hasher.hash("three old kettles sing")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hasher.close()


async def test_only_the_password_itself_matches() -> None:
    hasher = Passwords()
    kept = await hasher.hash("gr\u00fcne Wiesen 42")
    assert await hasher.verify(kept, "gru\u0308ne Wiesen 42")
    assert not await hasher.verify(kept, "gr\u00fcne Wiesen 43")
    assert not await hasher.verify("no hash at all", "gr\u00fcne Wiesen 42")
    hasher.close()


async def test_an_account_that_does_not_exist_costs_a_whole_verification(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Passwords()
    verified: list[str] = []

    class Counting:
        def verify(self, password_hash: str, _: str) -> bool:
            verified.append(password_hash)
            return True

    monkeypatch.setattr(hasher, "_hasher", Counting())
    assert not await hasher.verify(None, "anything")
    assert verified == [hasher._nobodys]  # pyright: ignore[reportPrivateUsage]  # what it is compared with
    assert verified[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hasher.close()
