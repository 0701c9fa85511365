"""A purged hotel is forgotten: every row of it in a service's database goes, and the service says so by `hotel.forgotten`.

Every service with a database and reactions does this without a line of its own. `hotel.purging` is noted in a transaction
of its own; from then on the inbox lets no event of the hotel in. The deletion is one transaction: the rows that it counts,
the counts that are kept and the event that proves it stand or fall together.
"""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import CursorResult, text

from contracts.events.identity import HotelForgotten, HotelPurging, TableCount
from contracts.ids import HotelId
from servicekit.due import DueItem
from servicekit.jobs import Jobs
from servicekit.logging import log
from servicekit.reactions import Reactions
from servicekit.tenancy import CHASSIS_PLATFORM_TABLES
from servicekit.transaction import Transaction

if TYPE_CHECKING:
    from servicekit.runtime import Runtime

KIND = "hotel.forget"
Counts = Mapping[str, int]
BeforeForgetting = Callable[[HotelId, Transaction], Awaitable[Counts]]
"""What only the service knows how to forget; gives the rows that went, by table."""

_NOTE = text("""
insert into forgotten_hotels (hotel_id, version) values (:hotel_id, :version)
on conflict (hotel_id) do update set version = greatest(forgotten_hotels.version, excluded.version)
""")
_LET_REACTIONS_END = text("lock table inbox in share mode")
_TABLES = text("""
select c.relname as name,
    array(select p.relname::text from pg_constraint f join pg_class p on p.oid = f.confrelid
        where f.conrelid = c.oid and f.contype = 'f' and p.oid <> c.oid) as refers_to
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = 'public'
    and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'hotel_id' and a.attnotnull)
""")
_DUE = text("delete from due where hotel_id = :hotel_id and kind <> :kind")
_SENT = text("delete from outbox where hotel_id = :hotel_id and published_at is not null")
_NOTED = text("select version, counts from forgotten_hotels where hotel_id = :hotel_id for update")
_KEEP_COUNTS = text("""
update forgotten_hotels set forgotten_at = :now, counts = cast(:counts as jsonb) where hotel_id = :hotel_id
""")


def parts_of(kept: Collection[str], before: BeforeForgetting | None) -> tuple[Reactions, Jobs]:
    """The reaction and the job by which a service forgets hotels.

    Args:
        kept: tables that are left alone.
        before: called in the deletion's transaction, first.
    """
    reactions, jobs = Reactions(), Jobs()

    @reactions.on(HotelPurging, name="forget_hotel", forgotten_too=True)
    async def on_hotel_purging(event: HotelPurging, tx: Transaction) -> None:
        await tx.execute(_NOTE, {"hotel_id": event.hotel_id, "version": event.version})
        await tx.due(KIND, event.hotel_id, tx.now)

    @jobs.due(KIND, concurrency=1, lease_seconds=60, poll_seconds=15)
    async def forget_hotel(item: DueItem, rt: "Runtime") -> None:
        async with rt.worker_db.transaction(None) as tx:
            await tx.execute(_LET_REACTIONS_END)  # that began before the hotel was noted
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await tx.finish(item)
            counts = await forget(HotelId(item.hotel_id), kept, before, tx)
        log.info("hotel.forgotten", rows=sum(counts.values()))

    return reactions, jobs


async def forget(
    hotel_id: HotelId, kept: Collection[str], before: BeforeForgetting | None, tx: Transaction
) -> dict[str, int]:
    """Delete the hotel's rows, and publish that. `tx` is a transaction of that hotel, as the worker. Counts by table."""
    noted = (await tx.execute(_NOTED, {"hotel_id": hotel_id})).one()
    counts = Counter[str](noted.counts)
    if before is not None:
        counts.update(await before(hotel_id, tx))
    for table in await _children_first(tx, {*kept, *CHASSIS_PLATFORM_TABLES}):
        deleted = await tx.execute(text(f'delete from "{table}" where hotel_id = :hotel_id'), {"hotel_id": hotel_id})  # noqa: S608 - a name from the catalogue
        counts[table] += cast("CursorResult[Any]", deleted).rowcount  # Any: no rows
    await tx.execute(_DUE, {"hotel_id": hotel_id, "kind": KIND})
    await tx.execute(_SENT, {"hotel_id": hotel_id})
    await tx.execute(_KEEP_COUNTS, {"hotel_id": hotel_id, "now": tx.now, "counts": json.dumps(counts)})
    found = tuple(TableCount(table=table, rows=rows) for table, rows in sorted(counts.items()) if rows)
    said = {
        "hotel_id": hotel_id,
        "service": tx.service,
        "counts": found,
        "forgotten_at": tx.now,
        "version": noted.version,
    }
    tx.publish(HotelForgotten.model_validate(said))
    tx.audit("hotel.forget", "hotel", hotel_id)
    return dict(counts)


async def _children_first(tx: Transaction, kept: Collection[str]) -> list[str]:
    """The tables with hotels' rows, each after those that refer to it."""
    before = TopologicalSorter[str]()
    tables: dict[str, list[str]] = {row.name: row.refers_to for row in await tx.execute(_TABLES)}
    for name, refers_to in tables.items():
        before.add(name)
        for other in refers_to:
            before.add(other, name)
    return [name for name in before.static_order() if name in tables and name not in kept]
