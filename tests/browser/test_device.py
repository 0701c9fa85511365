"""What a guest's device, their other tabs and the page around do to the widget: nothing lost, nothing shown to another."""

import re

from playwright.async_api import Route, expect

from browser.conftest import Visit
from browser.guest import GuestPage
from browser.host import Site, page, script_tag
from browser.records import Records
from browser.states import STATES, Scene
from devstack.stack import Stack
from kit.people import until

SANDBOX = {"Content-Security-Policy": "sandbox allow-scripts"}
"""A page of no origin: storage, locks and channels are refused, as in a hotel's sandboxed frame."""

CHIMES = """
    window.chimes = 0;
    const create = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { window.chimes += 1; return create.call(this); };
"""
NOTES = 2
"""Tones of one chime."""


async def test_a_first_message_that_was_kept_is_sent_on_the_next_page_without_opening_the_chat(
    visit: Visit, records: Records
) -> None:
    guest = await visit()

    async def is_away(route: Route) -> None:
        await route.abort()

    await guest.page.route("**/widget/sessions", is_away)
    await guest.opens()
    first = "Written before there was any network."
    await guest.says(first)
    await guest.sees_state(first, "waiting|sending")
    await guest.closes()
    await guest.reloads()
    await guest.page.unroute("**/widget/sessions")

    async def arrived() -> bool:
        try:
            return bool(await records.asking(first))
        except AssertionError:
            return False

    await until(arrived, 30)
    await expect(guest.of("panel")).to_have_count(0)


async def test_another_guest_does_not_find_what_the_last_one_was_writing(visit: Visit) -> None:
    guest = await visit()
    await guest.page.evaluate("() => FrontDesk.identify({id: 'booking-1'})")
    await guest.opens()
    await guest.writes("My card number is")
    await guest.reloads()
    await guest.ensures_open()
    await expect(guest.of("composer")).to_have_value("My card number is")
    await guest.page.evaluate("() => FrontDesk.identify(null)")
    await expect(guest.of("composer")).to_have_value("")
    await guest.reloads()
    await guest.ensures_open()
    await expect(guest.of("composer")).to_have_value("")


async def test_a_page_that_replaces_its_body_gets_the_widget_back_as_it_was(
    visit: Visit, stack: Stack, site: Site, scene: Scene
) -> None:
    guest = await visit(site.page("/replaced", page(script_tag(stack.url("conversation")))))
    await guest.opens()
    await scene.taken_over("The heating is cold. I want my money back!", guest)
    conversation_id = await scene.records.asking("The heating is cold. I want my money back!")
    leave = """() => {
        window.before = document.body.cloneNode(true);  // as Turbo does for its cache
        document.body.replaceWith(document.createElement('body'));
    }"""
    again = """() => {
        const tag = document.createElement('script');
        const found = [...before.querySelectorAll('script[data-hotel]')][0];
        for (const { name, value } of found.attributes) tag.setAttribute(name, value);
        document.body.append(tag);
    }"""
    await guest.page.evaluate(leave)
    await expect(guest.of("launcher")).to_have_count(0)
    await scene.sam.replies(conversation_id, "Somebody is on the way.")
    await guest.page.evaluate(again)
    await guest.has_the_widget()
    await expect(guest.of("panel")).to_be_visible()
    await guest.sees("Somebody is on the way.", by="staff")
    await guest.says("Thank you!")
    await guest.sees_state("Thank you!", "sent|read")

    await guest.page.evaluate(leave)
    await guest.page.evaluate("() => FrontDesk.open()")
    await guest.sees("Thank you!", by="guest")
    await guest.page.evaluate(leave)
    await guest.page.evaluate("() => FrontDesk.toggle()")
    await guest.sees("Thank you!", by="guest")
    await expect(guest.page.locator("front-desk-widget")).to_have_count(1)


async def test_a_page_without_storage_locks_and_channels_is_served(
    visit: Visit, stack: Stack, site: Site, records: Records
) -> None:
    address = site.page("/sandboxed", page(script_tag(stack.url("conversation"), hotel="harbour-house")), SANDBOX)
    async with records.altered("hotels", {"allowed_origins": ["null"]}, "slug = 'harbour-house'"):
        guest = await visit(address)
        assert await guest.page.evaluate("() => origin") == "null"
        await guest.opens()
        await guest.says("What time is breakfast?")
        await guest.sees_replies(1)


async def test_the_chime_is_for_what_comes_while_nobody_looks(scene: Scene) -> None:
    guest = await STATES["opened"](scene)
    conversation_id = await scene.taken_over("It smells in here. I want my money back!", guest)
    await guest.of("sound").click()
    await guest.closes()
    await guest.page.add_init_script(CHIMES)
    await guest.reloads()

    async def chimes(seconds: float = 2) -> int:
        await guest.page.wait_for_timeout(seconds * 1000)  # longer than it waits for other tabs
        return await guest.page.evaluate("() => window.chimes")

    assert await chimes() == 0, "for what was said before"
    await scene.sam.replies(conversation_id, "I am Sam.")
    await expect(guest.of("unread")).to_be_visible()
    assert await chimes() == NOTES

    reading = await GuestPage.visits(guest.page.context, guest.page.url)
    await reading.ensures_open()
    await reading.sees("I am Sam.", by="staff")
    await scene.sam.replies(conversation_id, "I open a window.")
    await reading.sees("I open a window.", by="staff")
    assert await chimes() == NOTES, "for what is read in another tab"


async def test_whoever_goes_to_the_new_messages_by_keyboard_stays_in_the_conversation(scene: Scene) -> None:
    guest = await scene.arrives(viewport={"width": 400, "height": 420})
    await guest.opens()
    conversation_id = await scene.taken_over("There is no hot water. I want my money back!", guest)
    for line in range(6):
        await scene.sam.replies(conversation_id, f"Line {line}\nof many\nthat fill\nthe room.")
    await guest.sees("Line 5")
    await guest.of("scroll").evaluate("e => { e.scrollTop = 0; }")
    await guest.page.wait_for_timeout(200)
    await scene.sam.replies(conversation_id, "And one more.")
    await expect(guest.of("below")).to_be_visible()
    await guest.of("below").focus()
    await guest.page.keyboard.press("Enter")
    await expect(guest.of("below")).to_be_hidden()
    await expect(guest.of("scroll")).to_be_focused()


async def test_the_conversation_and_the_field_have_names_of_their_own(visit: Visit) -> None:
    guest = await visit()
    await guest.opens()
    names = [await guest.of(name).get_attribute("aria-label") for name in ("log", "scroll", "composer")]
    assert names == ["Conversation", "Conversation", "Your message"]
    assert re.search(r"\w", await guest.of("panel").get_attribute("aria-label") or "")
