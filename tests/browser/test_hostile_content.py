"""What guests, hotels, articles and staff write is text: nothing of it runs, on a page without any policy to help."""

import json
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import httpx
import pytest
from playwright.async_api import Route

from browser.conftest import Visit
from browser.guest import GuestPage
from browser.host import Site, page, script_tag
from browser.records import Records
from devstack.stack import Stack
from kit.people import PASSWORD, Staff

MARKUP = (
    "<img src=x onerror='window.__xss=1'>",
    "<script>window.__xss=1</script>",
    "<svg onload=window.__xss=1></svg>",
    '<a href="javascript:window.__xss=1">here</a>',
    "[here](javascript:window.__xss=1)",
    "javascript:window.__xss=1//",
    "</style><iframe srcdoc='<script>parent.__xss=1</script>'></iframe>",
    "{{constructor.constructor('window.__xss=1')()}}",
    "<details open ontoggle=window.__xss=1>",
)

INJECTED = """() => {
    const root = document.querySelector('front-desk-widget').shadowRoot;
    const bad = 'img[src=x], script, iframe, object, embed, [onerror], [onload], [ontoggle], details[open]';
    const links = [...root.querySelectorAll('[href], [src]')]
        .filter(e => /^\\s*(javascript|data|vbscript):/i.test(e.getAttribute('href') ?? e.getAttribute('src')));
    return {ran: window.__xss ?? null, inside: root.querySelectorAll(bad).length + links.length,
            outside: document.querySelectorAll('img[src=x], iframe').length};
}"""


async def nothing_ran(guest: GuestPage) -> None:
    """No script of the text's ran, nothing it described became an element."""
    assert await guest.page.evaluate(INJECTED) == {"ran": None, "inside": 0, "outside": 0}
    assert not guest.troubles


@dataclass(frozen=True, slots=True)
class Admin:
    """The Lindenhof's admin at the conversation service."""

    http: httpx.AsyncClient

    async def publishes(self, title: str, body: str) -> str:
        """A new article in English; its id."""
        variant = {"language": "en", "title": title, "body": body}
        made = await self.http.post("/articles", json={"variants": [variant], "published": True})
        assert made.is_success, made.text
        return made.json()["id"]


@pytest.fixture
async def admin(stack: Stack) -> AsyncGenerator[Admin]:
    """Signed in at identity."""
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
        answer = await http.post(
            f"{stack.url('identity')}/tokens", json={"email": "anna.admin@lindenhof.example", "password": PASSWORD}
        )
        answer.raise_for_status()
        http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        http.base_url = stack.url("conversation")
        yield Admin(http)


async def test_markup_that_does_become_elements_would_be_noticed(visit: Visit) -> None:
    guest = await visit()
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    await guest.of("message").last.locator(".text").evaluate("(e, html) => { e.innerHTML = html; }", MARKUP[0])
    await guest.page.wait_for_function("() => window.__xss === 1")
    with pytest.raises(AssertionError):
        await nothing_ran(guest)


async def test_markup_in_messages_of_guests_and_staff_is_shown_as_it_was_written(
    visit: Visit, sam: Staff, records: Records
) -> None:
    guest = await visit()
    await guest.opens()
    first = f"I want my money back! {MARKUP[0]}"
    await guest.says(first)
    await guest.sees_replies(1)
    conversation_id = await records.asking(first)
    await sam.does(f"/conversations/{conversation_id}/take-over")
    for text in MARKUP[1:]:
        await guest.says(text)
        await guest.sees(text, by="guest")
    for text in MARKUP:
        await sam.replies(conversation_id, f"Sam: {text}")
        await guest.sees(f"Sam: {text}", by="staff")
    await nothing_ran(guest)
    await guest.reloads()
    await guest.ensures_open()
    await guest.sees(f"Sam: {MARKUP[-1]}", by="staff")
    await nothing_ran(guest)


async def test_markup_in_an_article_is_text_in_the_answer_and_in_its_sources(visit: Visit, admin: Admin) -> None:
    article_id = await admin.publishes(
        f"Falconry {MARKUP[0]}", f"Falconry lessons take place on Tuesdays. {MARKUP[1]} {MARKUP[3]} {MARKUP[4]}"
    )
    try:
        guest = await visit()
        await guest.opens()
        await guest.says("When are the falconry lessons?")
        await guest.sees("Falconry lessons", by="ai")
        await nothing_ran(guest)
    finally:
        await admin.http.post(f"/articles/{article_id}/unpublish")


async def test_markup_in_a_hotels_name_and_consent_and_in_a_name_of_staff_is_text(
    visit: Visit, sam: Staff, records: Records, stack: Stack, site: Site
) -> None:
    async with (
        records.altered(
            "staff",
            {"display_name": f"Sam {MARKUP[0]}"},
            f"user_id = '{sam.user_id}'",
        ),
        records.altered(
            "hotels",
            {
                "name": f"Lindenhof {MARKUP[0]}{MARKUP[1]}",
                "consent_text": f"We keep it for 90 days. {MARKUP[3]} {MARKUP[6]}",
            },
            "slug = 'lindenhof'",
        ),
    ):
        guest = await visit(site.page("/evil", page(script_tag(stack.url("conversation")))))
        await guest.opens()
        question = "I want my money back, from a hostile hotel!"
        await guest.says(question)
        await guest.sees_replies(1)
        conversation_id = await records.asking(question)
        await sam.does(f"/conversations/{conversation_id}/take-over")
        await sam.replies(conversation_id, "Hello from a strange name.")
        await guest.sees("Hello from a strange name.", by="staff")
        await nothing_ran(guest)


async def test_even_a_server_that_lies_can_put_nothing_but_text_and_colours_on_the_page(
    visit: Visit, stack: Stack, site: Site
) -> None:
    lies = {
        "colour": "red} .panel{display:none} :host{background:url(javascript:window.__xss=1)",
        "logo_url": "javascript:window.__xss=1",
    }

    async def lie(route: Route) -> None:
        answer = await route.fetch()
        said = await answer.json()
        if "hotel" in said:
            said["hotel"]["brand"] = lies
        await route.fulfill(response=answer, body=json.dumps(said))

    guest = await visit()
    await guest.page.route(re.compile("/widget/(opening|sessions)"), lie)
    await guest.page.reload()
    await guest.has_the_widget()
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    await nothing_ran(guest)
