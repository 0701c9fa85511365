"""`frontdesk audit verify` against the running stack: a row that whoever owns the database has touched is named."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from devstack.stack import Stack
from servicekit.ids import new_id

GUARDS = ("audit_entries", "audit_links")
ARRIVES = """
insert into audit_entries (event_id, hotel_id, service, action, actor_kind, object_type, object_id, at, recorded_at)
values ($1, $2, 'escalation', 'escalation.assign', 'user', 'escalation', 'e1', now(), now())
"""
PLACE = "update audit_links set position = $2 where event_id = $1"


def frontdesk(stack: Stack, *options: str) -> subprocess.CompletedProcess[str]:
    """`frontdesk audit verify` as somebody types it."""
    return subprocess.run(
        [sys.executable, "-m", "devstack", "audit", "verify", "--state-dir", str(stack.state.folder), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@asynccontextmanager
async def as_owner(stack: Stack) -> AsyncGenerator[Any]:  # Any: asyncpg's connection
    """The owner of the tables, who has switched the guards off, as they can."""
    connection = await asyncpg.connect(stack.database_urls("identity")["owner"])
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.platform', 'on', true)")
            for table in GUARDS:
                await connection.execute(f"alter table {table} disable trigger user")
            yield connection
            for table in GUARDS:
                await connection.execute(f"alter table {table} enable trigger user")
    finally:
        await connection.close()


@asynccontextmanager
async def log_of_five(stack: Stack) -> AsyncGenerator[tuple[str, list[UUID]]]:
    """A hotel's log with five entries, and their ids; it leaves nothing behind, for the other tests of this stack."""
    hotel_id, ids = new_id(), [new_id() for _ in range(5)]
    connection = await asyncpg.connect(stack.database_urls("identity")["worker"])
    try:
        await connection.execute("select set_config('app.platform', 'on', false)")
        for event_id in ids:
            await connection.execute(ARRIVES, event_id, hotel_id)
    finally:
        await connection.close()
    try:
        yield str(hotel_id), ids
    finally:
        async with as_owner(stack) as owner:
            for table in ("audit_entries", "audit_links", "audit_chains"):
                await owner.execute(f"delete from {table} where hotel_id = $1", hotel_id)


TAMPERINGS = {
    "changed at position 3, entry {2}": [
        ("update audit_entries set actor_id = gen_random_uuid() where event_id = $1", 2)
    ],
    "missing at position 4, entry {3}": [("delete from audit_entries where event_id = $1", 3)],
    "reordered at position 2, entry {3}": [(PLACE, 1, 1000), (PLACE, 3, 2), (PLACE, 1, 4)],
}


@pytest.mark.parametrize("says", TAMPERINGS)
async def test_a_row_that_the_owner_of_the_database_touched_is_named(stack: Stack, says: str) -> None:
    async with log_of_five(stack) as (hotel_id, ids):
        sound = await asyncio.to_thread(frontdesk, stack, "--hotel", hotel_id)
        assert (sound.returncode, f"hotel {hotel_id}: sound, 5 entries" in sound.stdout) == (0, True), sound
        async with as_owner(stack) as owner:
            for statement, which, *more in TAMPERINGS[says]:
                await owner.execute(statement, ids[which], *more)
        found = await asyncio.to_thread(frontdesk, stack, "--hotel", hotel_id)
        assert found.returncode == 1
        assert says.format(*ids) in found.stdout


async def test_without_a_hotel_every_log_is_checked_the_platforms_too(stack: Stack) -> None:
    async with log_of_five(stack) as (hotel_id, _):
        done = await asyncio.to_thread(frontdesk, stack)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"hotel {hotel_id}: sound, 5 entries" in done.stdout
        assert "platform: sound" in done.stdout


async def test_what_identity_says_to_a_wrong_option_and_its_exit_code_are_passed_on(stack: Stack) -> None:
    unknown = await asyncio.to_thread(frontdesk, stack, "--hotel", str(UUID(int=7)))
    assert (unknown.returncode, "there is no audit log of a hotel" in unknown.stderr) == (1, True)
    assert (await asyncio.to_thread(frontdesk, stack, "--hotel", "no-uuid")).returncode == 2
    unfit = await asyncio.to_thread(frontdesk, stack, "--checkpoint", "nothing")
    assert (unfit.returncode, "the checkpoint cannot be used" in unfit.stderr) == (1, True)
