"""Who has read how far: guests see that the desk has read what they said, staff see what the guest has read."""

import asyncio
from uuid import UUID

import pytest
from conversation_play import Guest, Hotel
from service_play import ScriptedEngine

from contracts.ids import ConversationId
from conversation.commands.messages import SendMessage, send_message
from servicekit.ids import new_id
from servicekit.testing import eventually


async def test_an_answer_of_the_ai_has_read_its_question(guest: Guest, engine: ScriptedEngine) -> None:
    async with guest.live() as live:
        assert (await live.frame("state"))["conversation"]["read_by_desk_seq"] == 0
        async with engine.held("unread"):
            await guest.say("Is this unread?")
            await live.frame("typing", by="ai")
            assert (await guest.conversation())["read_by_desk_seq"] == 0
        await live.frame("state", read_by_desk_seq=1)
    assert (await guest.conversation())["last_seq"] == 2


async def test_the_guest_sees_that_staff_have_read_and_staff_see_that_the_guest_has(guest: Guest, hotel: Hotel) -> None:
    sam = hotel.staff()
    await sam.post(f"{guest.staff_path}/take-over")
    async with guest.live() as live:
        await live.frame("state", status="with_staff")
        said = (await guest.say("Are you there?")).json()
        assert (await sam.post(f"{guest.staff_path}/read", json={"seq": said["seq"]})).status_code == 204
        await live.frame("state", read_by_desk_seq=said["seq"])
        await live.send(type="read", seq=1)
        await live.frame("state", read_by_guest_seq=1)
        assert (await guest.client.post(f"{guest.path}/read", json={"seq": 2})).status_code == 204
        await live.frame("state", read_by_guest_seq=2)
    assert (await guest.conversation())["read_by_guest_seq"] == 2


async def test_whoever_answers_has_read_what_they_answer(guest: Guest, hotel: Hotel) -> None:
    sam = hotel.staff()
    await sam.post(f"{guest.staff_path}/take-over")
    await guest.say("Are you there?")
    async with guest.live() as live:
        answer = await sam.post(f"{guest.staff_path}/messages", json={"id": str(new_id()), "text": "Yes!"})
        await live.frame("state", read_by_desk_seq=answer.json()["seq"])


async def test_an_answer_of_staff_has_read_what_it_answers_though_the_process_dies_with_it(
    guest: Guest, hotel: Hotel
) -> None:
    """Played by the one database call, after which nothing else runs; an open widget sees both in one look."""
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    async with guest.live() as live:
        await live.frame("state", status="with_staff")
        command = SendMessage(id=new_id(), text="Yes!")
        conversation_id = ConversationId(UUID(guest.conversation_id))
        sent = await send_message(hotel.app.runtime.db, hotel.id, conversation_id, "staff", hotel.sam, command)
        await live.frame("message", sender="staff")
        await live.frame("state", read_by_desk_seq=sent.seq)


async def test_nobody_reads_backwards_or_what_was_not_said(guest: Guest, hotel: Hotel) -> None:
    await guest.ask("Is there parking?")
    for seq in (2, 1, 2_000_000):
        assert (await guest.client.post(f"{guest.path}/read", json={"seq": seq})).status_code == 204
    assert (await guest.conversation())["read_by_guest_seq"] == 2
    told = await hotel.rows(
        "SELECT payload FROM outbox WHERE type = 'frontdesk.conversation.read.v1' AND aggregateid = $1",
        guest.conversation_id,
    )
    assert [row["payload"]["seq"] for row in told] == [2], "one event for one step forward"
    assert told[0]["payload"]["by"] == {"kind": "guest", "id": str(guest.id)}


@pytest.mark.parametrize("seq", [0, -1, "x", 2**40])
async def test_what_is_no_message_is_not_read(guest: Guest, seq: object) -> None:
    assert (await guest.client.post(f"{guest.path}/read", json={"seq": seq})).status_code == 422
    assert (await guest.hotel.staff().post(f"{guest.staff_path}/read", json={"seq": seq})).status_code == 422


async def test_nobody_reads_for_others(guest: Guest, hotel: Hotel, other_hotel: Hotel) -> None:
    await guest.ask("Is there parking?")
    stranger, neighbour = await hotel.guest(), await other_hotel.guest()
    for client in (stranger.client, neighbour.client):
        assert (await client.post(f"{guest.path}/read", json={"seq": 2})).status_code == 404
    assert (await other_hotel.staff().post(f"{guest.staff_path}/read", json={"seq": 2})).status_code == 404
    viewer = hotel.staff(role="viewer")
    assert (await viewer.post(f"{guest.staff_path}/read", json={"seq": 2})).status_code == 403
    assert (await guest.conversation())["read_by_guest_seq"] == 0


