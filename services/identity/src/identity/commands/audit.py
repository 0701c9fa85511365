"""The audit log: one entry for every command of every service, as their events arrive; its checkpoints, and its cut.

The database links each entry to its hotel's chain in the statement that adds it (migration 0002); one that is there
already is neither added nor linked again.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from contracts.events import AuditRecorded
from identity.domain.audit_chain import Mark
from identity.tables import CUT_LOCK, AuditEntryRow
from servicekit import Transaction

_CHECKPOINT = text("""
insert into audit_checkpoints (hotel_id, position, cut, hash, signed_at, jws)
values (:chain, :position, :cut, :hash, :at, :jws) on conflict do nothing
""")
_LOCK = text("select pg_advisory_xact_lock(:lock)")
_CUTTING = text("select set_config('app.audit_cut', :cutting, true)")
_CUT = (
    text("""
    delete from audit_entries e using audit_links l
    where l.event_id = e.event_id and l.hotel_id = :chain and l.position <= :position
    """),
    text("delete from audit_links where hotel_id = :chain and position <= :position"),
    text("""
    delete from audit_checkpoints
    where hotel_id = :chain and (position < :position or (position = :position and not cut))
    """),
)


async def record_entry(event_id: UUID, event: AuditRecorded, tx: Transaction) -> None:
    """Append the entry. One that is there already stays as it is: an event may come twice."""
    entry = {
        "event_id": event_id,
        "hotel_id": event.hotel_id,
        "service": event.service,
        "action": event.action,
        "actor_kind": event.actor.kind.value,
        "actor_id": event.actor.id,
        "acting_for_kind": event.acting_for.kind.value if event.acting_for else None,
        "acting_for_id": event.acting_for.id if event.acting_for else None,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "at": event.at,
        "trace_id": event.trace_id,
        "recorded_at": tx.now,
    }
    await tx.execute(insert(AuditEntryRow).values(entry).on_conflict_do_nothing())


async def keep_checkpoint(mark: Mark, jws: str, at: datetime, tx: Transaction) -> None:
    """Keep what was signed of a chain."""
    said = {"chain": mark.chain, "position": mark.position, "cut": mark.cut, "hash": mark.hash, "at": at, "jws": jws}
    await tx.execute(_CHECKPOINT, said)


async def lock_cut(tx: Transaction) -> None:
    """Wait until nobody checks a chain, and let nobody begin to before the commit."""
    await tx.execute(_LOCK, {"lock": CUT_LOCK})


async def cut_chain(mark: Mark, jws: str, at: datetime, tx: Transaction) -> None:
    """Remove the chain's entries up to the mark, which says that they are removed and was signed.

    The caller has checked them. The database removes nothing above a checkpoint that says `cut`.
    """
    assert mark.cut
    await keep_checkpoint(mark, jws, at, tx)
    await tx.execute(_CUTTING, {"cutting": "on"})
    for statement in _CUT:
        await tx.execute(statement, {"chain": mark.chain, "position": mark.position})
    await tx.execute(_CUTTING, {"cutting": ""})
    tx.audit("audit.cut", "audit_log", mark.chain)
