"""Sign-in, refresh, verification of tokens, and what the event loop and other requests feel while many sign in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from bench.cpu import between, used
from bench.hashing import CLIENTS, loop_lag
from bench.report import header, layers, milliseconds, percentile, table
from bench.stackside import Bench
from bench.verification import verification
from kit.people import PASSWORD

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
FELT = 2
"""So many times its p95 alone may `GET /me` take beside sign-ins."""
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

    def row(self) -> list[object]:
        """Rate, times and refusals."""
        return [f"{len(self.took) / self.seconds:.0f}", milliseconds(self.took), self.refused]


async def measure(bench: Bench, *, connections: Sequence[int], seconds: float, rounds: int, seed: int) -> None:
    """Verification by itself; sign-in and refresh at so many connections; what the event loop and `GET /me` feel."""
    header("Sign-in, refresh, verification", seed, "p50 / p95 / p99; the client runs on the same cores")
    limits = httpx.Limits(max_connections=max(*connections, CLIENTS) + 8)
    async with httpx.AsyncClient(
        base_url=bench.stack.addresses["identity"], limits=limits, timeout=30, trust_env=False
    ) as http:
        token = (await _signed_in(http, 0))["access_token"]
        await verification(http.base_url, token)
        rows: list[list[object]] = []
        for name, client in (("sign-in", _sign_ins), ("refresh", _refreshes)):
            for count in connections:
                before = used(bench)
                load = await _load(count, seconds, lambda number, client=client: client(http, number))
                spent = layers(between(before, used(bench)), len(load.took), least=1)
                rows.append([f"{name}, {count} at a time", *load.row(), spent])
        table(["", "a second", "ms", "refused", "CPU ms each"], rows)
        await loop_lag(rounds, seconds / 3)
        await _felt(http, rounds, seconds)


async def _felt(http: httpx.AsyncClient, rounds: int, seconds: float) -> None:
    """`GET /me` at a steady pace: alone, beside eight who sign in, and beside eight who refresh, which takes the loop and
    the database as a sign-in does but hashes nothing. Sign-ins starve others if they do more to them than `FELT` says."""
    took: dict[str, list[float]] = {"alone": [], "sign-in": [], "refresh": []}
    rates: dict[str, list[float]] = {"sign-in": [], "refresh": []}
    bearer = {"authorization": f"Bearer {(await _signed_in(http, 0))['access_token']}"}
    for _ in range(rounds):
        took["alone"] += await _looks(http, bearer, seconds)
        for name, client in (("sign-in", _sign_ins), ("refresh", _refreshes)):
            storm = asyncio.create_task(_load(CLIENTS, seconds, lambda number, client=client: client(http, number)))
            await asyncio.sleep(seconds / 10)  # until all of them are at it
            took[name] += await _looks(http, bearer, seconds * 0.9)
            load = await storm
            rates[name].append(len(load.took) / load.seconds)
    alone = percentile(took["alone"], 0.95)
    rows = [
        [f"{CLIENTS} at a time: {name} ({sum(rates[name]) / rounds:.0f} a second)", milliseconds(took[name]),
         f"{percentile(took[name], 0.95) / alone:.1f}"]
        for name in rates
    ]  # fmt: skip
    table(["GET /me beside", "ms", "p95 to alone"], [["nothing", milliseconds(took["alone"]), "1"], *rows])
    print(f"Nobody starves while p95 beside sign-ins stays under {FELT} times p95 alone.\n", flush=True)


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


async def _looks(http: httpx.AsyncClient, bearer: Mapping[str, str], seconds: float) -> list[float]:
    """Seconds of `GET /me`, asked at a steady pace."""
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
