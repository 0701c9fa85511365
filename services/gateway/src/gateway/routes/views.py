"""The dashboard's composed views."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from contracts.errors import NotFound
from gateway.adapters.upstream import ServiceUnavailable, UpstreamProblem
from gateway.queries.views import Composer, ConversationPage, InboxView
from gateway.resources import Desk, Token, settings_of
from gateway.routes.passing_on import answer_of
from servicekit import Actor, Rt, edge_router, may
from servicekit.problems import problems

router = edge_router("/api", tags=["views"])


@router.get("/inbox", response_model=InboxView, responses=problems(ServiceUnavailable))
async def inbox(
    rt: Rt,
    desk: Desk,
    token: Token,
    _actor: Annotated[Actor, Depends(may("conversation:read"))],
    status: Annotated[list[str] | None, Query(description="only these states; repeatable")] = None,
    limit: Annotated[int, Query(ge=1, le=50, description="conversations per page")] = 25,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Any:  # Any: the view, or the conversation service's own refusal as it is
    """A page of conversations with their open escalations and guests."""
    params = [("limit", str(limit)), *(("status", value) for value in status or ())]
    if cursor:
        params.append(("cursor", cursor))
    composer = Composer(desk.services, token, settings_of(rt).part_timeout_seconds)
    try:
        return await composer.inbox(params)
    except UpstreamProblem as problem:
        return answer_of(problem.response)


@router.get(
    "/conversations/{conversation_id}",
    response_model=ConversationPage,
    responses=problems(NotFound, ServiceUnavailable),
)
async def conversation(
    conversation_id: UUID,
    rt: Rt,
    desk: Desk,
    token: Token,
    _actor: Annotated[Actor, Depends(may("conversation:read"))],
) -> Any:  # Any: the view, or the conversation service's own refusal as it is
    """One conversation with its messages, open escalation and guest; a part whose service is away is `unavailable`."""
    composer = Composer(desk.services, token, settings_of(rt).part_timeout_seconds)
    try:
        return await composer.conversation(conversation_id)
    except UpstreamProblem as problem:
        return answer_of(problem.response)
