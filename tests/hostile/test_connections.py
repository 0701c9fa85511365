"""Ten thousand connections from one address, and sockets that say nothing: the address has its share, no more."""

import asyncio
import resource

import pytest

from devstack.stack import Stack
from hostile.attack import ADDRESS, Sizes, Wire, handshake, memory_stays, request, wire
from hostile.conftest import Unnoticed
from kit.people import Guest, until

SPARE_FILES = 1_000
HALF_A_HEADER = b"GET /widget/opening HTTP/1.1\r\nhost:"


@pytest.fixture(autouse=True)
def descriptors() -> None:
    """As many as may be for this process: it is the hostile side of all these connections."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def connected(base: str, count: int, first: bytes, address: str = ADDRESS) -> list[Wire]:
    """So many connections that each say `first` and no more."""
    lines: list[Wire] = []
    for start in range(0, count, 100):
        some = await asyncio.gather(*(wire(base, address=address) for _ in range(min(100, count - start))))
        for line in some:
            line.writer.write(first)
        lines += some
    return lines


async def still_open(lines: list[Wire]) -> int:
    """How many the other side has not hung up on."""
    return sum(not line.reader.at_eof() and not line.reader.exception() for line in lines)


@pytest.mark.timeout(600)
async def test_an_address_gets_its_share_of_connections(
    stack: Stack, both: list[str], unnoticed: Unnoticed, sizes: Sizes
) -> None:
    """Each kind of crowd comes from an address of its own, to both doors of the house; all at once, as far as this process
    may have so many files open."""
    crowds = [
        *((_crowd, base, b"", f"127.0.0.{10 + at}") for at, base in enumerate(both)),
        *((_crowd, base, HALF_A_HEADER, f"127.0.0.{20 + at}") for at, base in enumerate(both)),
    ]
    async with unnoticed(), memory_stays(stack, "conversation", "gateway", within_megabytes=100):
        at_once = max(1, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE_FILES) // sizes.connections)
        for start in range(0, len(crowds), at_once):
            some = crowds[start : start + at_once]
            await asyncio.gather(*(crowd(base, sizes, first, address) for crowd, base, first, address in some))
    for _, base, _, address in crowds:
        again = await wire(base, address=address)
        again.writer.write(request("GET", "/widget/opening?hotel=lindenhof", connection="close"))
        assert b" 200 " in await again.until_closed(10), "the address is not shut out for ever"


async def _crowd(base: str, sizes: Sizes, first: bytes, address: str) -> None:
    lines = await connected(base, sizes.connections, first, address)

    async def within_its_share() -> bool:
        return await still_open(lines) <= sizes.per_address

    async def none() -> bool:
        return await still_open(lines) == 0

    await until(within_its_share, 60, what="the rest being hung up on")
    await until(none, 60, what="those that say nothing being let go")
    for line in lines:
        line.hang_up()


@pytest.mark.timeout(600)
async def test_an_address_gets_its_share_of_websockets(
    stack: Stack, both: list[str], unnoticed: Unnoticed, sizes: Sizes
) -> None:
    async with (
        unnoticed(),
        await Guest.arrives(both[0]) as guest,
        memory_stays(stack, "conversation", "gateway", within_megabytes=100),
    ):
        await asyncio.gather(*(_sockets(base, guest.path, sizes, f"127.0.0.{30 + at}") for at, base in enumerate(both)))


async def _sockets(base: str, path: str, sizes: Sizes, address: str) -> None:
    """Those over the share are refused; of the others, none says hello, and all are let go."""
    share = sizes.sockets_per_address
    lines: list[Wire] = []
    statuses: list[bytes] = []
    for _ in range(0, sizes.sockets, 20):
        some = await connected(base, 20, handshake(f"{path}/live"), address)
        statuses += [(await line.reader.readline()).split()[1] for line in some]
        lines += some
    assert set(statuses) == {b"101", b"429"}
    assert statuses[:share].count(b"101") == share
    silent = [line for line, status in zip(lines, statuses, strict=True) if status == b"101"]
    await asyncio.gather(*(line.until_closed(60) for line in silent))
    for line in lines:
        line.hang_up()


async def test_a_service_that_runs_out_of_descriptors_goes_on_afterwards(stack: Stack, unnoticed: Unnoticed) -> None:
    base, pid = stack.url("gateway"), stack.pid("gateway")
    assert pid is not None
    usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    async with unnoticed():  # at the conversation service's own address
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (200, usual[1]))
        try:
            lines = await connected(base, 400, b"")
        finally:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
        for line in lines:
            line.hang_up()

        async def answers() -> bool:
            line = await wire(base, address=ADDRESS)
            line.writer.write(request("GET", "/widget/opening?hotel=lindenhof", connection="close"))
            try:
                return b" 200 " in await line.until_closed(3)
            except TimeoutError:
                return False

        await until(answers, what="the gateway answering again")
