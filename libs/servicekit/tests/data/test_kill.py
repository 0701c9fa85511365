"""kill -9: of two workers one dies in the middle of everything, and nothing is lost, doubled or out of order."""

import asyncio
import json
import signal
import sys
from collections import defaultdict
from pathlib import Path
from uuid import uuid4

from servicekit.testing.lab import Lab, event
from servicekit.testing.parts import eventually

KEYS, NUMBERS, ITEMS = 6, 40, 30


async def start_worker(lab: Lab) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("victim.py")),
        lab.urls.worker,
        lab.parts.kafka_url,
        lab.namespace,
        stdout=asyncio.subprocess.DEVNULL,
    )


async def relaying(lab: Lab) -> int | None:
    """Process id of the worker whose relay leads; it names its connection after itself."""
    rows = await lab.superuser(
        "select split_part(a.application_name, '-', 2)::int as pid from pg_locks l join pg_stat_activity a on a.pid = l.pid"
        " where l.locktype = 'advisory' and l.objid = 4201003 and l.granted and a.datname = current_database()"
    )
    return rows[0]["pid"] if rows else None


async def test_of_two_workers_one_is_killed_in_the_middle_of_everything(lab: Lab) -> None:
    keys = [uuid4() for _ in range(KEYS)]
    db = lab.database("app")
    workers = [await start_worker(lab) for _ in range(2)]
    try:
        async with db.transaction(lab.hotel) as tx:
            for _ in range(ITEMS):
                await tx.due("turn", uuid4(), tx.now)
            for number in range(1, NUMBERS + 1):
                for key in keys:
                    tx.publish(event(key, number))
        await eventually(lambda: in_the_middle(lab), timeout=60, interval=0.1)
        leader = await relaying(lab)
        victim = next(process for process in workers if process.pid == leader)
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        await eventually(lambda: all_done(lab), timeout=60, interval=0.2)
    finally:
        for process in workers:
            if process.returncode is None:
                process.kill()
                await process.wait()

    by_key: dict[str, list[int]] = defaultdict(list)
    for row in await lab.effects():
        by_key[row["key"]].append(row["number"])
    assert len(by_key.pop("due")) == ITEMS
    assert by_key == {str(key): list(range(1, NUMBERS + 1)) for key in keys}

    sent: dict[str, list[int]] = defaultdict(list)
    for record in await lab.records():
        number = json.loads(record.value)["version"]
        if number not in sent[record.key.decode()]:
            sent[record.key.decode()].append(number)
    assert sent == by_key
    assert await lab.sql("select 1 from due") == []


async def in_the_middle(lab: Lab) -> bool:
    """A part of the events is on its way, some have taken effect, and due items are being worked on."""
    [row] = await lab.sql(
        "select (select count(*) from outbox where published_at is null) as left_over,"
        " (select count(*) from due where lease_until is not null) as working, (select count(*) from effect) as effects"
    )
    return 0 < row["left_over"] < KEYS * NUMBERS and row["working"] > 0 and row["effects"] > 0


async def all_done(lab: Lab) -> bool:
    effects = len(await lab.effects())
    assert effects == KEYS * NUMBERS + ITEMS, effects
    return await lab.unpublished() == 0
