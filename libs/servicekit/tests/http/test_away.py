"""What goes on while a part is away, and tasks that run beside the servers."""

import asyncio
from types import ModuleType

import httpx
import pytest

from contracts.ids import HotelId
from servicekit import Runtime, Service, tasks
from servicekit.database import Database
from servicekit.migrations import upgrade_database
from servicekit.settings import ServiceSettings
from servicekit.startup import open_runtime, running
from servicekit.testing import Parts, TokenIssuer, eventually
from servicekit.testing.parts import temporary_database

NOWHERE = "127.0.0.1:9"


async def test_requests_are_answered_while_kafka_and_valkey_are_away(
    desk_module: ModuleType, issuer: TokenIssuer, parts: Parts, hotel: HotelId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servicekit.startup.DENYLIST_SECONDS", 0.5)
    async with temporary_database(parts.postgres_url, "alone") as urls:
        await upgrade_database(urls.owner, desk_module.service.migrations_dir)
        settings = ServiceSettings(
            database_url=urls.app, port=0, metrics_port=0, identity_url=issuer.url,
            kafka_url=NOWHERE, valkey_url=f"redis://{NOWHERE}/0",
        )  # fmt: skip
        headers = {"Authorization": f"Bearer {issuer.token(hotel_id=hotel)}"}
        async with (
            running(desk_module.service, settings, "api") as up,
            httpx.AsyncClient(headers=headers, verify=False, trust_env=False) as client,
        ):
            assert up.api is not None
            assert (await client.post(up.api.url + "/notes", json={"text": "still here"})).status_code == 201
            assert [(await client.get(up.api.url + "/limited")).status_code for _ in range(4)][-1] == 429

            async def ready() -> bool:
                return not await up.health.not_ready()

            await eventually(ready, timeout=10)  # it waits for the deny list, but not for ever


async def test_a_task_that_fails_is_started_again_and_one_that_ends_is_not() -> None:
    settings = ServiceSettings(valkey_url=f"redis://{NOWHERE}/0")
    ran: list[str] = []

    async def failing(rt: Runtime) -> None:
        ran.append("failing")
        if len(ran) < 3:
            raise RuntimeError("once more")
        await asyncio.Event().wait()

    async def ending(rt: Runtime) -> None:
        ran.append("ending")

    async with open_runtime(Service("none", database=False), settings, "command") as rt:
        (once,) = tasks.start(rt, [ending])
        await asyncio.wait_for(once, 1)
        again = tasks.start(rt, [failing])
        await eventually(lambda: ran.count("failing") >= 2)
        await tasks.stop(again)
    assert ran.count("ending") == 1


async def test_a_service_without_a_database_needs_none_and_has_none() -> None:
    settings = ServiceSettings(
        valkey_url=f"redis://{NOWHERE}/0", kafka_url=NOWHERE, port=0, metrics_port=0, identity_url=f"http://{NOWHERE}"
    )
    seen: list[str] = []

    async def live(rt: Runtime) -> None:
        seen.append(rt.service)

    service = Service("gate", database=False, worker_tasks=[live], api_tasks=[live])
    async with running(service, settings, "all") as up:
        await eventually(lambda: seen == ["gate", "gate"])
        assert up.worker is None
        try:
            database: Database | None = up.rt.db
        except RuntimeError:
            database = None
        assert database is None
