"""Timed work: sessions that ended long ago are forgotten."""

from datetime import timedelta

from identity.commands.purge import forget_sessions
from identity.settings import settings_of
from servicekit import Jobs, Runtime

jobs = Jobs()


@jobs.every(seconds=3600)
async def forget_old_sessions(rt: Runtime) -> None:
    """Delete sessions, with their refresh tokens, some time after they ended."""
    async with rt.worker_db.transaction(None, platform=True) as tx:
        await forget_sessions(tx.now - timedelta(days=settings_of(rt).session_retention_days), tx)
