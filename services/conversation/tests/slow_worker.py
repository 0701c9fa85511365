"""A conversation worker for tests to kill: its engine leaves a file when it is asked, and then hangs or answers.

python slow_worker.py FILE hang|answer
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from service_play import ScriptedEngine, service_with

from conversation.adapters.engine import HistoryItem, HotelPolicy, OnText, Reply, Search

began, then = Path(sys.argv[1]), sys.argv[2]


class Engine(ScriptedEngine):
    """Says on disk that it was asked."""

    async def answer(
        self,
        question: str,
        history: Sequence[HistoryItem],
        policy: HotelPolicy,
        search: Search,
        on_text: OnText | None = None,
    ) -> Reply:
        """The engine's port."""
        began.touch()  # noqa: ASYNC240 - an empty file, once
        if then == "hang":
            await asyncio.Event().wait()
        return await super().answer(question, history, policy, search, on_text)


sys.argv = ["conversation", "worker"]
service_with(Engine()).main()
