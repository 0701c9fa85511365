"""Before the chat's own file is there: what is drawn, what it waits for, and that nothing asked of it meanwhile is lost."""

import asyncio

import pytest
from playwright.async_api import Page, Request, Route, expect

from browser.conftest import Visit
from browser.guest import GuestPage
from browser.host import Site, page, script_tag, strict_policy
from devstack.stack import Stack
from kit.people import until

CHAT = "**/widget/assets/frontdesk.*.js"
IS_RUN = "() => !!document.querySelector('script[src*=\"/widget/assets/frontdesk.\"]')"
IS_LAID_BY = """() => performance.getEntriesByType('resource').some(
    each => each.name.includes('/widget/assets/frontdesk.') && each.responseEnd > 0)"""


class Late:
    """The chat's file, held back until `comes`."""

    def __init__(self) -> None:
        self.asked = 0
        self._free = asyncio.Event()

    @classmethod
    async def on(cls, page: Page) -> "Late":
        """Hold it back on this page."""
        late = cls()
        await page.route(CHAT, late._hold)
        return late

    async def _hold(self, route: Route) -> None:
        self.asked += 1
        await self._free.wait()
        await route.continue_()

    def comes(self) -> None:
        """Let it through."""
        self._free.set()


@pytest.fixture
async def newcomer(visit: Visit) -> GuestPage:
    """A guest's empty tab."""
    return await GuestPage.tab((await visit()).page.context)


async def test_where_somebody_is_at_the_page_the_chat_is_laid_by_but_not_run(visit: Visit) -> None:
    guest = await visit()
    await guest.page.evaluate("dispatchEvent(new PointerEvent('pointermove'))")  # a pointer that rests on a new page
    await guest.page.wait_for_timeout(1_000)
    assert not await guest.page.evaluate(IS_LAID_BY), "nobody is there"
    await guest.page.mouse.move(100, 100, steps=2)
    await until(lambda: guest.page.evaluate(IS_LAID_BY))
    assert not await guest.page.evaluate(IS_RUN)
    assert await guest.of("launcher").get_attribute("aria-label") == "Chat with Hotel Lindenhof"
    assert not guest.troubles


async def test_the_first_click_is_heard_at_once_and_opens_the_chat_once(newcomer: GuestPage, hotel_page: str) -> None:
    late = await Late.on(newcomer.page)
    await newcomer.page.goto(hotel_page)
    await newcomer.has_the_widget()
    await newcomer.page.evaluate("() => { window.opened = 0; FrontDesk.on('open', () => { opened += 1; }); }")
    launcher = newcomer.of("launcher")
    await launcher.evaluate("e => { window.launcher = e; }")
    await launcher.click()
    await expect(launcher).to_have_attribute("aria-busy", "true")
    await launcher.click()
    await expect(newcomer.of("panel")).to_have_count(0)
    late.comes()
    await expect(newcomer.of("panel")).to_be_visible()
    await expect(launcher).not_to_have_attribute("aria-busy", "true")
    await expect(newcomer.of("composer")).to_be_focused()
    assert await newcomer.page.evaluate("() => opened") == 1
    assert await launcher.evaluate("e => e === window.launcher"), "it is the one that was drawn first"
    await newcomer.closes()
    await expect(launcher).to_be_focused()
    assert not newcomer.troubles


async def test_the_keyboard_opens_it_as_well(newcomer: GuestPage, hotel_page: str) -> None:
    late = await Late.on(newcomer.page)
    await newcomer.page.goto(hotel_page)
    await newcomer.has_the_widget()
    await newcomer.page.keyboard.press("Tab")
    await expect(newcomer.of("launcher")).to_be_focused()
    await until(lambda: _is(late.asked > 0), what="the chat fetched for the focus alone")
    await expect(newcomer.of("launcher")).not_to_have_attribute("aria-busy", "true")
    await newcomer.page.keyboard.press("Enter")
    await expect(newcomer.of("launcher")).to_have_attribute("aria-busy", "true")
    await expect(newcomer.of("launcher")).to_be_focused()
    late.comes()
    await expect(newcomer.of("panel")).to_be_visible()
    await newcomer.page.keyboard.press("Escape")
    await expect(newcomer.of("launcher")).to_be_focused()


