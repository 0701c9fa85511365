"""Timed work: sessions that ended long ago are forgotten; the audit log's chains are signed, and cut where it is asked for;
erasures are said again; exports are gathered, and deleted when their time is over."""

from dataclasses import replace
from datetime import timedelta

from identity.commands.audit import cut_chain, keep_checkpoint, lock_cut
from identity.commands.erasure import REMINDER, remind
from identity.commands.export import EXPIRE, GATHER, expire_export
from identity.commands.purge import forget_sessions
from identity.domain.audit_chain import FaultKind
from identity.gathering import gather
from identity.queries.audit_chain import check_chain, check_newest, cuttable_chains, unsigned_chains
from identity.resources import resources_of
from identity.settings import settings_of
from servicekit import DueItem, Jobs, Runtime
from servicekit.logging import log

jobs = Jobs()


@jobs.every(seconds=3600)
async def forget_old_sessions(rt: Runtime) -> None:
    """Delete sessions, with their refresh tokens, some time after they ended."""
    async with rt.worker_db.transaction(None, platform=True) as tx:
        await forget_sessions(tx.now - timedelta(days=settings_of(rt).session_retention_days), tx)


@jobs.every(seconds=900)
async def sign_audit_chains(rt: Runtime) -> None:
    """A checkpoint for every chain that has grown, if what it has grown by is sound; in the log, too, to be kept elsewhere."""
    keys = resources_of(rt).checkpoints
    async with rt.worker_db.transaction(None, platform=True, read_only=True) as tx:
        grown = await unsigned_chains(tx)
    for chain in grown:
        async with rt.worker_db.transaction(None, platform=True) as tx:
            checked = await check_newest(chain, keys, tx)
            if checked.faults:
                log.error("audit.broken", chain=str(chain), faults=[str(fault) for fault in checked.faults[:10]])
            if any(fault.kind is not FaultKind.FORGED for fault in checked.faults):
                continue
            jws = keys.sign(checked.newest, tx.now)
            await keep_checkpoint(checked.newest, jws, tx.now, tx)
        log.info("audit.checkpoint", chain=str(chain), position=checked.newest.position, jws=jws)


@jobs.every(seconds=86_400)
async def cut_audit_chains(rt: Runtime) -> None:
    """Remove entries older than the retention, up to a checkpoint, if all that is removed is sound."""
    days, keys = settings_of(rt).audit_retention_days, resources_of(rt).checkpoints
    if not days:
        return
    async with rt.worker_db.transaction(None, platform=True, read_only=True) as tx:
        old = await cuttable_chains(tx.now - timedelta(days=days), tx)
    for chain, position in old:
        async with rt.worker_db.transaction(None, platform=True) as tx:
            await lock_cut(tx)
            checked = await check_chain(chain, keys, tx, until=position)
            if checked.faults:
                log.error("audit.not_cut", chain=str(chain), faults=[str(fault) for fault in checked.faults[:10]])
                continue
            cut = replace(checked.newest, cut=True)
            await cut_chain(cut, keys.sign(cut, tx.now), tx.now, tx)
        log.info("audit.cut", chain=str(chain), position=position, removed=checked.links)


@jobs.due(REMINDER, concurrency=1)
async def remind_of_erasure(item: DueItem, rt: Runtime) -> None:
    """Say an erasure again, a day after it was said."""
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await remind(item, tx)


jobs.due(GATHER, concurrency=2, lease_seconds=60, first_backoff_seconds=2)(gather)


@jobs.due(EXPIRE, concurrency=1)
async def expire_exports(item: DueItem, rt: Runtime) -> None:
    """Delete an export whose time is over."""
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await expire_export(item, tx)
