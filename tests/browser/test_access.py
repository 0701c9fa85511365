"""For everybody: axe-core on every state, the keyboard alone, screen readers, right to left, calm motion, nine languages."""

import re

import pytest
from playwright.async_api import expect

from browser.conftest import Visit
from browser.guest import GuestPage
from browser.host import Site, page, script_tag
from browser.states import STATES, Scene
from devstack.stack import Stack

LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt", "ar", "zh")

FOCUSED = """() => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at?.dataset.testid ?? at?.tagName;
}"""


async def focused(guest: GuestPage) -> str:
    """Test id of what has the focus, inside the widget too; else the tag's name."""
    return await guest.page.evaluate(FOCUSED)


@pytest.mark.parametrize("state", STATES)
async def test_axe_finds_nothing(state: str, scene: Scene) -> None:
    guest = await STATES[state](scene)
    assert await guest.flaws() == []


async def test_axe_would_find_something(scene: Scene) -> None:
    guest = await STATES["opened"](scene)
    await guest.of("send").evaluate(
        "e => { e.removeAttribute('aria-label'); e.removeAttribute('title'); e.textContent = ''; }"
    )
    assert [flaw for flaw in await guest.flaws() if flaw.startswith("button-name")]


async def test_a_whole_conversation_by_keyboard(visit: Visit) -> None:
    guest = await visit()
    keys = guest.page.keyboard
    for _ in range(3):
        await keys.press("Tab")
        if await focused(guest) == "launcher":
            break
    assert await focused(guest) == "launcher"
    await keys.press("Enter")
    await expect(guest.of("panel")).to_be_visible()
    assert await focused(guest) == "composer", "one can write at once"
    await keys.type("What time is breakfast?")
    await keys.press("Enter")
    await guest.sees_replies(1)
    assert await focused(guest) == "composer", "an answer does not take the focus away"
    await keys.type("one line")
    await keys.press("Shift+Enter")
    await keys.type("and another")
    await expect(guest.of("composer")).to_have_value("one line\nand another")
    reached: set[str] = set()
    for _ in range(15):
        await keys.press("Tab")
        reached.add(await focused(guest))
    assert {"send", "close"} <= reached
    await guest.of("composer").focus()
    await keys.press("Escape")
    await expect(guest.of("panel")).to_be_hidden()
    assert await focused(guest) == "launcher", "and the focus is back where it came from"


async def test_a_screen_reader_hears_what_comes(visit: Visit) -> None:
    guest = await visit()
    await guest.opens()
    await expect(guest.of("panel")).to_have_attribute("role", re.compile("dialog|region"))
    await expect(guest.of("log")).to_have_attribute("role", "log")
    await expect(guest.of("status")).to_have_attribute("role", "status")
    assert await guest.of("launcher").get_attribute("aria-expanded") == "true"
    assert await guest.of("log").get_by_test_id("partial").count() == 0, "half an answer is not read out"


async def test_a_quick_reply_is_one_tap(scene: Scene) -> None:
    guest = await STATES["asked-back"](scene)
    choice = guest.of("quick-reply").first
    text = (await choice.inner_text()).strip()
    await choice.click()
    await guest.sees(text, by="guest")
    await guest.sees_replies(2)
    await expect(guest.of("quick-reply")).to_have_count(0)


async def test_an_answer_that_came_while_it_was_closed_is_counted_until_it_is_seen(scene: Scene) -> None:
    guest = await STATES["unread"](scene)
    await guest.opens()
    await expect(guest.of("unread")).to_be_hidden()
    await guest.sees("Sorry! I am here now.", by="staff")


async def test_arabic_runs_from_right_to_left(scene: Scene) -> None:
    guest = await STATES["right-to-left"](scene)
    assert await guest.of("panel").evaluate("e => getComputedStyle(e).direction") == "rtl"
    box = await guest.of("panel").bounding_box()
    assert box
    assert box["x"] < 200, "the end of the line is on the left"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_language_has_words_of_its_own(language: str, visit: Visit, stack: Stack, site: Site) -> None:
    tag = script_tag(stack.url("conversation"), language=language)
    guest = await visit(site.page(f"/in-{language}", page(tag, language=language)))
    await guest.opens()
    said = await guest.of("panel").evaluate(
        "e => [e.getAttribute('lang') ?? e.closest('[lang]')?.getAttribute('lang'),"
        " e.querySelector('[data-testid=composer]').placeholder,"
        " e.querySelector('[data-testid=close]').getAttribute('aria-label')]"
    )
    assert said[0].split("-")[0] == language
    words = _heard.setdefault(tuple(said[1:]), language)
    assert words == language, f"{language} says the same as {words}"


_heard: dict[tuple[str, ...], str] = {}


async def test_who_wants_no_motion_gets_none(visit: Visit) -> None:
    guest = await visit(reduced_motion="reduce")
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    moving = await guest.page.evaluate(
        "() => document.querySelector('front-desk-widget').shadowRoot.getAnimations()"
        ".filter(a => a.effect.getComputedTiming().duration > 1).length"
    )
    assert moving == 0


async def test_small_screens_and_large_letters_leave_everything_reachable(visit: Visit) -> None:
    guest = await visit(viewport={"width": 320, "height": 480})
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    for name in ("composer", "send", "close"):
        await expect(guest.of(name)).to_be_in_viewport()
    assert await guest.page.evaluate("() => document.documentElement.scrollWidth") <= 320
