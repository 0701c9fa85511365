"""Turns: what guests say is answered once, whatever happens in between."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from conversation_play import Guest, Hotel
from service_play import ARTICLE, ScriptedEngine

from contracts.events import ConversationStarted, GuestUpdated, MessageSent, TurnAnswered, TurnHandedOver
from contracts.ids import GuestId
from contracts.statuses import GuestStatus
from contracts.values import HandOverReason, Priority, TurnAction
from conversation.turns import CLAIMS_AT_MOST
from servicekit.clock import utc_now
from servicekit.ids import new_id
from servicekit.testing import RunningService, eventually


async def test_a_guest_asks_and_gets_an_answer_with_its_sources(guest: Guest) -> None:
    answer = await guest.ask("Can I bring my dog?")
    assert answer["text"] == "About Can I bring my dog?"
    assert answer["seq"] == 2
    assert answer["action"] == "answer"
    assert answer["sources"] == [{"article_id": str(ARTICLE), "title": "Dogs", "score": 0.8}]


async def test_the_events_of_a_turn_tell_it_in_order(guest: Guest, hotel: Hotel) -> None:
    answer = await guest.ask("Can I bring my dog?")
    events = hotel.app
    [started] = await events.events(ConversationStarted, hotel_id=hotel.id)
    asked, replied = await events.events(MessageSent, 2, hotel_id=hotel.id)
    [answered] = await events.events(TurnAnswered, hotel_id=hotel.id)
    assert [started.version, asked.version, replied.version, answered.version] == [1, 2, 3, 4]
    assert asked.turn_id == replied.turn_id == answered.turn_id
    assert (answered.action, answered.attempt, str(answered.message_id)) == (TurnAction.ANSWER, 1, answer["id"])


async def test_messages_in_a_burst_are_one_turn(guest: Guest, engine: ScriptedEngine) -> None:
    await guest.say("Hello")
    await guest.say("one more thing:")
    answer = await guest.ask("is the sauna open?")
    assert answer["text"] == "About Hello\none more thing:\nis the sauna open?"
    assert len([one for one in await guest.messages() if one["sender"] == "ai"]) == 1


async def test_a_greeting_is_answered_when_nothing_follows(guest: Guest) -> None:
    assert (await guest.ask("Hello"))["text"] == "About Hello"


async def test_what_is_said_while_the_ai_thinks_joins_the_turn(guest: Guest, engine: ScriptedEngine) -> None:
    async with engine.held("first thought"):
        await guest.say("first thought?")
        await eventually(lambda: engine.times_asked("first thought") == 1)
        await guest.say("second one?")
        await eventually(lambda: engine.times_asked("first thought?\nsecond one?") == 1)
    await guest.settled()
    assert [one["text"] for one in await guest.messages() if one["sender"] == "ai"] == [
        "About first thought?\nsecond one?"
    ]


async def test_a_guest_is_answered_at_once_when_the_clock_of_the_api_is_an_hour_ahead(
    guest: Guest, desk: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as ahead:
        ahead.setattr(desk.runtime.db, "clock", lambda: utc_now() + timedelta(hours=1))
        assert (await guest.ask("Can I bring my dog?"))["text"] == "About Can I bring my dog?"
    assert (await guest.ask("Is there a pool?"))["text"] == "About Is there a pool?"
    sent = [datetime.fromisoformat(one["sent_at"]) for one in await guest.messages()]
    assert sent == sorted(sent)
    assert sent[-1] <= utc_now()


async def test_a_guest_is_answered_at_once_after_a_worker_whose_clock_was_an_hour_ahead(
    guest: Guest, desk: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as ahead:
        ahead.setattr(desk.runtime.worker_db, "clock", lambda: utc_now() + timedelta(hours=1))
        await guest.ask("Can I bring my dog?")
    assert (await guest.ask("Is there a pool?"))["text"] == "About Is there a pool?"


async def test_a_guest_who_types_on_holds_the_turn(guest: Guest, hotel: Hotel) -> None:
    await guest.say("Hello")
    assert (await guest.client.post(f"{guest.path}/typing")).status_code == 204
    answer = await guest.ask("do you have a cot?")
    assert answer["text"] == "About Hello\ndo you have a cot?"


async def test_the_ai_is_silent_after_take_over_though_its_answer_was_ready(
    guest: Guest, engine: ScriptedEngine, hotel: Hotel
) -> None:
    async with engine.held("late answer"):
        await guest.say("late answer?")
        await eventually(lambda: engine.times_asked("late answer") == 1)
        assert (await hotel.staff().post(f"{guest.staff_path}/take-over")).status_code == 200
    await guest.settled()
    later = await hotel.staff().post(f"{guest.staff_path}/messages", json={"id": str(new_id()), "text": "Sam here."})
    assert later.status_code == 201
    assert [one["sender"] for one in await guest.messages()] == ["guest", "system", "staff"]


async def test_a_refund_demand_goes_to_staff_and_the_guest_is_told(guest: Guest, hotel: Hotel) -> None:
    answer = await guest.ask("I want a refund!")
    assert (answer["text"], answer["action"]) == ("Somebody will help you.", "hand_over")
    view = await guest.has_status("waiting_for_staff")
    assert view["owner"] == "nobody"
    [event] = await hotel.app.events(TurnHandedOver, hotel_id=hotel.id)
    assert (event.reasons, event.priority) == ((HandOverReason.NEVER_AUTO_TOPIC,), Priority.HIGH)
    assert str(event.message_id) == answer["id"]


async def test_a_guest_who_waits_for_staff_is_not_handed_over_again(guest: Guest, hotel: Hotel) -> None:
    await guest.ask("I want a refund!")
    said = await guest.say("Where is my refund?")
    assert said.status_code == 201
    turns = await hotel.rows("SELECT state FROM turns")
    assert [turn["state"] for turn in turns] == ["handed_over"]


async def test_what_was_said_before_the_hand_back_is_not_held_against_the_guest(
    guest: Guest, hotel: Hotel, engine: ScriptedEngine
) -> None:
    await guest.ask("I want a refund!")
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    await hotel.staff().post(f"{guest.staff_path}/messages", json={"id": str(new_id()), "text": "Done."})
    await hotel.staff().post(f"{guest.staff_path}/hand-back")
    answer = await guest.ask("When is breakfast after hand-back?")
    assert answer["action"] == "answer"
    await guest.ask("And dinner after hand-back?")
    asked = {question: history for question, history, _ in engine.asked if "after hand-back" in question}
    assert list(asked["When is breakfast after hand-back?"]) == []
    assert [one.sender for one in asked["And dinner after hand-back?"]] == ["guest", "ai"]


async def test_the_conversation_follows_the_guests_language(guest: Guest, hotel: Hotel) -> None:
    await guest.ask("Darf mein Hund mit?")
    assert (await guest.conversation())["language"] == "de"
    await hotel.staff().post(f"{guest.staff_path}/take-over")
    assert (await guest.heard("system"))["text"] == "Sam ist jetzt für Sie da und antwortet Ihnen."


async def test_an_engine_that_keeps_failing_hands_the_guest_to_staff(guest: Guest) -> None:
    answer = await guest.ask("crash please?")
    assert answer["action"] == "hand_over"
    await guest.has_status("waiting_for_staff")


async def test_a_question_that_kills_every_worker_goes_to_staff_in_the_end(
    guest: Guest, hotel: Hotel, engine: ScriptedEngine
) -> None:
    """The workers that it killed are played by the number of claims that nobody finished."""
    async with engine.held("deadly question"):
        await guest.say("deadly question?")
        await eventually(lambda: engine.times_asked("deadly question") == 1)
        async with hotel.app.runtime.worker_db.autocommit() as connection:
            await connection.exec_driver_sql(
                "UPDATE due SET attempt = $2, lease_until = clock_timestamp() - interval '1 second' WHERE hotel_id = $1",
                (hotel.id, CLAIMS_AT_MOST),
            )
        await guest.has_status("waiting_for_staff")
    assert engine.times_asked("deadly question") == 1, "it is not asked again"


async def test_the_engine_is_told_of_a_vip(guest: Guest, hotel: Hotel, engine: ScriptedEngine) -> None:
    await hotel.app.publish(
        GuestUpdated(guest_id=GuestId(guest.id), hotel_id=hotel.id, status=GuestStatus.VIP, version=2), hotel.id
    )
    await eventually(lambda: hotel.rows("SELECT 1 FROM guests WHERE status = 'vip'"))
    await guest.ask("VIP question?")
    assert next(policy for question, _, policy in engine.asked if question == "VIP question?").guest_is_vip


async def test_a_turn_whose_worker_died_is_answered_once(guest: Guest, hotel: Hotel, engine: ScriptedEngine) -> None:
    """The dead worker is played by a lease that it does not renew any more, and its late answer by letting it go on."""
    async with engine.held("lost lease"):
        await guest.say("lost lease?")
        await eventually(lambda: engine.times_asked("lost lease") == 1)
        async with hotel.app.runtime.worker_db.autocommit() as connection:
            await connection.exec_driver_sql(
                "UPDATE due SET lease_until = clock_timestamp() - interval '1 second' WHERE hotel_id = $1", (hotel.id,)
            )
        await eventually(lambda: engine.times_asked("lost lease") == 2)
    await guest.settled()
    await asyncio.sleep(0)
    assert [one["sender"] for one in await guest.messages()] == ["guest", "ai"]
    [turn] = await hotel.rows(
        "SELECT state, attempt FROM turns WHERE conversation_id = $1", UUID(guest.conversation_id)
    )
    assert turn == {"state": "answered", "attempt": 2}
