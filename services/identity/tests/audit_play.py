"""The words of the audit log's tests: entries that arrive, whoever has the database at hand, and the operator's check."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import typer
from identity_play import Desk

from contracts.actor import ActorKind, ActorRef
from contracts.events import AuditRecorded
from contracts.ids import HotelId
from identity.commands.audit import record_entry
from identity.domain.audit_chain import PLATFORM
from identity.operators import audit_verify
from servicekit import new_id

GUARDS = (
    ("audit_entries", "audit_entries_append_only"),
    ("audit_entries", "audit_entries_cut"),
    ("audit_entries", "audit_entries_linked"),
    ("audit_links", "audit_links_append_only"),
    ("audit_links", "audit_links_cut"),
    ("audit_checkpoints", "audit_checkpoints_append_only"),
    ("audit_checkpoints", "audit_checkpoints_cut"),
)
REHASH = """
do $$
declare
    chain uuid := '{chain}';
    place record;
    before bytea := decode(repeat('00', 32), 'hex');
begin
    for place in select l.position, e as entry from audit_links l join audit_entries e using (event_id)
            where l.hotel_id = chain order by l.position loop
        before := sha256(before || int8send(place.position) || audit_bytes(place.entry));
        update audit_links set hash = before where hotel_id = chain and position = place.position;
        update audit_chains set position = place.position, hash = before where hotel_id = chain;
    end loop;
end $$
"""
"""Makes a chain sound in itself again, whatever was done to it."""


def recorded(hotel_id: UUID | None, **more: object) -> AuditRecorded:
    """What another service publishes."""
    valid = {
        "service": "escalation",
        "action": "escalation.assign",
        "actor": ActorRef(kind=ActorKind.USER, id=new_id()),
        "hotel_id": hotel_id and HotelId(hotel_id),
        "object_type": "escalation",
        "object_id": str(new_id()),
        "at": datetime.now(UTC),
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
    }
    return AuditRecorded.model_validate({**valid, **more})


async def arrive(desk: Desk, hotel_id: UUID, count: int) -> list[UUID]:
    """So many entries arrive in a hotel, one after another; their ids, in the order of their positions."""
    ids = [new_id() for _ in range(count)]
    for event_id in ids:
        async with desk.app.runtime.worker_db.transaction(hotel_id) as tx:
            await record_entry(event_id, recorded(hotel_id), tx)
    return ids


async def ask(desk: Desk, statement: str, *values: object) -> list[Any]:  # Any: asyncpg's rows
    """Rows of the database, as the platform sees them."""
    connection = await asyncpg.connect(desk.app.settings.database_url)
    try:
        await connection.execute("select set_config('app.platform', 'on', false)")
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def tamper(desk: Desk, *statements: str | tuple[Any, ...]) -> None:  # Any: asyncpg's parameters
    """Do what the owner of the tables can once they have switched the guards off; and switch them on again."""
    connection = await asyncpg.connect(desk.app.settings.database_owner_url)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.platform', 'on', true)")
            for table, trigger in GUARDS:
                await connection.execute(f"alter table {table} disable trigger {trigger}")
            for statement in statements:
                await connection.execute(*((statement,) if isinstance(statement, str) else statement))
            for table, trigger in GUARDS:
                await connection.execute(f"alter table {table} enable trigger {trigger}")
    finally:
        await connection.close()


async def verify(
    desk: Desk, capsys: pytest.CaptureFixture[str], hotel_id: UUID | None, kept: Sequence[str] = ()
) -> tuple[int, str]:
    """What `identity audit-verify` exits with, and says."""
    capsys.readouterr()
    code = 0
    try:
        await audit_verify(desk.app.runtime, hotel_id, list(kept))
    except typer.Exit as stopped:
        code = stopped.exit_code
    said = capsys.readouterr()
    return code, said.out + said.err


__all__ = ["GUARDS", "PLATFORM", "REHASH", "arrive", "ask", "recorded", "tamper", "verify"]
