"""Messages: stored once and in order, published as contracts say, and nobody else's business."""

import asyncio
import json
from pathlib import Path
from typing import Literal
from uuid import UUID, uuid4

import httpx
import pytest
from conversation_play import Guest, Hotel
from service_play import ScriptedEngine, service_with, start_without_kafka

from contracts.envelope import Envelope
from contracts.events import AuditRecorded, HotelDeactivated, MessageSent
from contracts.ids import ConversationId
from contracts.statuses import HotelStatus
from conversation.commands.messages import SendMessage, send_message
from servicekit.ids import new_id
from servicekit.migrations import upgrade_database
from servicekit.startup import running
from servicekit.testing import Parts, TokenIssuer, eventually
from servicekit.testing.parts import temporary_database


async def test_the_same_message_sent_twice_is_one_message(guest: Guest) -> None:
    message_id = new_id()
    first, again = await guest.say("Is there parking?", message_id), await guest.say("Is there parking?", message_id)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    await guest.settled()
    assert [one["sender"] for one in await guest.messages()] == ["guest", "ai"]


@pytest.mark.parametrize("sender", ["guest", "staff"])
async def test_a_message_sent_again_wakes_whom_the_first_time_woke_nobody(
    guest: Guest, hotel: Hotel, monkeypatch: pytest.MonkeyPatch, sender: Literal["guest", "staff"]
) -> None:
    """The first time is played without hints: the process died when the message was stored."""
    monkeypatch.setattr("conversation.routes.live.CHECK_SECONDS", 3600)
    sam, db = hotel.staff(), hotel.app.runtime.db
    await sam.post(f"{guest.staff_path}/take-over")
    client, path, who = (
        (guest.client, guest.path, guest.id) if sender == "guest" else (sam, guest.staff_path, hotel.sam)
    )
    async with guest.live() as live:
        await live.frame("state", status="with_staff")
        command = SendMessage(id=new_id(), text="Is anybody there?")
        with monkeypatch.context() as died:
            died.setattr(db, "hints", None)
            await send_message(db, hotel.id, ConversationId(UUID(guest.conversation_id)), sender, who, command)
        again = await client.post(f"{path}/messages", json=command.model_dump(mode="json"))
        assert again.status_code == 200
        await live.frame("message", sender=sender)


async def test_staff_see_their_own_answer_though_the_replica_has_not_got_it_yet(
    parts: Parts, issuer: TokenIssuer, engine: ScriptedEngine
) -> None:
    """The replica here is an empty database, so that one sees who answers."""
    service = service_with(engine)
    async with (
        start_without_kafka(service, parts, issuer) as primary,
        temporary_database(parts.postgres_url, "replica") as replica,
    ):
        migrations = primary.settings.migrations_dir or service.migrations_dir
        assert migrations is not None
        await upgrade_database(replica.owner, Path(migrations), service=service.name)
        settings = primary.settings.model_copy(update={"database_read_url": replica.app})
        async with running(service, settings, "api") as up:
            assert up.api is not None
            hotel = await Hotel(primary, issuer).open_at_once()
            guest = await hotel.guest()
            await hotel.rows(
                "UPDATE conversations SET status = 'with_staff', assignee_id = $1 WHERE id = $2 RETURNING 1",
                hotel.sam,
                UUID(guest.conversation_id),
            )
            headers = {"Authorization": f"Bearer {issuer.token(hotel_id=hotel.id, user_id=hotel.sam)}"}
            async with httpx.AsyncClient(base_url=up.api.url, headers=headers, trust_env=False) as sam:
                path = f"{guest.staff_path}/messages"
                assert (await sam.get(path)).status_code == 404, "the replica answers"
                said = await sam.post(path, json={"id": str(new_id()), "text": "Good evening!"})
                assert said.status_code == 201
                seen = await sam.get(path)
                assert [one["id"] for one in seen.json()["items"]] == [said.json()["id"]]


async def test_another_text_under_the_same_id_is_a_conflict(guest: Guest) -> None:
    message_id = new_id()
    await guest.say("Is there parking?", message_id)
    refused = await guest.say("Is there a pool?", message_id)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:frontdesk:problem:message-differs"
    assert refused.json()["errors"][0]["pointer"] == "/id"


async def test_a_message_sent_again_after_the_end_is_still_the_stored_one(guest: Guest) -> None:
    message_id = new_id()
    await guest.say("Is there parking?", message_id)
    await guest.settled()
    await guest.client.post(f"{guest.path}/end")
    assert (await guest.say("Is there parking?", message_id)).status_code == 200


