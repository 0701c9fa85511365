"""Who guesses is held up, who does not is let in. Valkey is away here, which is also how the rules hold then: each instance
counts for itself."""

from collections.abc import AsyncGenerator

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from identity.adapters.sign_in_limits import SignInLimits
from identity.domain.guessing import Rules, Try, guessed_from
from servicekit.problems import TooManyRequests
from servicekit.ratelimit import RateLimits

RULES = Rules(tries="4/minute", slow_tries="2/minute", account_failures="20/hour", network_failures="30/10 minutes")


@pytest.fixture
async def limits() -> AsyncGenerator[SignInLimits]:
    """Counted in this process."""
    nobody = Redis.from_url("redis://127.0.0.1:9", retry=Retry(NoBackoff(), 0))
    yield SignInLimits(RateLimits(nobody, "test", "identity"), RULES)
    await nobody.aclose()


async def wrong(limits: SignInLimits, tried: Try, times: int = 1) -> int:
    """So many wrong tries; how many were heard."""
    heard, waits = 0, set[int]()
    for _ in range(times):
        try:
            await limits.admit(tried)
        except TooManyRequests as refused:
            waits.add(refused.retry_after_seconds)
        else:
            await limits.failed(tried)
            heard += 1
    assert all(1 <= wait <= 600 for wait in waits), "Retry-After says when"
    return heard


async def test_one_network_guesses_so_often_at_one_account(limits: SignInLimits) -> None:
    assert await wrong(limits, Try("anna", "192.0.2.1"), times=9) == 4
    assert await wrong(limits, Try("anna", "192.0.2.2")) == 1, "from elsewhere its owner still gets in"
    assert await wrong(limits, Try("bert", "192.0.2.1")) == 1, "and others do from here"


async def test_a_known_device_is_not_held_up_by_anything_that_strangers_do(limits: SignInLimits) -> None:
    for number in range(20):
        await wrong(limits, Try("anna", f"192.0.2.{number}"), times=4)
        await wrong(limits, Try(f"somebody {number}", "198.51.100.1"), times=4)
    assert await wrong(limits, Try("anna", "198.51.100.1")) == 0, "this network is not heard for a while"
    assert await wrong(limits, Try("anna", "198.51.100.1", "her laptop"), times=9) == 4
    assert await wrong(limits, Try("anna", "198.51.100.1", "her phone"), times=9) == 4


async def test_many_guessers_at_one_account_get_fewer_tries_and_nobody_is_locked_out(limits: SignInLimits) -> None:
    heard = [await wrong(limits, Try("anna", f"192.0.2.{number}"), times=9) for number in range(10)]
    assert heard == [4, 4, 4, 4, 4, 2, 2, 2, 2, 2]
    assert await wrong(limits, Try("anna", "203.0.113.9")) == 1, "whoever comes from elsewhere is heard"
    assert await wrong(limits, Try("bert", "192.0.2.77"), times=9) == 4, "other accounts are not concerned"


async def test_one_network_guesses_so_often_at_all_accounts(limits: SignInLimits) -> None:
    heard = [await wrong(limits, Try(f"somebody {number}", "198.51.100.1")) for number in range(40)]
    assert heard == [1] * 30 + [0] * 10
    assert await wrong(limits, Try("somebody 39", "198.51.100.2")) == 1


async def test_who_types_wrong_on_a_known_device_counts_against_nobody(limits: SignInLimits) -> None:
    for number in range(40):
        await wrong(limits, Try("anna", "198.51.100.1", f"device {number}"), times=4)
    assert await wrong(limits, Try("anna", "198.51.100.1"), times=9) == 4


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:17:42::7", "2001:db8:17::/48"),
        (None, "unknown"),
    ],
)
def test_an_ipv6_site_counts_as_one_network(address: str | None, network: str) -> None:
    assert guessed_from(address) == network
