"""Counts tries to sign in, by the rules of `domain.guessing`, before and after the password is looked at."""

from identity.domain.guessing import Rules, Try
from servicekit.problems import TooManyRequests
from servicekit.ratelimit import RateLimits


class SignInLimits:
    """Who is heard. An address without an account is counted like any other."""

    def __init__(self, limits: RateLimits, rules: Rules) -> None:
        self._limits = limits
        self._rules = rules

    async def admit(self, tried: Try) -> None:
        """Let one try be made, and count it.

        Raises:
            TooManyRequests: not now; says when.
        """
        rules = self._rules
        if tried.device is None:
            wait = await self._limits.wait(rules.network_failures, "sign-in-network", tried.network)
            if wait:
                raise TooManyRequests("too many wrong tries from this network", retry_after_seconds=wait)
        await self._limits.check(rules.tries, "sign-in", tried.account, tried.place)
        if tried.device is None and await self._limits.wait(rules.account_failures, "sign-in-account", tried.account):
            await self._limits.check(rules.slow_tries, "sign-in-slow", tried.account, tried.place)

    async def failed(self, tried: Try) -> None:
        """Address or password was wrong."""
        if tried.device is None:
            await self._limits.count(self._rules.account_failures, "sign-in-account", tried.account)
            await self._limits.count(self._rules.network_failures, "sign-in-network", tried.network)