async def test_guests_of_one_hotel_do_not_see_each_other(guest: Guest, hotel: Hotel) -> None:
    await guest.say("My name is Ada.")
    other = await hotel.guest()
    for attempt in (
        other.client.get(f"{guest.path}/messages"),
        other.client.post(f"{guest.path}/messages", json={"id": str(new_id()), "text": "Hi"}),
        other.client.post(f"{guest.path}/end"),
        other.client.post(f"{guest.path}/typing"),
    ):
        assert (await attempt).status_code == 404
    async with guest.live(token=other.token) as live:
        assert (await live.frame("error"))["problem"]["status"] == 404


async def test_guests_and_staff_of_two_hotels_do_not_see_each_other(guest: Guest, other_hotel: Hotel) -> None:
    stranger = await other_hotel.guest()
    body = {"id": str(new_id()), "text": "Hi"}
    assert (await stranger.client.get(f"{guest.path}/messages")).status_code == 404
    assert (await stranger.client.post(f"{guest.path}/messages", json=body)).status_code == 404
    staff = other_hotel.staff()
    assert (await staff.get(guest.staff_path)).status_code == 404
    assert (await staff.get(f"{guest.staff_path}/messages")).status_code == 404
    for command in ("take-over", "hand-back", "escalate", "end", "typing"):
        assert (await staff.post(f"{guest.staff_path}/{command}")).status_code == 404
    assert (await staff.post(f"{guest.staff_path}/messages", json=body)).status_code == 404
    listed = (await staff.get("/conversations")).json()["items"]
    assert [one["id"] for one in listed] == [stranger.conversation_id]


async def test_the_same_id_in_another_conversation_is_another_message(guest: Guest, other_hotel: Hotel) -> None:
    message_id = new_id()
    stranger = await other_hotel.guest()
    assert (await guest.say("Mine", message_id)).status_code == 201
    assert (await stranger.say("Mine too", message_id)).status_code == 201


async def test_twenty_messages_at_once_have_twenty_numbers_without_gaps(guest: Guest, hotel: Hotel) -> None:
    said = await asyncio.gather(*(guest.say(f"Question {number}?") for number in range(20)))
    assert len({answer.json()["seq"] for answer in said}) == 20
    await guest.settled()
    messages = await guest.messages()
    assert [one["seq"] for one in messages] == list(range(1, len(messages) + 1))
    assert [one["sent_at"] for one in messages] == sorted(one["sent_at"] for one in messages)
    published = await hotel.rows(
        "SELECT payload FROM outbox WHERE type = 'frontdesk.message.sent.v1' AND aggregateid = $1 ORDER BY seq",
        guest.conversation_id,
    )
    assert [row["payload"]["seq"] for row in published] == list(range(1, len(messages) + 1))
    versions = [row["payload"]["version"] for row in published]
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("sender", ["guest", "staff"])
async def test_what_the_database_publishes_is_what_contracts_say(guest: Guest, hotel: Hotel, sender: str) -> None:
    kinds = [MessageSent, AuditRecorded] if sender == "staff" else [MessageSent]
    trace = f"00-{uuid4().hex}-00f067aa0ba902b7-01"
    client, path = guest.client, guest.path
    if sender == "staff":
        client, path = hotel.staff(), guest.staff_path
        await client.post(f"{path}/take-over")
    said = await client.post(
        f"{path}/messages", json={"id": str(new_id()), "text": "Hi?"}, headers={"traceparent": trace}
    )
    rows = await hotel.rows(
        "SELECT * FROM outbox WHERE headers ->> 'traceparent' LIKE $1 ORDER BY seq LIMIT $2",
        trace[:36] + "%",
        len(kinds),
    )
    assert [row["type"] for row in rows] == [kind.TYPE for kind in kinds]
    for row, kind in zip(rows, kinds, strict=True):
        event = kind.model_validate(row["payload"])
        assert event.model_dump(mode="json") == row["payload"]
        envelope = Envelope.of(
            event,
            id=row["id"],
            service="conversation",
            time=row["created_at"],
            hotel_id=hotel.id,
            traceparent=row["headers"]["traceparent"],
        )
        assert envelope.headers() == row["headers"]
        assert Envelope.from_headers(row["headers"]) == envelope
        assert (row["aggregatetype"], row["aggregateid"]) == (kind.TOPIC.name, envelope.subject)
        assert row["hotel_id"] == hotel.id
    sent = rows[0]
    assert sent["payload"]["message_id"] == said.json()["id"]
    assert "Hi?" not in json.dumps(sent["payload"])


