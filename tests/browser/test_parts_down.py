"""With each part of the back end down in turn: the page loads, the widget stays usable and honest, nothing written is lost."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import expect

from browser.conftest import Visit
from browser.guest import GuestPage
from browser.host import Site, page, script_tag
from browser.records import Records
from devstack.stack import Stack
from kit.people import until

PARTS = ("postgres", "kafka", "valkey")


@dataclass(frozen=True, slots=True)
class Outage:
    """A part that is killed, and what the guest notices of it."""

    part: str
    says_so: bool = False
    """The widget can't send, and says so."""
    silent: bool = False
    """Nobody answers until the part is back."""
    no_script: bool = False
    """The widget can't even be fetched: the hotel's page stands without it."""


OUTAGES = (
    Outage("conversation-api", says_so=True, silent=True, no_script=True),
    Outage("conversation-worker", silent=True),
    Outage("gateway"),
    Outage("escalation"),
    Outage("identity"),
    Outage("postgres", says_so=True, silent=True),
    Outage("kafka"),
    Outage("valkey"),
)


def _kill(stack: Stack, part: str) -> None:
    (stack.kill_part if part in PARTS else stack.kill)(part)


def _bring_back(stack: Stack, part: str) -> None:
    start: Callable[[str], None] = stack.start_part if part in PARTS else stack.start_service
    start(part)


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda each: each.part)
async def test_with_a_part_down_the_guest_can_go_on(
    outage: Outage, visit: Visit, stack: Stack, site: Site, records: Records
) -> None:
    address = site.page("/both", page(script_tag(stack.url("conversation"), gateway=stack.url("gateway"))))
    guest = await visit(address)
    await guest.opens()
    await guest.says("Hello")
    await guest.sees_replies(1)
    question = f"Is there parking? I ask while {outage.part} is down."

    await asyncio.to_thread(_kill, stack, outage.part)
    try:
        newcomer = await GuestPage.tab(guest.page.context)
        await newcomer.page.goto(address)
        await expect(newcomer.page.locator("#first")).to_be_visible()
        if not outage.no_script:
            await newcomer.has_the_widget()
            async with httpx.AsyncClient(base_url=stack.url("conversation"), trust_env=False) as uncached:
                loader = await uncached.get("/widget/frontdesk.js", params={"hotel": "lindenhof"})
                assert loader.status_code == 200, "whoever has no cached script gets the button too"
        await guest.says(question)
        await guest.sees(question, by="guest")
        if outage.says_so:
            await guest.is_told(re.compile(r"\w"))
            await guest.sees_state(question, "waiting|sending")
        else:
            await guest.sees_state(question, "sent|read")
        if not outage.silent:
            await guest.sees_replies(2)
    finally:
        await asyncio.to_thread(_bring_back, stack, outage.part)
    await guest.sees_replies(2, 30)
    await guest.sees_state(question, "sent|read")
    await guest.is_told_nothing()

    async def same_as_stored() -> bool:
        stored = await records.of(await records.asking(question))
        return [(s.seq, s.sender) for s in await guest.log()] == [(seq, sender) for seq, sender, _ in stored]

    await until(same_as_stored)