async def test_the_guest_sees_who_is_typing(guest: Guest, hotel: Hotel) -> None:
    sam = hotel.staff()
    await sam.post(f"{guest.staff_path}/take-over")
    async with guest.live() as live:
        await live.frame("state", status="with_staff")
        await sam.post(f"{guest.staff_path}/typing")
        assert await live.frame("typing") == {"type": "typing", "by": "staff", "name": "Sam"}


async def test_an_answer_names_the_turn_that_it_answers(guest: Guest) -> None:
    said = (await guest.say("Is there parking?")).json()
    answer = await guest.heard("ai")
    assert said["turn_id"] == answer["turn_id"] is not None


async def test_an_answer_streams_in_and_the_message_takes_its_place(guest: Guest, engine: ScriptedEngine) -> None:
    async with guest.live() as live, engine.held("slowly"):
        said = (await guest.say("Is there parking, slowly?")).json()
        partial = await live.frame("partial")
        assert partial == {"type": "partial", "turn_id": said["turn_id"], "text": "About"}
        engine.release("slowly")
        answer = await live.frame("message", sender="ai")
        assert answer["message"]["turn_id"] == said["turn_id"]


async def test_what_comes_to_nothing_is_taken_back(guest: Guest, hotel: Hotel, engine: ScriptedEngine) -> None:
    async with guest.live() as live, engine.held("slowly"):
        said = (await guest.say("Do I get, slowly, an answer?")).json()
        assert (await live.frame("partial"))["text"] == "About"
        await hotel.staff().post(f"{guest.staff_path}/take-over")
        await live.frame("state", status="with_staff")
        engine.release("slowly")
        assert await live.frame("partial") == {"type": "partial", "turn_id": said["turn_id"], "text": ""}
        await hotel.staff().post(f"{guest.staff_path}/hand-back")
        await live.frame("state", status="open")
        again = (await guest.say("And, slowly, now?")).json()
        assert again["turn_id"] != said["turn_id"]
        async with asyncio.timeout(5):
            await live.frame("message", sender="ai")
    assert [one["sender"] for one in await guest.messages()].count("ai") == 1


async def test_a_turn_that_starts_again_takes_back_what_it_said(guest: Guest, engine: ScriptedEngine) -> None:
    async with guest.live() as live, engine.held("slowly"):
        first = (await guest.say("What, slowly, is this?")).json()
        assert (await live.frame("partial"))["text"] == "About"
        await guest.say("And is there a pool?")
        await eventually(lambda: engine.times_asked("And is there a pool?") > 0)
        texts = [(await live.frame("partial"))["text"] for _ in range(2)]
        assert sorted(texts) == ["", "About"], "withdrawn, and begun again, in either order"
        engine.release("slowly")
        assert (await live.frame("message", sender="ai"))["message"]["turn_id"] == first["turn_id"]


async def test_what_a_guest_says_of_themselves_is_shown_to_staff_and_goes_nowhere_else(
    guest: Guest, hotel: Hotel, other_hotel: Hotel
) -> None:
    assert (await guest.conversation())["guest_says"] is None
    said = {"name": "Clara", "email": "Clara.Moreau@guests.example", "phone": "+33 1 23 45", "room": "212"}
    assert (await guest.client.post("/widget/identify", json=said)).status_code == 204
    assert (await guest.client.post("/widget/identify", json={"room": None})).status_code == 204
    shown = (await guest.conversation())["guest_says"]
    assert shown.pop("updated_at")
    assert shown == {"name": "Clara", "email": "clara.moreau@guests.example", "phone": "+33 1 23 45", "room": None}
    assert "guest_says" not in (await guest.client.get("/widget/conversations/current")).json()
    assert await hotel.rows("SELECT 1 FROM outbox WHERE payload::text ILIKE '%clara%'") == []
    assert await other_hotel.rows("SELECT 1 FROM guest_says") == []


@pytest.mark.parametrize(
    "said", [{"email": "no address"}, {"name": ""}, {"phone": "<script>"}, {"room": "x" * 41}, {"vip": True}]
)
async def test_what_cannot_be_true_is_refused(guest: Guest, said: dict[str, object]) -> None:
    answer = await guest.client.post("/widget/identify", json=said)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/{next(iter(said))}"
