"""Reads the audit chains to check them: a chain in one statement, so that what arrives meanwhile is not in it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from identity.adapters.checkpoints import BadCheckpoint, CheckpointKeys
from identity.domain.audit_chain import PLATFORM, ChainCheck, Entry, Fault, FaultKind, Link, Mark, start_of
from identity.tables import CUT_LOCK
from servicekit import Transaction

FAULTS_READ = 1000
"""Entries beside a chain that are named at most."""

_CHAINS = text("""
select hotel_id from audit_chains union select hotel_id from audit_links union select hotel_id from audit_checkpoints
union select coalesce(hotel_id, :platform) from audit_entries order by 1
""")
_UNSIGNED = text("""
select h.hotel_id from audit_chains h
where h.position > coalesce((select max(c.position) from audit_checkpoints c where c.hotel_id = h.hotel_id), 0)
order by 1
""")
_CUTTABLE = text("""
select c.hotel_id, max(c.position) as position from audit_checkpoints c
where not c.cut and c.signed_at < :before
    and c.position > coalesce((select max(k.position) from audit_checkpoints k where k.hotel_id = c.hotel_id and k.cut), 0)
group by c.hotel_id order by 1
""")
_CHECKPOINTS = text("""
select position, cut, hash, jws from audit_checkpoints where hotel_id = :chain and position <= :until
order by position, cut
""")
_LINKS = text("""
select l.position, l.event_id, l.hash, h.position as head_position, h.hash as head_hash,
    e.event_id as found, e.seq, e.hotel_id, e.service, e.action, e.actor_kind, e.actor_id, e.acting_for_kind,
    e.acting_for_id, e.object_type, e.object_id, e.at, e.trace_id, e.recorded_at
from (select 1) one
left join audit_chains h on h.hotel_id = :chain
left join audit_links l on l.hotel_id = :chain and l.position > :after and l.position <= :until
left join audit_entries e on e.event_id = l.event_id
order by l.position
""")
_BESIDE = """
select e.event_id from audit_entries e
where {whose} and not exists (select from audit_links l where l.event_id = e.event_id) limit :limit
"""
_BESIDE_HOTELS = text(_BESIDE.format(whose="e.hotel_id = :chain"))
_BESIDE_PLATFORMS = text(_BESIDE.format(whose="e.hotel_id is null"))
_LOCK_SHARED = text("select pg_advisory_xact_lock_shared(:lock)")
_NO_END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checked:
    """A chain that was checked.

    Attributes:
        newest: its newest link; where there is none, where it begins.
        links: how many were checked.
        signed: the position of the newest checkpoint that holds; 0 where there is none.
        faults: what is wrong.
    """

    newest: Mark
    links: int
    signed: int
    faults: list[Fault]


async def chains(tx: Transaction) -> list[UUID]:
    """Every chain there is, or that anything is left of."""
    return await tx.scalars(_CHAINS, {"platform": PLATFORM})


async def unsigned_chains(tx: Transaction) -> list[UUID]:
    """The chains that have grown since their newest checkpoint."""
    return await tx.scalars(_UNSIGNED)


async def cuttable_chains(before: datetime, tx: Transaction) -> list[tuple[UUID, int]]:
    """The chains with a checkpoint from before that moment, and the position of the newest such one."""
    return [(row.hotel_id, row.position) for row in await tx.execute(_CUTTABLE, {"before": before})]


async def check_chain(
    chain: UUID, keys: CheckpointKeys, tx: Transaction, *, kept: Sequence[Mark] = (), until: int | None = None
) -> Checked:
    """Check a chain from its cut on: every entry, every checkpoint, and that no entry stands beside it.

    Args:
        kept: checkpoints that somebody has kept elsewhere; they count like those in the database.
        until: as far as that position alone.
    """
    await tx.execute(_LOCK_SHARED, {"lock": CUT_LOCK})
    marks, faults = await _marks(chain, keys, until or _NO_END, tx)
    marks += [mark for mark in kept if mark.chain == chain and mark.position <= (until or _NO_END)]
    found = await _check(chain, start_of(chain, marks), marks, until or _NO_END, tx, whole=until is None)
    return Checked(found.newest, found.links, found.signed, [*faults, *found.faults])


async def check_newest(chain: UUID, keys: CheckpointKeys, tx: Transaction) -> Checked:
    """Check what a chain has grown by since its newest checkpoint, before that is signed."""
    await tx.execute(_LOCK_SHARED, {"lock": CUT_LOCK})
    marks, faults = await _marks(chain, keys, _NO_END, tx)
    start = max(marks, key=lambda mark: mark.position, default=start_of(chain, ()))
    found = await _check(chain, start, [], _NO_END, tx, whole=False)
    return Checked(found.newest, found.links, found.signed, [*faults, *found.faults])


async def _check(
    chain: UUID, start: Mark, marks: Sequence[Mark], until: int, tx: Transaction, *, whole: bool
) -> Checked:
    check = ChainCheck(start, marks)
    newest, head = start, None
    async for row in _rows(chain, start.position, until, tx):
        head = None if row.head_position is None else Mark(chain, row.head_position, row.head_hash)
        if row.position is not None:
            check.see(_link(row))
            newest = Mark(chain, row.position, row.hash)
    if whole:
        beside = _BESIDE_PLATFORMS if chain == PLATFORM else _BESIDE_HOTELS
        whose = {} if chain == PLATFORM else {"chain": chain}
        for event_id in await tx.scalars(beside, {"limit": FAULTS_READ, **whose}):
            check.see_unlinked(event_id)
    signed = max((mark.position for mark in marks), default=0)
    end = head if until == _NO_END else Mark(chain, until, newest.hash)
    return Checked(newest, check.links, signed, check.finish(end))


async def _marks(chain: UUID, keys: CheckpointKeys, until: int, tx: Transaction) -> tuple[list[Mark], list[Fault]]:
    """The checkpoints in the database that hold, and what is wrong with the others."""
    marks: list[Mark] = []
    faults: list[Fault] = []
    for row in await tx.execute(_CHECKPOINTS, {"chain": chain, "until": until}):
        says = Mark(chain, row.position, row.hash, row.cut)
        try:
            keys.read(row.jws, says)
        except BadCheckpoint as bad:
            faults.append(Fault(FaultKind.FORGED, row.position, None, f"checkpoint: {bad}"))
            if not says.cut:
                continue  # of a cut, what it says is all there is to begin with
        marks.append(says)
    return marks, faults


async def _rows(chain: UUID, after: int, until: int, tx: Transaction) -> AsyncIterator[Any]:  # Any: SQLAlchemy's rows
    """The links behind `after`, in order, from a cursor of the database's; one row of nulls where there are none."""
    wanted = {"chain": chain, "after": after, "until": until}
    rows = await tx.session.stream(_LINKS, wanted, execution_options={"yield_per": 1000})
    async for row in rows:
        yield row


def _link(row: Any) -> Link:  # Any: SQLAlchemy's row
    entry = None
    if row.found is not None:
        entry = Entry(
            event_id=row.found,
            seq=row.seq,
            hotel_id=row.hotel_id,
            service=row.service,
            action=row.action,
            actor_kind=row.actor_kind,
            actor_id=row.actor_id,
            acting_for_kind=row.acting_for_kind,
            acting_for_id=row.acting_for_id,
            object_type=row.object_type,
            object_id=row.object_id,
            at=row.at,
            trace_id=row.trace_id,
            recorded_at=row.recorded_at,
        )
    return Link(row.position, row.event_id, row.hash, entry)
