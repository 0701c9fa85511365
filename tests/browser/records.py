"""What the conversation service's database says was said, to hold against what the guest sees."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from devstack.stack import Stack

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Records:
    """Reads past the tenants' walls, as the databases' superuser."""

    stack: Stack

    async def _read(self, query: str, *values: object) -> list[asyncpg.Record]:
        name = self.stack.database_urls("conversation")["owner"].rpartition("/")[2].partition("?")[0]
        url = self.stack.part_urls.postgres.rpartition("/")[0] + f"/{name}"
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()

    @asynccontextmanager
    async def altered(self, table: str, values: Mapping[str, object], where: str) -> AsyncGenerator[None]:
        """Columns of a row have these values for the block: content that no command would let in today."""
        columns = ", ".join(values)
        [before] = await self._read(f"SELECT {columns} FROM {table} WHERE {where}")
        setting = ", ".join(f"{column} = ${number}" for number, column in enumerate(values, 1))
        update = f"UPDATE {table} SET {setting} WHERE {where}"
        await self._read(update, *values.values())
        try:
            yield
        finally:
            await self._read(update, *before.values())

    async def of(self, conversation_id: UUID | str) -> list[tuple[int, str, str]]:
        """(seq, sender, text) of every message, in order."""
        rows = await self._read(
            "SELECT seq, sender, text FROM messages WHERE conversation_id = $1 ORDER BY seq", UUID(str(conversation_id))
        )
        return [(row["seq"], row["sender"], row["text"]) for row in rows]

    async def conversations_of(self, guest_id: str) -> list[UUID]:
        """Every conversation that a guest ever began, the oldest first."""
        rows = await self._read("SELECT id FROM conversations WHERE guest_id = $1 ORDER BY created_at", UUID(guest_id))
        return [row["id"] for row in rows]

    async def asking(self, text: str) -> UUID:
        """The conversation in which a guest said exactly this, most recently."""
        rows = await self._read(
            "SELECT conversation_id FROM messages WHERE text = $1 AND sender = 'guest' ORDER BY sent_at DESC LIMIT 1",
            text,
        )
        assert rows, f"nobody said {text!r}"
        return rows[0]["conversation_id"]
