"""Sign-in, refresh, verification of tokens, and what other requests feel while many sign in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from bench.report import header, milliseconds, percentile, table
from bench.stackside import Bench
from kit.people import PASSWORD
from servicekit.auth import JwksCache, TokenVerifier
from servicekit.denylist import DenyList

EMAILS = [
    f"{name}.example"
    for name in (
        "sam.staff@lindenhof",
        "vera.viewer@lindenhof",
        "anna.admin@lindenhof",
        "holly.staff@harbour-house",
        "harry.admin@harbour-house",
    )
]
"""Sign-ins of one account wait for each other."""
VERIFIED, REMEMBERED = 2_000, 50_000
PACE_SECONDS = 0.05
"""Between two looks at `GET /me`."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a load came to.

    Attributes:
        took: seconds of each request that was answered as it should be.
        refused: how many were answered otherwise.
        seconds: how long it went on.
    """

    took: list[float]
    refused: int
    seconds: float

    def row(self, name: str) -> list[object]:
        """A line of the table."""
        rate = f"{len(self.took) / self.seconds:.0f}"
        return [name, rate, milliseconds(self.took), self.refused]


async def measure(bench: Bench, *, connections: int, seconds: float, rounds: int, seed: int) -> None:
    """Verification by itself, sign-in and refresh at so many connections, and `GET /me` with and without sign-ins."""
    header("Sign-in, refresh, verification", seed, "p50 / p95 / p99; the client runs on the same cores")
    limits = httpx.Limits(max_connections=connections + 8)
    async with httpx.AsyncClient(
        base_url=bench.stack.addresses["identity"], limits=limits, timeout=30, trust_env=False
    ) as http:
        await _verification(http)
        signing_in = await _load(connections, seconds, lambda number: _sign_ins(http, number))
        refreshing = await _load(connections, seconds, lambda number: _refreshes(http, number))
        table(
            ["", "a second", "ms", "refused"],
            [
                signing_in.row(f"sign-in, {connections} at a time"),
                refreshing.row(f"refresh, {connections} at a time"),
            ],
        )
        quiet: list[float] = []
        stormy: list[float] = []
        for _ in range(rounds):
            quiet += await _looks(http, seconds / 2)
            storm = asyncio.create_task(_load(connections, seconds / 2, lambda number: _sign_ins(http, number)))
            stormy += await _looks(http, seconds / 2)
            await storm
    ratio = percentile(stormy, 0.95) / percentile(quiet, 0.95)
    table(
        ["GET /me", "ms", ""],
        [
            ["while nobody signs in", milliseconds(quiet), ""],
            [f"while {connections} at a time sign in", milliseconds(stormy), f"p95 {ratio:.1f} times the other"],
        ],
    )


async def _verification(http: httpx.AsyncClient) -> None:
    """A real token of the stack's, checked with identity's keys in this process."""
    token = (await _signed_in(http, 0))["access_token"]
    asked = 0

    async def count(_: httpx.Request) -> None:
        nonlocal asked
        asked += 1

    async with httpx.AsyncClient(trust_env=False, event_hooks={"request": [count]}) as keys_client:
        keys = JwksCache(str(http.base_url.join("/.well-known/jwks.json")), keys_client)

        def verifier(remembered: int) -> TokenVerifier:
            audiences = frozenset({"frontdesk"})
            return TokenVerifier(
                keys, DenyList(), issuer="frontdesk-identity", audiences=audiences, remembered=remembered
            )

        each, remembering = verifier(0), verifier(10)
        await each.verify(token)
        await remembering.verify(token)
        first, again = await _timed(each, token, VERIFIED), await _timed(remembering, token, REMEMBERED)
    table(
        ["verification of a token", "us", "limit"],
        [
            ["the signature checked", f"{first:.0f}", "150"],
            ["remembered; end and deny list looked at", f"{again:.1f}", "10"],
            ["calls to identity for all of them", asked, "1"],
        ],
    )


async def _timed(verifier: TokenVerifier, token: str, times: int) -> float:
    """Microseconds of the processor's for one verification: the best of five turns, since others are at work on it."""
    turns: list[float] = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(times // 5):
            await verifier.verify(token)
        turns.append((time.process_time() - began) / (times // 5) * 1e6)
    return min(turns)


async def _load(
    connections: int, seconds: float, client: Callable[[int], Awaitable[Callable[[], Awaitable[bool]]]]
) -> Load:
    """So many clients, each asking again as soon as it has its answer."""
    took: list[float] = []
    refused = 0
    asks = [await client(number) for number in range(connections)]
    began = time.perf_counter()

    async def go_on(ask: Callable[[], Awaitable[bool]]) -> None:
        nonlocal refused
        while (asked := time.perf_counter()) < began + seconds:
            if await ask():
                took.append(time.perf_counter() - asked)
            else:
                refused += 1

    await asyncio.gather(*map(go_on, asks))
    return Load(took, refused, time.perf_counter() - began)


async def _sign_ins(http: httpx.AsyncClient, number: int) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        answer = await http.post("/tokens", json=_credentials(number), headers=_from(number))
        return answer.status_code == 201

    return ask


async def _refreshes(http: httpx.AsyncClient, number: int) -> Callable[[], Awaitable[bool]]:
    token: str = (await _signed_in(http, number))["refresh_token"]

    async def ask() -> bool:
        nonlocal token
        answer = await http.post("/tokens/refresh", json={"refresh_token": token}, headers=_from(number))
        if answer.status_code == 200:
            token = answer.json()["refresh_token"]
        return answer.status_code == 200

    return ask


async def _looks(http: httpx.AsyncClient, seconds: float) -> list[float]:
    """Seconds of `GET /me`, asked at a steady pace."""
    bearer = {"authorization": f"Bearer {(await _signed_in(http, 0))['access_token']}"}
    took: list[float] = []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        (await http.get("/me", headers=bearer)).raise_for_status()
        took.append(time.perf_counter() - began)
        await asyncio.sleep(max(0.0, PACE_SECONDS - took[-1]))
    return took


async def _signed_in(http: httpx.AsyncClient, number: int) -> dict[str, str]:
    answer = await http.post("/tokens", json=_credentials(number), headers=_from(number))
    answer.raise_for_status()
    return answer.json()


def _credentials(number: int) -> dict[str, str]:
    return {"email": EMAILS[number % len(EMAILS)], "password": PASSWORD}


def _from(number: int) -> dict[str, str]:
    """Each client comes from a network of its own."""
    return {"x-forwarded-for": f"198.18.{number // 250}.{number % 250 + 1}"}
