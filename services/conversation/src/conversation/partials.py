"""What a guest sees of an answer while it is being made: cumulative text by hints, never stored, replaced by the message."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

from conversation.commands.messages import channel

if TYPE_CHECKING:
    from servicekit.hints import Hints

PARTIAL_SECONDS = 0.04
"""At most one partial in this time: faster than anybody reads."""


class Partials:
    """One turn's text so far, told to whoever watches the conversation.

    The first text goes out at once, what follows not more often than PARTIAL_SECONDS allows, and always the latest.
    """

    def __init__(self, hints: "Hints", conversation_id: UUID, turn_id: UUID) -> None:
        self._hints = hints
        self._channel = channel(conversation_id)
        self._turn_id = str(turn_id)
        self._text = self._told = ""
        self._telling: asyncio.Task[None] | None = None

    def on_text(self, text: str) -> None:
        """The engine has come so far: the whole text until now."""
        self._text = text
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell(text))

    def stop(self) -> None:
        """No more of it: the message itself is about to be seen."""
        if self._telling is not None:
            self._telling.cancel()

    async def withdraw(self) -> None:
        """No message comes of it: take back what was shown."""
        self.stop()
        if self._told:
            self._told = ""
            await self._send("")

    async def _tell(self, text: str) -> None:
        while text != self._told:
            self._told = text
            await self._send(text)
            await asyncio.sleep(PARTIAL_SECONDS)
            text = self._text

    async def _send(self, text: str) -> None:
        await self._hints.send(self._channel, {"partial": {"turn_id": self._turn_id, "text": text}})
