"""What is forgotten by itself, in platform scope."""

from datetime import datetime

from sqlalchemy import text

from servicekit import Transaction

_FORGET_CODES = text("delete from oidc_codes where expires_at < :now")
_FORGET = text("delete from sessions where coalesce(ended_at, expires_at) < :before returning id")


async def forget_sessions(before: datetime, tx: Transaction) -> int:
    """Delete the sessions that ended before that moment; their refresh tokens go with them. How many there were."""
    return len(await tx.scalars(_FORGET, {"before": before}))


async def forget_codes(tx: Transaction) -> None:
    """Delete the one-time codes that nobody exchanged in time."""
    await tx.execute(_FORGET_CODES, {"now": tx.now})
