"""What guests get while parts of the system are away or die: an answer, once."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from conversation_play import Hotel
from service_play import GUEST_TOKEN_KEY, ScriptedEngine, service_with, start_without_kafka

from servicekit.testing import Parts, TokenIssuer, eventually

WORKER = Path(__file__).parent / "slow_worker.py"


async def test_guests_are_answered_while_kafka_is_away(
    parts: Parts, issuer: TokenIssuer, engine: ScriptedEngine
) -> None:
    async with start_without_kafka(service_with(engine), parts, issuer) as app:
        hotel = await Hotel(app, issuer).open_at_once()
        guest = await hotel.guest()
        assert (await guest.ask("Can I bring my dog?"))["action"] == "answer"
        waiting = await hotel.rows("SELECT type FROM outbox WHERE published_at IS NULL ORDER BY seq")
        assert [row["type"].removeprefix("frontdesk.") for row in waiting] == [
            "conversation.started.v1",
            "audit.recorded.v1",
            "message.sent.v1",
            "message.sent.v1",
            "turn.answered.v1",
        ]


async def test_a_worker_killed_in_the_middle_of_a_turn_leaves_it_to_another_and_it_is_answered_once(
    parts: Parts, issuer: TokenIssuer, engine: ScriptedEngine, tmp_path: Path
) -> None:
    async with start_without_kafka(service_with(engine), parts, issuer, role="api") as api:
        hotel = await Hotel(api, issuer).open_at_once()
        first = await worker(api.settings.model_dump(), tmp_path / "first", hangs=True)
        try:
            guest = await hotel.guest()
            await guest.say("Can I bring my dog?")
            await eventually((tmp_path / "first").exists, timeout=60)
        finally:
            first.send_signal(signal.SIGKILL)
            await first.wait()
        await hotel.rows(
            "UPDATE due SET lease_until = clock_timestamp() WHERE kind = 'turn' RETURNING 1"
        )  # time passes
        second = await worker(api.settings.model_dump(), tmp_path / "second", hangs=False)
        try:
            await eventually((tmp_path / "second").exists, timeout=60)
            await guest.settled()
        finally:
            second.terminate()
            assert await second.wait() == 0
        assert [one["sender"] for one in await guest.messages()] == ["guest", "ai"]
        [turn] = await hotel.rows("SELECT state, attempt FROM turns")
        assert turn == {"state": "answered", "attempt": 2}


async def worker(settings: dict[str, object], began: Path, *, hangs: bool) -> asyncio.subprocess.Process:
    """A worker process whose engine leaves a file when it is asked, and hangs then or answers."""
    named = {
        f"FRONTDESK_{name.upper()}": str(settings[name])
        for name in (
            "database_url",
            "database_worker_url",
            "kafka_url",
            "kafka_namespace",
            "valkey_url",
            "valkey_namespace",
            "identity_url",
        )
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(WORKER),
        str(began),
        "hang" if hangs else "answer",
        env={
            **os.environ,
            **named,
            "FRONTDESK_GUEST_TOKEN_KEY": GUEST_TOKEN_KEY,
            "FRONTDESK_PORT": "0",
            "FRONTDESK_METRICS_PORT": "0",
            "FRONTDESK_DRAIN_TIMEOUT_SECONDS": "2",
            "FRONTDESK_LOG_LEVEL": "warning",
        },
    )
