"""A guest is erased over all services, one of which is down meanwhile; then nothing of them is read anywhere."""

import asyncio
import io
import subprocess
import zipfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from contracts.envelope import Envelope
from contracts.events import GuestUpdated
from contracts.ids import EventId, GuestId, HotelId
from contracts.statuses import GuestStatus
from contracts.topics import GUESTS
from devstack.services import named, program
from devstack.stack import Stack
from kit.leftovers import in_topics, leftovers
from kit.people import Guest, Json, Staff, until
from servicekit import utc_now
from servicekit.topics import plan

ADMIN = "anna.admin@lindenhof.example"
MARK = uuid4().hex[:8]
NAME, EMAIL = f"Clara Moreau{MARK}", f"clara.{MARK}@guests.example"
DIGITS = str(int(MARK, 16)).zfill(10)[-9:]
PHONE, TYPED = f"+33{DIGITS}", f"+33 {DIGITS[:3]} {DIGITS[3:]}"
SAID, NOTED, REPLIED = f"I want a refund, room 4711{MARK}!", f"Guest {MARK} was refunded", f"Dear Madam {MARK}"
WORDS = (NAME, EMAIL, PHONE, TYPED, SAID, NOTED, REPLIED, MARK)


async def lives(stack: Stack, guest: Guest, anna: Staff) -> None:
    """Leaves something in every service: contact data, messages, an escalation with a note, a dead letter."""
    said = await guest.http.post("/widget/identify", json={"name": NAME, "email": EMAIL, "phone": TYPED})
    assert said.status_code == 204, said.text
    assert (await guest.asks(SAID))["action"] == "hand_over"

    async def on_record() -> bool:
        return (await anna.http.get(f"/api/guests/{guest.guest_id}")).status_code == 200

    await until(on_record, what="identity's row of the guest")
    contact = {"name": NAME, "email": EMAIL, "phone": PHONE}
    key = {"Idempotency-Key": str(uuid4())}
    known = await anna.http.patch(f"/api/guests/{guest.guest_id}", json=contact)
    assert known.status_code == 200, known.text
    duplicate = await anna.http.post("/api/guests", json={"name": f"Klara {MARK}"}, headers=key)
    await anna.does(f"/guests/{guest.guest_id}/merge", {"duplicate_id": duplicate.json()["id"]})

    async def escalated() -> Json | None:
        found = await anna.get("/escalations", conversation_id=str(guest.conversation_id))
        return next(iter(found["items"]), None)

    escalation = await until(escalated, what="the escalation")
    await anna.does(f"/conversations/{guest.conversation_id}/take-over")
    await anna.replies(guest.conversation_id, REPLIED)

    async def resolved() -> bool:
        answer = await anna.http.post(
            f"/api/escalations/{escalation['id']}/resolve", json={"note": NOTED}, headers={"Idempotency-Key": "note"}
        )
        return answer.status_code == 200

    await until(resolved, what="the note")
    await publish_broken(stack, guest, anna)


async def publish_broken(stack: Stack, guest: Guest, anna: Staff) -> None:
    """What was published of the guest by a release that had a bug: nobody can read it, so it is put with the dead letters."""
    hotel_id = HotelId(anna.profile["hotel"]["id"])
    event = GuestUpdated(
        guest_id=GuestId(guest.guest_id), hotel_id=hotel_id, name=NAME, status=GuestStatus.NEW, version=1
    )
    envelope = Envelope.of(event, id=EventId(uuid4()), service="identity", time=utc_now(), hotel_id=hotel_id)
    body = event.model_dump_json().replace('"version":1', '"version":0').encode()
    producer = AIOKafkaProducer(bootstrap_servers=stack.part_urls.kafka)
    await producer.start()
    try:
        headers = [(name, value.encode()) for name, value in envelope.headers().items()]
        await producer.send_and_wait(
            stack.namespace + GUESTS.name, body, key=str(guest.guest_id).encode(), headers=headers
        )
    finally:
        await producer.stop()

    async def dead() -> bool:
        return f"{NAME} in Kafka {stack.namespace}{GUESTS.dlq}" in await in_topics(stack, WORDS)

    await until(dead, what="the dead letter")