async def test_pointing_at_the_launcher_warms_up_without_opening(visit: Visit) -> None:
    guest = await visit()
    await guest.of("launcher").hover()
    await until(lambda: guest.page.evaluate(IS_RUN))
    await guest.page.wait_for_timeout(500)
    await expect(guest.of("panel")).to_have_count(0)
    await guest.opens()


async def test_it_opens_although_the_network_went_away_before_the_first_click(
    newcomer: GuestPage, stack: Stack, site: Site
) -> None:
    widget = stack.url("conversation")
    await newcomer.page.goto(site.page("/leaving", page(script_tag(widget)), strict_policy(widget)))
    await newcomer.has_the_widget()
    await newcomer.page.mouse.move(100, 100, steps=2)
    await until(lambda: newcomer.page.evaluate(IS_LAID_BY))
    await newcomer.page.context.set_offline(True)
    await newcomer.opens()
    await newcomer.says("Is anybody there?")
    await newcomer.is_told("You are offline")
    await newcomer.page.context.set_offline(False)
    await newcomer.sees_replies(1, 30)
    await newcomer.sees_state("Is anybody there?", "sent|read")
    assert not newcomer.troubles


async def test_where_the_chat_does_not_come_at_first_it_is_asked_for_again(
    newcomer: GuestPage, hotel_page: str
) -> None:
    tries = 0

    async def fails_once(route: Route) -> None:
        nonlocal tries
        tries += 1
        await (route.abort() if tries == 1 else route.continue_())

    await newcomer.page.route(CHAT, fails_once)
    await newcomer.page.goto(hotel_page)
    await newcomer.has_the_widget()
    await newcomer.of("launcher").click()
    await expect(newcomer.of("panel")).to_be_visible()


async def test_what_the_page_asks_before_the_chat_is_there_is_done_in_order(
    newcomer: GuestPage, stack: Stack, site: Site
) -> None:
    script = script_tag(stack.url("conversation"))
    await newcomer.page.add_init_script(
        """window.heard = [];
        const tell = event => FrontDesk.on(event, () => heard.push(event));
        let desk;
        Object.defineProperty(window, 'FrontDesk', {configurable: true, get: () => desk, set: it => {
            desk = it;
            queueMicrotask(() => {
                for (const event of ['ready', 'open', 'close']) tell(event);
                const off = FrontDesk.on('close', () => heard.push('never'));
                off();
                FrontDesk.identify({id: 'booking-1', name: 'Clara'});
                FrontDesk.open(); FrontDesk.toggle(); FrontDesk.toggle();
            });
        }});"""
    )
    await newcomer.page.goto(site.page("/early", page(script)))
    await newcomer.has_the_widget()
    await expect(newcomer.of("panel")).to_be_visible()
    await until(lambda: newcomer.page.evaluate("() => heard.length === 4"))
    heard = await newcomer.page.evaluate("() => heard")
    assert [each for each in heard if each != "ready"] == ["open", "close", "open"]
    assert heard.count("ready") == 1
    [kept] = (await newcomer.kept()).values()
    assert kept["identity"] == {"id": "booking-1", "name": "Clara"}


@pytest.mark.parametrize("known", [False, True])
async def test_what_the_page_said_of_its_guest_is_heard_though_it_left_before_the_chat_came(
    newcomer: GuestPage, hotel_page: str, known: bool
) -> None:
    clara = {"id": "booking-1", "name": "Clara"}
    if known:  # and signs out
        await newcomer.page.goto(hotel_page)
        await newcomer.has_the_widget()
        await newcomer.page.evaluate("clara => FrontDesk.identify(clara)", clara)
        await until(lambda: _identity(newcomer, clara))
    await newcomer.page.route(CHAT, lambda route: route.abort())
    await newcomer.page.goto(hotel_page)
    await newcomer.has_the_widget()
    await newcomer.page.evaluate("it => FrontDesk.identify(it)", None if known else clara)
    await newcomer.page.goto("about:blank")
    await newcomer.page.unroute(CHAT)
    await newcomer.page.goto(hotel_page)
    await until(lambda: _identity(newcomer, None if known else clara))
    assert await newcomer.page.evaluate(IS_RUN)


