"""Timed work: mails are sent; signing keys give way to the next; hotels that were deleted are purged; what Clerk said is
carried out; erasures are said again; exports are gathered, and deleted when their time is over; sessions that ended long
ago, and mails, are forgotten; the audit log's chains are signed, checked as a whole, and cut where it is asked for."""

from dataclasses import replace
from datetime import timedelta

from contracts.ids import HotelId
from identity.commands.audit import cut_chain, keep_checkpoint, lock_cut
from identity.commands.clerk import carry_out, forget_deliveries, pending
from identity.commands.erasure import REMINDER, remind
from identity.commands.export import EXPIRE, GATHER, expire_export
from identity.commands.hotel_ends import begin_purge
from identity.commands.mail import DUE, forget_mails
from identity.commands.purge import forget_codes, forget_sessions
from identity.commands.signing_keys import rotate_keys
from identity.domain.audit_chain import FaultKind
from identity.gathering import gather
from identity.mailing import deliver
from identity.queries.audit_chain import chains, check_chain, check_newest, cuttable_chains, unsigned_chains
from identity.queries.purges import due_purges, late_purges
from identity.resources import resources_of
from identity.settings import settings_of
from servicekit import DueItem, Jobs, Runtime
from servicekit.actor import service_actor
from servicekit.logging import log
from servicekit.metrics import gauge

jobs = Jobs()
DELIVERIES_KEPT = timedelta(days=30)
"""Svix gives up sending again after some days."""
MAIL_RETENTION = timedelta(days=30)
"""How long it is known what became of a mail, and invitations that are over."""
CHAINS_BROKEN = gauge("identity_audit_chain_broken", "Chains of the audit log at fault when all were last checked")


@jobs.due(DUE, concurrency=4)
async def send_mail(item: DueItem, rt: Runtime) -> None:
    """Hand a mail over to the mail server."""
    await deliver(item, rt)


@jobs.every(seconds=3600)
async def forget_old_mails(rt: Runtime) -> None:
    """Delete mails, invitations and password resets some time after they were over."""
    async with rt.worker_db.transaction(None, platform=True) as tx:
        await forget_mails(tx.now - MAIL_RETENTION, tx)


@jobs.every(seconds=3600)
async def forget_old_sessions(rt: Runtime) -> None:
    """Delete sessions, with their refresh tokens, some time after they ended."""
    async with rt.worker_db.transaction(None, platform=True) as tx:
        await forget_sessions(tx.now - timedelta(days=settings_of(rt).session_retention_days), tx)
        await forget_codes(tx)
        await forget_deliveries(tx.now - DELIVERIES_KEPT, tx)


@jobs.every(seconds=60)
async def carry_out_clerk(rt: Runtime) -> None:
    """Memberships at Clerk whose hotel was linked after Clerk told of them, or that a crash left undone."""
    async with rt.worker_db.transaction(None, platform=True, read_only=True) as tx:
        waiting = await pending(tx)
    for hotel_id, account_id in waiting:
        hotel = HotelId(hotel_id)
        async with rt.worker_db.transaction(hotel, platform=True, actor=service_actor("clerk", hotel)) as tx:
            await carry_out(hotel, account_id, settings_of(rt).clerk_roles, tx)


@jobs.every(seconds=3600)
async def rotate_signing_keys(rt: Runtime) -> None:
    """Let the next key sign where the current one has signed for long enough."""
    days = settings_of(rt).key_rotation_days
    if days:
        async with rt.worker_db.transaction(None, platform=True) as tx:
            await rotate_keys(resources_of(rt).vault, tx, every=timedelta(days=days))


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


@jobs.every(seconds=lambda rt: settings_of(rt).audit_verify_hours * 3600)
async def verify_audit_chains(rt: Runtime) -> None:
    """Check every chain from its beginning, also where it is signed already; whoever watches the worker hears of a fault."""
    keys, broken = resources_of(rt).checkpoints, 0
    async with rt.worker_db.transaction(None, platform=True, read_only=True) as tx:
        known = await chains(tx)
    for chain in known:
        async with rt.worker_db.transaction(None, platform=True, read_only=True) as tx:
            checked = await check_chain(chain, keys, tx)
        if checked.faults:
            broken += 1
            log.error("audit.broken", chain=str(chain), faults=[str(fault) for fault in checked.faults[:10]])
    CHAINS_BROKEN.set(broken)
    log.info("audit.verified", chains=len(known), broken=broken)


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


@jobs.every(seconds=3600)
async def purge_deleted_hotels(rt: Runtime) -> None:
    """Have every service forget the hotels that were deleted and not restored in time."""
    async with rt.worker_db.transaction(None, platform=True, read_only=True) as tx:
        over = await due_purges(tx.now, tx)
    for hotel_id in over:
        async with rt.worker_db.transaction(hotel_id) as tx:
            await begin_purge(hotel_id, tx)


@jobs.every(seconds=86_400)
async def remind_of_purges(rt: Runtime) -> None:
    """Ask again where a service has not confirmed within a day that it forgot a hotel."""
    async with rt.worker_db.transaction(None, platform=True, read_only=True) as tx:
        late = await late_purges(tx.now - timedelta(days=1), tx)
    for hotel_id, missing in late.items():
        log.error("hotel.not_forgotten", hotel_id=str(hotel_id), services=missing)
        async with rt.worker_db.transaction(hotel_id) as tx:
            await begin_purge(hotel_id, tx)


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
