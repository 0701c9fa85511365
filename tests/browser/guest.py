"""A guest in front of the hotel's page: what they do with the widget and what they see, in sentences."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, WebSocketRoute, expect

from browser.chromium import axe

Json = dict[str, Any]  # Any: JSON
PATIENCE_MILLISECONDS = 15_000.0

READ_LOG = """log => [...log.querySelectorAll('[data-testid=message]')].map(each => ({
    sender: each.dataset.sender,
    seq: each.dataset.seq ? Number(each.dataset.seq) : null,
    state: each.dataset.state ?? null,
    text: each.querySelector('.text').textContent.trim(),
}))"""


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it stands in the log."""

    sender: str
    seq: int | None
    state: str | None
    text: str


@dataclass(slots=True)
class GuestPage:
    """One tab with a hotel's page."""

    page: Page
    troubles: list[str] = field(default_factory=list[str])
    """Errors the page threw, dialogs that opened, policy violations: a test ends with none."""

    @classmethod
    async def visits(cls, context: BrowserContext, address: str, held: str | None = None) -> "GuestPage":
        """A new tab on a hotel's page; the widget's button is there.

        Args:
            context: the browser profile: one guest.
            address: of the page.
            held: nothing that comes over the live connection after the first frame of this type is let through.
        """
        guest = await cls.tab(context)
        if held is not None:
            await guest._hold(held)
        await guest.page.goto(address)
        await guest.has_the_widget()
        return guest

    @classmethod
    async def tab(cls, context: BrowserContext) -> "GuestPage":
        """An empty tab whose troubles are written down."""
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        guest = cls(page)
        page.on("pageerror", lambda error: guest.troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: asyncio.ensure_future(guest._surprised(dialog.message, dialog.dismiss)))
        page.on("console", lambda line: guest._heard(line.type, line.text))
        return guest

    async def _surprised(self, message: str, dismiss: Callable[[], Any]) -> None:  # Any: a coroutine
        self.troubles.append(f"dialog: {message}")
        await dismiss()

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(("Failed to load resource", "WebSocket connection to")):
            self.troubles.append(f"console: {text}")

    async def _hold(self, after: str) -> None:
        def between(route: WebSocketRoute) -> None:
            server = route.connect_to_server()
            held = False

            def from_server(frame: str | bytes) -> None:
                nonlocal held
                if not held:
                    route.send(frame)
                held = held or json.loads(frame).get("type") == after

            server.on_message(from_server)

        await self.page.route_web_socket(re.compile("/live"), between)

    # What is there

    def of(self, name: str) -> Locator:
        """Everything in the widget with this test id."""
        return self.page.locator("front-desk-widget").get_by_test_id(name)

    async def has_the_widget(self) -> None:
        """The button that opens the conversation is there."""
        await expect(self.of("launcher")).to_be_visible(timeout=PATIENCE_MILLISECONDS)

    async def log(self) -> list[Said]:
        """Every message in the log, from the first to the last."""
        return [Said(**each) for each in await self.of("log").evaluate(READ_LOG)]

    async def sees(self, text: str | re.Pattern[str], by: str | None = None, seconds: float = 15) -> Locator:
        """A message with this text, by that sender, exactly once."""
        those = self.of("message") if by is None else self.page.locator(f"[data-testid=message][data-sender={by}]")
        found = those.filter(has_text=text)
        await expect(found).to_have_count(1, timeout=seconds * 1000)
        await expect(found).to_be_visible()
        return found

    async def sees_replies(self, count: int, seconds: float = 15) -> None:
        """So many messages of the AI."""
        await expect(self.page.locator("[data-testid=message][data-sender=ai]")).to_have_count(
            count, timeout=seconds * 1000
        )

    async def sees_state(self, text: str, state: str, seconds: float = 15) -> None:
        """The guest's own message stands there as `sending`, `waiting`, `sent` or `read`."""
        mine = self.page.locator("[data-testid=message][data-sender=guest]").filter(has_text=text)
        await expect(mine).to_have_attribute("data-state", re.compile(f"^({state})$"), timeout=seconds * 1000)

    async def is_told(self, what: str | re.Pattern[str], seconds: float = 15) -> None:
        """The status line says so."""
        await expect(self.of("status").filter(has_text=what).first).to_be_visible(timeout=seconds * 1000)

    async def is_with(self, name: str, seconds: float = 15) -> None:
        """The head of the panel says who is there."""
        await expect(self.of("panel").locator(".presence")).to_contain_text(name, timeout=seconds * 1000)

    async def is_told_nothing(self, seconds: float = 15) -> None:
        """No status line is left about a lost connection or the like."""
        await expect(self.of("status").filter(has_text=re.compile(r"\S"))).to_have_count(0, timeout=seconds * 1000)

    # What the guest does

    async def opens(self) -> None:
        """Click the button."""
        await self.of("launcher").click()
        await expect(self.of("panel")).to_be_visible()

    async def closes(self) -> None:
        """Click the cross."""
        await self.of("close").click()
        await expect(self.of("panel")).to_be_hidden()

    async def writes(self, text: str) -> None:
        """Type without sending."""
        await self.of("composer").fill(text)

    async def says(self, text: str) -> None:
        """Type and send."""
        await self.writes(text)
        await self.of("composer").press("Enter")
        await expect(self.of("composer")).to_have_value("")

    async def reloads(self) -> None:
        """Load the page anew."""
        await self.page.reload()
        await self.has_the_widget()

    async def ensures_open(self) -> None:
        """Open, unless it opened by itself because it was open before."""
        if not await self.of("panel").is_visible():
            await self.opens()

    # What a test looks at behind the scenes

    async def kept(self) -> Json:
        """What the widget keeps in the browser for its hotel."""
        return await self.page.evaluate(
            "() => Object.fromEntries(Object.keys(localStorage).filter(k => k.startsWith('frontdesk:'))"
            ".map(k => [k, JSON.parse(localStorage.getItem(k))]))"
        )

    async def flaws(self) -> list[str]:
        """What axe-core finds wrong with the widget, once nothing fades in any more: half-faded words have no contrast."""
        await self.page.evaluate(axe())
        await self.page.evaluate(
            "() => Promise.allSettled(document.querySelector('front-desk-widget').shadowRoot.getAnimations()"
            ".filter(one => one.effect.getComputedTiming().iterations !== Infinity).map(one => one.finished))"
        )
        found = await self.page.evaluate(
            "async () => (await axe.run('front-desk-widget', {resultTypes: ['violations'],"
            " runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations"
            ".flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.flat().join(' ')}: "
            "${node.failureSummary}`))"
        )
        return list(found)
