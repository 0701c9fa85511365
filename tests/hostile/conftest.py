"""A stack of its own for those who mean harm, and a guest who must not notice.

The hostile come from 127.0.0.9, an address of its own on the loopback interface that no proxy of ours has; everybody else
comes from 127.0.0.1.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

import contracts.events
from devstack.stack import Stack
from hostile.attack import Sizes
from kit.one_stack import guarded
from kit.people import Guest
from servicekit.settings import ServiceSettings

assert contracts.events.MessageSent.TYPE  # importing the module registers the event types

ANSWERED_WITHIN_SECONDS = 10.0
"""Generous: the hostile share two cores with the whole stack here."""
BETWEEN_SECONDS = 1.5
"""So that the bystander stays within a guest's own limit."""

SHARES = ("connections_per_address", "sockets_per_address")

Unnoticed = Callable[[], AbstractAsyncContextManager[None]]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--full` for the sizes that are claimed; else smaller ones, for two cores and a minute."""
    parser.addoption("--full", action="store_true", help="10,000 connections, a thousand messages a second for 20 s")


@pytest.fixture(scope="session")
def sizes(request: pytest.FixtureRequest) -> Sizes:
    """How much of everything."""
    full = bool(request.config.getoption("--full", default=False))
    usual = {name: ServiceSettings.model_fields[name].default for name in SHARES}
    return Sizes(10_000, 900, usual[SHARES[0]], usual[SHARES[1]], seconds=20) if full else Sizes()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, sizes: Sizes) -> Iterator[Stack]:
    """The running system with both demo hotels; slow requests are cut off sooner than usual."""
    folder = tmp_path_factory.mktemp("hostile") / "state"
    with guarded(folder, sizes.per_address, sizes.sockets_per_address) as running:
        yield running


@pytest.fixture(params=["conversation", "gateway"])
def base(stack: Stack, request: pytest.FixtureRequest) -> str:
    """The address that is attacked: the conversation service's own, and the gateway's, which passes on."""
    return stack.url(request.param)


@pytest.fixture
def both(stack: Stack) -> list[str]:
    """Both addresses at once, where an attack takes its time."""
    return [stack.url("conversation"), stack.url("gateway")]


@pytest.fixture
def unnoticed(stack: Stack) -> Unnoticed:
    """`async with unnoticed():` another guest asks and is answered all the while, and no process ends."""

    @asynccontextmanager
    async def block() -> AsyncGenerator[None]:
        before = {name: stack.pid(name) for name in stack.processes()}
        over = asyncio.Event()
        async with await Guest.arrives(stack.url("conversation")) as guest:

            async def goes_on_asking() -> int:
                answered = 0
                while not over.is_set():  # not one question over and over: that ends with staff, and rightly
                    question = ("Can I bring my dog?", "Is there a sauna?")[answered % 2]
                    await guest.asks(question, ANSWERED_WITHIN_SECONDS)
                    answered += 1
                    try:
                        await asyncio.wait_for(over.wait(), BETWEEN_SECONDS)
                    except TimeoutError:
                        continue
                await guest.asks("When is breakfast?", ANSWERED_WITHIN_SECONDS)
                return answered

            asking = asyncio.create_task(goes_on_asking())
            try:
                yield
            finally:
                over.set()
                assert await asking, "the other guest was answered meanwhile"
        assert {name: stack.pid(name) for name in stack.processes()} == before, "no process ended"

    return block
