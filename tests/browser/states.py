"""Every state the widget can be seen in, and how a guest gets there: for the accessibility tests and for the pictures."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from playwright.async_api import expect

from browser.guest import GuestPage
from browser.records import Records
from kit.people import Staff


class Arrive(Protocol):
    """A guest comes to a page of the Lindenhof."""

    def __call__(
        self, *, language: str = "en", stranger: bool = False, held: str | None = None, **options: Any
    ) -> Awaitable[GuestPage]:
        """Any: Playwright's options of a context.

        Args:
            language: of the widget.
            stranger: the page lies on a site that the hotel has not allowed.
            held: nothing that comes over the live connection after the first frame of this type is let through.
        """
        ...


@dataclass(frozen=True, slots=True)
class Scene:
    """What a state needs to come about."""

    arrives: Arrive
    sam: Staff
    records: Records

    async def taken_over(self, complaint: str, guest: GuestPage) -> UUID:
        """The guest complains, Sam takes over; the conversation."""
        await guest.says(complaint)
        await guest.sees_replies(1)
        conversation_id = await self.records.asking(complaint)
        await self.sam.does(f"/conversations/{conversation_id}/take-over")
        await guest.is_with("Sam")
        return conversation_id


async def closed(scene: Scene) -> GuestPage:
    """Only the button."""
    return await scene.arrives()


async def opened(scene: Scene) -> GuestPage:
    """Nothing said yet: greeting, hours, consent."""
    guest = await scene.arrives()
    await guest.opens()
    await expect(guest.of("consent")).to_be_visible()
    return guest


async def answered(scene: Scene) -> GuestPage:
    """A question, its answer, where the answer is from."""
    guest = await scene.arrives()
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    await guest.says("And can I bring my dog?")
    await guest.sees_replies(2)
    await expect(guest.of("sources").last).to_be_visible()
    return guest


async def streaming(scene: Scene) -> GuestPage:
    """Half an answer: what comes after its first part is held back."""
    guest = await scene.arrives(held="partial")
    await guest.opens()
    await guest.says("What time is breakfast?")
    await expect(guest.of("partial")).to_contain_text(re.compile(r"\w"))
    return guest


async def thinking(scene: Scene) -> GuestPage:
    """The AI is at it: dots, no word yet."""
    guest = await scene.arrives(held="typing")
    await guest.opens()
    await guest.says("What time is breakfast?")
    await expect(guest.of("typing")).to_be_visible()
    return guest


async def asked_back(scene: Scene) -> GuestPage:
    """The AI asks what was meant; the guest may tap."""
    guest = await scene.arrives()
    await guest.opens()
    await guest.says("price?")
    await expect(guest.of("quick-reply").first).to_be_visible()
    return guest


async def handed_over(scene: Scene) -> GuestPage:
    """A person will take over."""
    guest = await scene.arrives()
    await guest.opens()
    await guest.says("I want my money back, the shower was cold!")
    await guest.sees_replies(1)
    await guest.is_told(re.compile(r"\w"))
    return guest


async def with_staff(scene: Scene) -> GuestPage:
    """Sam is there, has read, has answered and is writing again."""
    guest = await scene.arrives()
    await guest.opens()
    conversation_id = await scene.taken_over("My room was never cleaned. I want my money back!", guest)
    await scene.sam.replies(conversation_id, "I am so sorry. I'm Sam, at the desk tonight. Which room is it?")
    await guest.sees("Which room is it?", by="staff")
    await guest.says("214, on the second floor.")
    messages = await scene.records.of(conversation_id)
    await guest.sees_state("214, on the second floor.", "sent|read")
    await scene.sam.does(f"/conversations/{conversation_id}/read", {"seq": messages[-1][0] + 1}, status=204)
    await guest.sees_state("214, on the second floor.", "read")
    await scene.sam.does(f"/conversations/{conversation_id}/typing", status=204)
    await expect(guest.of("typing")).to_contain_text("Sam")
    return guest


async def offline(scene: Scene) -> GuestPage:
    """No network; what is written waits."""
    guest = await scene.arrives()
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    await guest.page.context.set_offline(True)
    await guest.is_told(re.compile(r"\w"))
    await guest.says("And is there parking?")
    await guest.sees_state("And is there parking?", "waiting|sending")
    return guest


async def refused(scene: Scene) -> GuestPage:
    """On a site that the hotel has not allowed."""
    guest = await scene.arrives(stranger=True)
    await guest.opens()
    await guest.is_told(re.compile(r"\w"))
    return guest


async def ended(scene: Scene) -> GuestPage:
    """The conversation is over; a new one may begin."""
    guest = await scene.arrives()
    await guest.opens()
    conversation_id = await scene.taken_over("The lift was broken again. I want my money back!", guest)
    await scene.sam.replies(conversation_id, "It is refunded. Have a good trip home!")
    await guest.sees("It is refunded", by="staff")
    await scene.sam.does(f"/conversations/{conversation_id}/end")
    await guest.is_told(re.compile(r"\w"))
    return guest


async def unread(scene: Scene) -> GuestPage:
    """Closed, with an answer that has not been seen."""
    guest = await scene.arrives()
    await guest.opens()
    conversation_id = await scene.taken_over("Nobody answered the phone. I want my money back!", guest)
    await guest.closes()
    await scene.sam.replies(conversation_id, "Sorry! I am here now.")
    await expect(guest.of("unread")).to_have_text(re.compile("1"))
    return guest


async def dark(scene: Scene) -> GuestPage:
    """The same at night."""
    guest = await scene.arrives(color_scheme="dark")
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    return guest


async def german(scene: Scene) -> GuestPage:
    """In German."""
    guest = await scene.arrives(language="de", locale="de-DE")
    await guest.opens()
    await guest.says("Wann gibt es Frühstück?")
    await guest.sees_replies(1)
    return guest


async def right_to_left(scene: Scene) -> GuestPage:
    """In Arabic: everything the other way round."""
    guest = await scene.arrives(language="ar", locale="ar-EG")
    await guest.opens()
    await guest.says("متى يكون الإفطار؟")
    await guest.sees_replies(1)
    return guest


async def phone(scene: Scene) -> GuestPage:
    """On a phone it fills the screen."""
    guest = await scene.arrives(viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
    await guest.opens()
    await guest.says("Can I bring my dog?")
    await guest.sees_replies(1)
    return guest


STATES: Mapping[str, Callable[[Scene], Awaitable[GuestPage]]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        closed,
        opened,
        thinking,
        streaming,
        answered,
        asked_back,
        handed_over,
        with_staff,
        unread,
        offline,
        ended,
        refused,
        dark,
        german,
        right_to_left,
        phone,
    )
}