async def takes_their_data_along(stack: Stack, guest: Guest, anna: Staff) -> None:
    """The export waits for a service that is down, and then holds what each of them keeps."""
    path = f"/guests/{guest.guest_id}/export"
    stack.kill("escalation")
    try:
        await anna.does(path, status=202)

        async def waits() -> bool:
            return (await anna.get(path))["waiting_for"] == ["escalation"]

        await until(waits, what="the answer of those who are up")
    finally:
        stack.start_service("escalation")

    async def ready() -> bool:
        return (await anna.get(path))["state"] == "ready"

    await until(ready, 60, what="the export")
    answer = await anna.http.get(f"/api{path}/archive")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        held = {name: archive.read(name).decode() for name in archive.namelist()}
    holds = {"identity.json": (NAME, PHONE), "conversation.json": (SAID, TYPED, REPLIED), "escalation.json": (NOTED,)}
    for name, words in holds.items():
        assert all(word in held[name] for word in words), (name, held[name])


@asynccontextmanager
async def compacting_soon(stack: Stack) -> AsyncGenerator[None]:
    """The broker compacts what is a second old, rather than a day, and looks every half second, rather than every 15."""
    planned = {one.name: one.config for one in plan(stack.namespace) if one.config["cleanup.policy"] != "delete"}
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.part_urls.kafka)
    await admin.start()

    async def set_to(broker: dict[str, str], more: dict[str, str]) -> None:
        topics = [
            ConfigResource(ConfigResourceType.TOPIC, name, {**config, **more}) for name, config in planned.items()
        ]
        await admin.alter_configs([*topics, ConfigResource(ConfigResourceType.BROKER, "1", broker)])

    try:
        await set_to({"log.cleaner.backoff.ms": "500"}, {"max.compaction.lag.ms": "1000"})
        yield
        await set_to({}, {})
    finally:
        await admin.close()


async def remind(stack: Stack) -> None:
    """Let the day pass after which identity says the erasure again."""
    name = stack.database_urls("identity")["owner"].rsplit("/", 1)[1]
    connection = await asyncpg.connect(f"{stack.part_urls.postgres.rsplit('/', 1)[0]}/{name}")
    try:
        await connection.execute("update due set due_at = now() where kind = 'guest_erasure'")
    finally:
        await connection.close()


def audit_verify(stack: Stack, hotel_id: str) -> subprocess.CompletedProcess[str]:
    """What the operator's command says of the hotel's log."""
    return subprocess.run(
        [program(named(["identity"])[0]), "audit-verify", "--hotel", hotel_id],
        env=stack.layout.environment(
            stack.layout.playing("identity", "all"), stack.part_urls, stack.database_urls("identity")
        ),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(150)
async def test_nothing_of_an_erased_guest_is_read_in_any_database_cache_topic_or_log(stack: Stack) -> None:
    async with (
        await Staff.signs_in(stack.url("gateway"), ADMIN) as anna,
        await Guest.arrives(stack.url("conversation")) as guest,
    ):
        await lives(stack, guest, anna)
        before = {place.rsplit(" in ", 1)[1] for place in await leftovers(stack, WORDS)}
        for place in ("guests.name", "guests.search", "messages.text", "guest_says.phone", "resolution_note", "Kafka"):
            assert any(place in one for one in before), f"the search finds what is there: {before}"

        await takes_their_data_along(stack, guest, anna)

        async def state() -> Json:
            return await anna.get(f"/guests/{guest.guest_id}/erasure")

        stack.kill("escalation")
        try:
            asked = await anna.http.delete(f"/api/guests/{guest.guest_id}")
            assert asked.status_code == 202, asked.text

            async def others_confirmed() -> bool:
                states = {one["service"]: one["state"] for one in (await state())["services"]}
                return states == {"conversation": "done", "escalation": "waiting", "identity": "done"}

            await until(others_confirmed, what="the confirmation of who is up")
            assert (await state())["state"] == "waiting"
        finally:
            stack.start_service("escalation")

        async def done() -> bool:
            return (await state())["state"] == "done"

        await until(done, 60, what="the confirmation of the one that was down")
        for path in ("", "/export", "/export/archive"):
            assert (await anna.http.get(f"/api/guests/{guest.guest_id}{path}")).status_code == 404
        page = await anna.get(f"/conversations/{guest.conversation_id}")
        assert {message["text"] for message in page["messages"]["value"]} == {""}

        async with compacting_soon(stack):
            await remind(stack)

            async def compacted() -> bool:
                return not await in_topics(stack, WORDS)

            try:
                await until(compacted, 60, what="compaction")
            finally:
                found = await leftovers(stack, WORDS)
                assert not found, "\n".join(found)
        verified = await asyncio.to_thread(audit_verify, stack, anna.profile["hotel"]["id"])
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert ": sound, " in verified.stdout
