"""The audit log: one entry for every command of every service, as their events arrive."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from contracts.events import AuditRecorded
from identity.tables import AuditEntryRow
from servicekit import Transaction


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