async def test_card_numbers_are_masked_before_anything_is_kept(guest: Guest, hotel: Hotel) -> None:
    said = await guest.say("My card is 4111 1111 1111 1111, is that fine?")
    assert said.json()["text"] == "My card is [card ****1111], is that fine?"
    await guest.settled()
    kept = await hotel.rows("SELECT row_to_json(messages)::text AS kept FROM messages")
    assert kept
    assert not any("4111 1111" in row["kept"] for row in kept)


async def test_nothing_is_said_in_a_conversation_that_has_ended(guest: Guest, hotel: Hotel) -> None:
    assert (await guest.client.post(f"{guest.path}/end")).json()["status"] == "ended"
    refused = await guest.say("One more thing?")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:frontdesk:problem:conversation-ended")
    again = await guest.client.post("/widget/conversations")
    assert (again.status_code, again.json()["last_seq"]) == (201, 0)
    assert again.json()["id"] != guest.conversation_id


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        (b'{"id": "0190a000-0000-7000-8000-000000000001", "text": ', 400, ""),
        (b'{"id": "0190a000-0000-7000-8000-000000000001", "text": "\xff"}', 400, ""),
        (b'{"id": "0190a000-0000-7000-8000-000000000001", "text": "a\\u0000b"}', 422, "/text"),
        (b'{"id": "0190a000-0000-7000-8000-000000000001", "text": "\\ud800"}', 422, "/text"),
        (b'{"id": "0190a000-0000-7000-8000-000000000001", "text": "   "}', 422, "/text"),
        (b'{"id": "0190a000-0000-7000-8000-000000000001", "text": 7}', 422, "/text"),
        (b'{"id": "0190a000-0000-7000-8000-000000000001", "text": "Hi", "sender": "staff"}', 422, "/sender"),
        (b'{"id": "1", "text": "Hi"}', 422, "/id"),
        (b'{"id": "5f7c2f8e-4b1e-4c5a-9f0e-0123456789ab", "text": "Hi"}', 422, "/id"),
        (b'{"text": "Hi"}', 422, "/id"),
        (json.dumps({"id": "0190a000-0000-7000-8000-000000000001", "text": "x" * 4001}).encode(), 422, "/text"),
    ],
)
async def test_bad_messages_are_refused_with_the_field_and_change_nothing(
    guest: Guest, body: bytes, status: int, pointer: str
) -> None:
    refused = await guest.client.post(
        f"{guest.path}/messages", content=body, headers={"Content-Type": "application/json"}
    )
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in refused.json()["errors"]]
    assert await guest.messages() == []


async def test_a_huge_message_is_refused_unread(guest: Guest) -> None:
    refused = await guest.client.post(
        f"{guest.path}/messages", content=b'{"text": "' + b"x" * 300_000, headers={"Content-Type": "application/json"}
    )
    assert refused.status_code == 413


async def test_only_who_has_the_conversation_answers_in_it(guest: Guest, hotel: Hotel) -> None:
    sam, kim = hotel.staff(), hotel.staff(hotel.kim)

    async def says(client: httpx.AsyncClient) -> httpx.Response:
        return await client.post(f"{guest.staff_path}/messages", json={"id": str(new_id()), "text": "Hello!"})

    assert (await says(sam)).json()["type"] == "urn:frontdesk:problem:not-yours"
    await sam.post(f"{guest.staff_path}/take-over")
    said = await says(sam)
    assert (said.status_code, said.json()["sender_name"]) == (201, "Sam")
    assert (await says(kim)).status_code == 409
    await kim.post(f"{guest.staff_path}/take-over")
    assert (await says(kim)).status_code == 201
    assert (await says(sam)).status_code == 409
    assert (await hotel.staff(role="viewer").post(f"{guest.staff_path}/messages", json={})).status_code == 403


async def test_a_suspended_hotels_guests_say_nothing(guest: Guest, hotel: Hotel) -> None:
    suspended = hotel.described(HotelDeactivated, status=HotelStatus.INACTIVE, version=2)
    await hotel.app.publish(suspended, hotel.id)

    async def refused() -> bool:
        return (await guest.say("Hello?")).status_code in (401, 403)

    await eventually(refused, timeout=5)
    await eventually(lambda: hotel.rows("SELECT 1 FROM hotels WHERE status = 'inactive'"))
    new_one = await hotel.app.client().post("/widget/sessions", json={"hotel": hotel.slug})
    assert (new_one.status_code, new_one.json()["type"]) == (403, "urn:frontdesk:problem:hotel-suspended")