async def test_a_chat_that_comes_late_leaves_the_focus_where_the_guest_went_on(
    newcomer: GuestPage, stack: Stack, site: Site
) -> None:
    form = '<input id="name" aria-label="Your name">'
    late = await Late.on(newcomer.page)
    await newcomer.page.goto(site.page("/form", page(script_tag(stack.url("conversation")), body=form)))
    await newcomer.has_the_widget()
    await newcomer.of("launcher").click()
    await newcomer.page.locator("#name").focus()
    await newcomer.page.keyboard.type("Cla")
    late.comes()
    await expect(newcomer.of("panel")).to_be_visible()
    await newcomer.page.keyboard.type("ra")
    await expect(newcomer.page.locator("#name")).to_have_value("Clara")
    await expect(newcomer.of("composer")).to_have_value("")


async def test_a_call_that_fails_does_not_take_the_others_with_it(newcomer: GuestPage, hotel_page: str) -> None:
    late = await Late.on(newcomer.page)
    await newcomer.page.goto(hotel_page)
    await newcomer.has_the_widget()
    await newcomer.page.evaluate("() => FrontDesk.identify(undefined)")
    await newcomer.of("launcher").click()
    late.comes()
    await expect(newcomer.of("panel")).to_be_visible()


async def test_the_page_hears_that_the_launcher_is_there_without_the_chat(
    newcomer: GuestPage, stack: Stack, site: Site
) -> None:
    asked: list[Request] = []
    newcomer.page.on("request", lambda request: asked.append(request))
    await newcomer.page.add_init_script(
        """let desk;
        Object.defineProperty(window, 'FrontDesk', {configurable: true, get: () => desk, set: it => {
            desk = it;
            queueMicrotask(() => FrontDesk.on('ready', () => { window.isReady = !!document.querySelector('front-desk-widget'); }));
        }});"""
    )
    await newcomer.page.goto(site.page("/heard", page(script_tag(stack.url("conversation")))))
    await until(lambda: newcomer.page.evaluate("() => window.isReady === true"))
    assert not await newcomer.page.evaluate(IS_RUN)
    assert not any("/widget/assets/" in each.url for each in asked)


async def test_a_conversation_that_goes_on_brings_the_chat_at_once(visit: Visit) -> None:
    guest = await visit()
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    await guest.closes()
    await guest.reloads()
    await until(lambda: guest.page.evaluate(IS_RUN))
    await expect(guest.of("panel")).to_have_count(0)
    await guest.opens()
    await guest.sees("What time is breakfast?", by="guest")


async def test_a_page_that_replaces_its_body_before_the_first_click_keeps_the_launcher(
    visit: Visit, stack: Stack, site: Site
) -> None:
    guest = await visit(site.page("/turned", page(script_tag(stack.url("conversation")))))
    await guest.page.evaluate(
        """() => {
            const before = document.body.cloneNode(true);
            document.body.replaceWith(document.createElement('body'));
            const tag = document.createElement('script');
            for (const { name, value } of before.querySelector('script[data-hotel]').attributes) tag.setAttribute(name, value);
            document.body.append(tag);
        }"""
    )
    await guest.has_the_widget()
    await expect(guest.page.locator("front-desk-widget")).to_have_count(1)
    assert not await guest.page.evaluate(IS_RUN)
    await guest.opens()


async def _is(true: bool) -> bool:
    return true


async def _identity(guest: GuestPage, wanted: dict[str, str] | None) -> bool:
    kept = await guest.kept()
    return not any(key.endswith(":identify") for key in kept) and all(
        notes.get("identity") == wanted for notes in kept.values()
    )
