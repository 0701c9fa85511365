"""The runner that looks at turns which may tell of a gap: its question is embedded outside of any transaction."""

from conversation.commands.gaps import place_question, read_turn
from conversation.resources import resources_of
from servicekit.due import DueItem
from servicekit.runtime import Runtime


async def learn_from_turn(item: DueItem, rt: Runtime) -> None:
    """Put one turn into the gap that it tells of, or take it out. A crash anywhere leaves it due."""
    async with rt.worker_db.transaction(item.hotel_id, read_only=True) as tx:
        turn = await read_turn(item.object_id, tx)
    if turn is None:
        async with rt.worker_db.transaction(item.hotel_id) as tx:
            await tx.finish(item)
        return
    vector = await resources_of(rt).embedder.query(turn.text)
    async with rt.worker_db.transaction(item.hotel_id) as tx:
        await place_question(turn, vector, item, tx)
