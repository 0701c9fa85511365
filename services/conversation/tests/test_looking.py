"""What an open widget is shown: the same as by the queries, nothing of others, everything once and in order."""

import asyncio
import json
from uuid import UUID

import pytest
from conversation_play import Guest, Hotel, Live

from contracts.errors import NotFound
from contracts.events import HotelDeactivated
from contracts.ids import ConversationId, GuestId
from contracts.statuses import HotelStatus
from conversation.domain.conversation import HotelSuspended
from conversation.queries.conversations import conversation_of_guest
from conversation.queries.live import Sight, look
from conversation.queries.messages import PAGE, messages_after
from servicekit.ids import new_id
from servicekit.testing import eventually


async def sight(guest: Guest, after_seq: int = 0) -> Sight:
    """One look."""
    db, hotel_id = guest.hotel.app.runtime.db, guest.hotel.id
    return await look(db, hotel_id, ConversationId(UUID(guest.conversation_id)), GuestId(guest.id), after_seq)


async def test_a_look_shows_what_the_queries_show(guest: Guest, hotel: Hotel) -> None:
    await guest.ask("Is there parking?")
    sam = hotel.staff()
    await sam.post(f"{guest.staff_path}/take-over")
    await sam.post(
        f"{guest.staff_path}/messages", json={"id": str(new_id()), "text": 'We keep a place, "free" of charge'}
    )
    for after_seq in (0, 2, 99):
        seen = await sight(guest, after_seq)
        async with hotel.app.runtime.db.transaction(hotel.id) as tx:
            conversation = await conversation_of_guest(
                tx, ConversationId(UUID(guest.conversation_id)), GuestId(guest.id)
            )
            messages = await messages_after(tx, ConversationId(UUID(guest.conversation_id)), after_seq)
        assert seen == Sight(conversation, messages)
    assert {message.sender for message in (await sight(guest)).messages} == {"guest", "ai", "system", "staff"}


async def test_a_look_brings_a_page_at_most(guest: Guest) -> None:
    await guest.long_conversation("line", PAGE + 1)
    assert [message.seq for message in (await sight(guest)).messages] == list(range(1, PAGE + 1))
    assert [message.seq for message in (await sight(guest, PAGE)).messages] == [PAGE + 1]


async def test_nobody_looks_at_what_is_not_theirs(guest: Guest, other_hotel: Hotel) -> None:
    stranger = await guest.hotel.guest()
    away = await other_hotel.guest()
    for hotel_id, guest_id in ((guest.hotel.id, stranger.id), (other_hotel.id, guest.id), (other_hotel.id, away.id)):
        with pytest.raises(NotFound):
            await look(
                guest.hotel.app.runtime.db, hotel_id, ConversationId(UUID(guest.conversation_id)), GuestId(guest_id), 0
            )


async def test_a_suspended_hotel_shows_nothing(guest: Guest, hotel: Hotel) -> None:
    hotel.version += 1
    await hotel.app.publish(hotel.described(HotelDeactivated, status=HotelStatus.INACTIVE), hotel.id)

    async def suspended() -> bool:
        try:
            await sight(guest)
        except HotelSuspended:
            return True
        return False

    await eventually(suspended)


async def test_the_guests_own_message_comes_with_its_acknowledgement_as_another_tab_finds_it(guest: Guest) -> None:
    async with guest.live() as here, guest.live() as there:
        await here.frame("state")
        await here.send(type="message", id=str(new_id()), text="My card is 4111 1111 1111 1111")
        mine, theirs = await here.frame("message"), await there.frame("message")
        assert mine == theirs
        assert "4111 1111" not in mine["message"]["text"]


async def test_two_tabs_that_talk_at_once_both_see_all_of_it_once_and_in_order(guest: Guest, hotel: Hotel) -> None:
    await hotel.staff().post(f"{guest.staff_path}/take-over")  # so that nobody else says anything
    said = 20
    async with guest.live() as one, guest.live() as other:

        async def talk(live: Live) -> list[int]:
            seen: list[int] = []
            for number in range(said):
                await live.send(type="message", id=str(new_id()), text=f"line {number}")
            while len(seen) < 2 * said + 1:
                frame = json.loads(await asyncio.wait_for(live.socket.recv(), 10))
                if frame["type"] == "message":
                    seen.append(frame["message"]["seq"])
            return seen

        for seen in await asyncio.gather(talk(one), talk(other)):
            assert seen == list(range(1, 2 * said + 2))
