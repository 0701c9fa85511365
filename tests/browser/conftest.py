"""One browser and one stack for all these tests; every test gets a browser profile of its own, so guests of its own."""

from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.async_api import Browser

from browser.chromium import launched, profile
from browser.guest import GuestPage
from browser.host import Site, page, script_tag
from browser.records import Records
from browser.states import Scene
from devstack import web
from devstack.stack import Stack
from kit.people import Staff

SAM = "sam.staff@lindenhof.example"


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A hotel's own web site, on another address than the widget's."""
    with Site() as running:
        yield running


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Stack]:
    """The running system with both demo hotels, which allow the web site above."""
    web.build()
    folder: Path = tmp_path_factory.mktemp("stack")
    with Stack(
        folder / "state",
        own_parts=True,
        apart={"conversation"},
        durable=False,
        revive=False,
        settings={
            "gateway": {"FRONTDESK_COOKIE_SECURE": "false"},
            "identity": {"FRONTDESK_DEMO_ORIGINS": site.origin},
        },
    ).running() as running:
        yield running


@pytest.fixture(scope="session")
async def chrome() -> AsyncGenerator[Browser]:
    """The browser."""
    async with launched() as browser:
        yield browser


@pytest.fixture
def records(stack: Stack) -> Records:
    """What the databases say was said."""
    return Records(stack)


@pytest.fixture
def hotel_page(stack: Stack, site: Site) -> str:
    """A plain page of the Lindenhof with the script tag and no policy at all."""
    return site.page("/plain", page(script_tag(stack.url("conversation"))))


class Visit(Protocol):
    """`await visit(address)`: a guest in a browser profile of their own; options go to the browser's context."""

    def __call__(  # Any: Playwright's
        self, address: str | None = None, *, held: str | None = None, **options: Any
    ) -> Awaitable[GuestPage]: ...


@pytest.fixture
async def visit(chrome: Browser, hotel_page: str) -> AsyncGenerator[Visit]:
    """Guests; whatever their pages complained of fails the test at its end."""
    guests: list[GuestPage] = []
    async with AsyncExitStack() as opened:

        async def arrive(  # Any: Playwright's
            address: str | None = None, *, held: str | None = None, **options: Any
        ) -> GuestPage:
            context = await profile(chrome, **options)
            opened.push_async_callback(context.close)
            guest = await GuestPage.visits(context, address or hotel_page, held)
            guests.append(guest)
            return guest

        yield arrive
    assert [trouble for guest in guests for trouble in guest.troubles] == []


@pytest.fixture(scope="session")
async def sam(stack: Stack) -> AsyncGenerator[Staff]:
    """A member of the Lindenhof's staff, signed in at the gateway."""
    async with await Staff.signs_in(stack.url("gateway"), SAM) as staff:
        yield staff


@pytest.fixture
def scene(visit: Visit, sam: Staff, records: Records, stack: Stack, site: Site) -> Scene:
    """For the states a widget can be seen in, on a plain page."""

    async def arrives(  # Any: Playwright's
        *, language: str = "en", stranger: bool = False, held: str | None = None, **options: Any
    ) -> GuestPage:
        tag = script_tag(stack.url("conversation"), language=language)
        path = f"/in-{language}"
        address = site.page(path, page(tag, language=language))
        return await visit(site.stranger + path if stranger else address, held=held, **options)

    return Scene(arrives, sam, records)
