"""Replay: publish again what a service published before, as long as its outbox keeps it."""

from datetime import datetime

import asyncpg

REPLAYED_AT = "x-replayed-at"
"""Header of a record that was sent again: when."""

_REPLAY = """
update outbox set published_at = null, headers = headers || jsonb_build_object('x-replayed-at', $2::text)
where created_at >= $1 and published_at is not null and ($3::text is null or aggregatetype = $3)
"""


async def replay(database_url: str, since: datetime, *, topic: str | None = None) -> int:
    """Have the relay send every event since `since` again, in the old order per key. Returns how many.

    Every group gets them again and its inbox keeps the effects single; a consumer that is to handle them anew has its
    inbox reset first (`inbox.reset`). The records carry `x-replayed-at`, so that live feeds pass them by.

    Args:
        database_url: of the service's worker role.
        since: `created_at`, aware.
        topic: only this one, without the namespace.
    """
    if since.tzinfo is None:
        raise ValueError("`since` needs a time zone")
    connection = await asyncpg.connect(database_url)
    try:
        now = await connection.fetchval("select now()")
        tag: str = await connection.execute(_REPLAY, since, now.isoformat(), topic)
        return int(tag.split()[-1])
    finally:
        await connection.close()
