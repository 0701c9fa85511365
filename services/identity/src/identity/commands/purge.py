"""What is forgotten by itself, in platform scope."""

from datetime import datetime

from sqlalchemy import text

from servicekit import Transaction

_FORGET = text("delete from sessions where coalesce(ended_at, expires_at) < :before returning id")


async def forget_sessions(before: datetime, tx: Transaction) -> int:
    """Delete the sessions that ended before that moment; their refresh tokens go with them. How many there were."""
    return len(await tx.scalars(_FORGET, {"before": before}))
