"""A guest asks, the answer streams in, staff take over: live both ways, and through whatever happens to the guest's tab."""

import asyncio
import itertools
import re
from uuid import UUID

from playwright.async_api import expect

from browser.conftest import Visit
from browser.guest import GuestPage
from browser.host import Site, page, script_tag
from browser.line import Line
from browser.records import Records
from devstack.stack import Stack
from kit.people import Staff, until

DOG = "Can I bring my dog?"
REFUND = "I want my money back for last night!"


async def shows_what_is_stored(guest: GuestPage, records: Records, conversation_id: UUID) -> None:
    """Every stored message is in the log once, in order, with its text, and nothing else is."""

    async def alike() -> bool:
        stored = await records.of(conversation_id)
        shown = await guest.log()
        return [(s.seq, s.sender, s.text) for s in shown] == [(q, s, t) for q, s, t in stored]

    try:
        await until(alike, 15)
    except AssertionError:
        shown = [(s.seq, s.sender, s.text) for s in await guest.log()]
        assert shown == await records.of(conversation_id)


async def test_a_guest_asks_and_the_answer_streams_in_with_its_sources(visit: Visit) -> None:
    guest = await visit()
    await guest.opens()
    await guest.page.evaluate(
        """() => {
            window.seen = [];
            const root = document.querySelector('front-desk-widget').shadowRoot;
            new MutationObserver(() => {
                const partial = root.querySelector('[data-testid=partial]');
                if (partial && !partial.hidden) window.seen.push(partial.textContent.trim());
            }).observe(root, {subtree: true, childList: true, attributes: true});
        }"""
    )
    # On a busy machine the stored answer may overtake its beginnings, which are never the record: then the next one counts.
    grew: list[str] = []
    text = ""
    for asked, question in enumerate(("What time is breakfast?", "Can I bring my dog?", "Is there parking?"), start=1):
        await guest.says(question)
        await guest.sees_replies(asked)
        answer = guest.page.locator("[data-testid=message][data-sender=ai]").last
        await expect(answer.get_by_test_id("sources")).to_be_visible()
        await expect(guest.of("partial")).to_be_hidden()
        text = (await guest.log())[-1].text
        grew = await guest.page.evaluate("() => window.seen.splice(0)")
        if grew:
            break
    assert grew, "every answer came in one piece"
    assert all(len(a) <= len(b) for a, b in itertools.pairwise(grew)), grew
    assert text.startswith(grew[0][:20])


async def test_guest_and_staff_see_each_other_live(visit: Visit, sam: Staff, records: Records) -> None:
    guest = await visit()
    await guest.opens()
    async with sam.live() as dashboard:
        await guest.says(REFUND)
        await guest.sees_replies(1)
        conversation_id = await records.asking(REFUND)
        await guest.is_told(re.compile("colleague|person|team|staff", re.IGNORECASE))
        await sam.does(f"/conversations/{conversation_id}/take-over")
        await guest.is_with("Sam")
        await sam.does(f"/conversations/{conversation_id}/typing", status=204)
        await expect(guest.of("typing")).to_contain_text("Sam")
        await sam.replies(conversation_id, "This is Sam. Which room was it?")
        await guest.sees("This is Sam. Which room was it?", by="staff")
        await expect(guest.of("typing")).to_be_hidden()

        await guest.says("Room 214, on the second floor.")
        await dashboard.until(
            lambda f: (
                f["type"] == "event"
                and f["event"]["type"] == "frontdesk.message.sent.v1"
                and f["event"].get("conversation_id") == str(conversation_id)
                and f["event"]["sender"]["kind"] == "guest"
                and f["event"]["seq"] > 3
            )
        )
        page = await sam.get(f"/conversations/{conversation_id}")
        assert "Room 214" in str(page)
    await shows_what_is_stored(guest, records, conversation_id)


async def test_a_reload_a_lost_network_and_a_second_tab_lose_and_double_nothing(
    visit: Visit, sam: Staff, records: Records, stack: Stack, site: Site
) -> None:
    async with Line(int(stack.url("conversation").rpartition(":")[2])) as line:
        address = site.page("/line", page(script_tag(line.url)))
        guest = await visit(address)
        await guest.opens()
        first = "Somebody took my towels. I want my money back!"
        await guest.says(first)
        await guest.sees_replies(1)
        conversation_id = await records.asking(first)
        await sam.does(f"/conversations/{conversation_id}/take-over")
        await sam.replies(conversation_id, "Sam here, one.")
        await guest.sees("Sam here, one.")

        await guest.reloads()
        await guest.ensures_open()
        await shows_what_is_stored(guest, records, conversation_id)

        second = await GuestPage.visits(guest.page.context, address)
        await second.ensures_open()
        await shows_what_is_stored(second, records, conversation_id)
        await second.says("From the second tab.")
        await guest.sees("From the second tab.", by="guest")
        await guest.says("And from the first.")
        await second.sees("And from the first.", by="guest")

        line.cut()
        await guest.is_told(re.compile("reached|offline"))
        await guest.says("Written with no network, one.")
        await guest.says("Written with no network, two.")
        await guest.sees_state("no network, one", "waiting|sending")
        await sam.replies(conversation_id, "Sam here, while you were away.")
        await guest.reloads()
        await guest.ensures_open()
        await guest.sees("no network, two", by="guest")
        line.mend()
        await guest.sees("Sam here, while you were away.")
        for tab in (guest, second):
            await tab.sees_state("no network, one", "sent|read")
            await tab.sees_state("no network, two", "sent|read")
            await shows_what_is_stored(tab, records, conversation_id)
        stored = [text for _, sender, text in await records.of(conversation_id) if sender == "guest"]
        assert stored == [
            first,
            "From the second tab.",
            "And from the first.",
            "Written with no network, one.",
            "Written with no network, two.",
        ]
        assert not second.troubles


async def test_thirty_seconds_in_a_lift_lose_and_double_nothing(
    visit: Visit, sam: Staff, records: Records, stack: Stack, site: Site
) -> None:
    async with Line(int(stack.url("conversation").rpartition(":")[2])) as line:
        guest = await visit(site.page("/lift", page(script_tag(line.url))))
        await guest.opens()
        first = "The lift is stuck, and I want my money back!"
        await guest.says(first)
        await guest.sees_replies(1)
        conversation_id = await records.asking(first)
        await sam.does(f"/conversations/{conversation_id}/take-over")
        await guest.is_with("Sam")
        line.silence()
        await guest.says("Hello?")
        await sam.replies(conversation_id, "We are on our way.")
        await guest.says("Is somebody there?")
        await asyncio.sleep(30)  # what is measured is that long a silence
        line.mend()
        await guest.sees("We are on our way.", seconds=30)
        await guest.sees_state("Is somebody there?", "sent|read", seconds=30)
        await shows_what_is_stored(guest, records, conversation_id)
        assert [text for _, sender, text in await records.of(conversation_id) if sender == "guest"] == [
            first,
            "Hello?",
            "Is somebody there?",
        ]
