"""What the hotel's people see of their knowledge base as a whole: what the AI would answer."""

from typing import Annotated

from fastapi import Depends

from contracts.errors import NotFound
from contracts.permissions import Permission
from conversation.queries.asking import AskAsGuest, WouldAnswer, ask_as_guest
from conversation.resources import resources_of
from servicekit.access import NoHotel, may
from servicekit.actor import Actor
from servicekit.edge import edge_router
from servicekit.problems import TooManyRequests, problems
from servicekit.ratelimit import rate_limit
from servicekit.runtime import Rt

router = edge_router("/knowledge", tags=["knowledge"])

Reader = Annotated[Actor, Depends(may(Permission.ARTICLE_READ))]


@router.post(
    "/ask",
    responses=problems(NotFound, NoHotel, TooManyRequests),
    dependencies=[Depends(rate_limit("60/minute", by="user"))],
)
async def ask_route(asked: AskAsGuest, reader: Reader, rt: Rt) -> WouldAnswer:
    """What the AI would answer a guest, and why. Nothing is stored and nobody is told."""
    if reader.hotel_id is None:
        raise NoHotel
    return await ask_as_guest(rt.db, reader, asked, resources_of(rt).answer)
