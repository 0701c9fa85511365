"""Timed work: turns that are due, and how many are open."""

from sqlalchemy import text

from conversation.commands.gaps import DUE as GAP_QUESTION
from conversation.commands.imports import DUE as IMPORT
from conversation.importing import run_import
from conversation.learning import learn_from_turn
from conversation.turns import run_turn
from servicekit.jobs import Jobs
from servicekit.metrics import gauge
from servicekit.runtime import Runtime

TURN_CONCURRENCY = 8
"""Turns a process answers side by side; each waits for the model or the embedder most of its time."""
TURN_LEASE_SECONDS = 10
"""How long a guest waits more, at most, when a worker dies in the middle of their turn. Renewed at a third of it."""

OPEN_TURNS = gauge("conversation_turns_open", "Turns that wait for an answer or are being answered")
OLDEST_TURN_SECONDS = gauge("conversation_turn_oldest_seconds", "How long the oldest due turn has been waiting")

_OPEN = text("""
    SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0) FROM due WHERE kind = 'turn'
""")

jobs = Jobs()
jobs.due(
    "turn",
    concurrency=TURN_CONCURRENCY,
    lease_seconds=TURN_LEASE_SECONDS,
    first_backoff_seconds=0.25,
    max_backoff_seconds=30,
)(run_turn)
jobs.due(GAP_QUESTION, concurrency=1)(learn_from_turn)
jobs.due(IMPORT, concurrency=2)(run_import)


@jobs.every(seconds=15)
async def count_open_turns(rt: Runtime) -> None:
    """The backlog as the whole service has it."""
    async with rt.worker_db.autocommit() as connection:
        count, oldest = (await connection.execute(_OPEN)).one()
    OPEN_TURNS.set(count)
    OLDEST_TURN_SECONDS.set(max(0.0, float(oldest)))
