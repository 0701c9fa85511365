"""Guests in bulk: their tokens, signed with the stack's own key, and their conversations, written as the service writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import asyncpg
from uuid_utils.compat import uuid7

from bench.stackside import Bench
from contracts.ids import GuestId
from conversation.adapters.guest_tokens import GuestTokens
from servicekit.clock import utc_now

PER_MINUTE = 60
"""Messages that a guest may send in a minute; see conversation.routes.widget.MESSAGE_LIMIT."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest with a conversation of their own."""

    id: UUID
    conversation_id: UUID
    token: str


_INSERT = """
INSERT INTO conversations (id, hotel_id, guest_id, channel, language, status, assignee_id, created_at, updated_at)
SELECT id, $3, guest_id, 'widget', 'en', $4, $5, $6, $6 FROM unnest($1::uuid[], $2::uuid[]) AS made (id, guest_id)
"""


async def make_guests(bench: Bench, count: int, owner: Literal["ai", "staff"]) -> list[Guest]:
    """Guests whose conversations the AI answers, or that a member of staff has, so that no turn is made."""
    tokens = GuestTokens(bench.guest_key, utc_now)
    guests: list[Guest] = []
    for _ in range(count):
        guest_id = uuid7()
        token, _ = tokens.issue(bench.hotel_id, GuestId(guest_id))
        guests.append(Guest(guest_id, uuid7(), token))
    connection = await asyncpg.connect(bench.database())
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.hotel_id', $1, true)", str(bench.hotel_id))
            staff = await connection.fetchval("SELECT user_id FROM staff WHERE active ORDER BY user_id LIMIT 1")
            await connection.execute(
                _INSERT,
                [guest.conversation_id for guest in guests],
                [guest.id for guest in guests],
                bench.hotel_id,
                "with_staff" if owner == "staff" else "open",
                staff if owner == "staff" else None,
                datetime.now(UTC),
            )
    finally:
        await connection.close()
    return guests


def needed(per_second: float, seconds: float) -> int:
    """How many guests it takes so that none meets the limit, with room to spare."""
    return max(64, int(per_second * seconds / PER_MINUTE * 1.6))


def wrk_lines(guests: Sequence[Guest], texts: Sequence[str]) -> str:
    """Guests and texts as message_write.lua reads them."""
    lines = [f"G {guest.token} {guest.conversation_id}" for guest in guests]
    return "\n".join([*lines, *(f"T {text}" for text in texts)]) + "\n"
