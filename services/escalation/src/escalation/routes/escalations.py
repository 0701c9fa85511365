"""Escalations over HTTP. Each route is its command or query with permission, problems and ETag."""

from typing import Annotated

from fastapi import Depends, Query, Response, status

from contracts.errors import MoveNotAllowed, NotFound, PreconditionFailed
from contracts.ids import ConversationId, EscalationId, UserId
from contracts.statuses import EscalationStatus
from contracts.values import Priority
from escalation.commands.escalations import (
    AssignEscalation,
    CreateEscalation,
    ResolveEscalation,
    acknowledge_escalation,
    assign_escalation,
    create_escalation,
    resolve_escalation,
)
from escalation.domain.errors import (
    AssignedToSomebodyElse,
    ConversationIsOver,
    NotAnActiveMember,
    OnlyPeopleWork,
    UnknownConversation,
)
from escalation.queries.escalations import (
    EscalationFilter,
    EscalationView,
    get_escalation,
    list_escalations,
    queue_escalations,
)
from escalation.queries.timeline import TimelineEntryView, timeline_of_escalation
from servicekit import Actor, IfMatch, Page, PageQuery, ReadTx, Tx, edge_router, may, problems, set_etag

router = edge_router(prefix="/escalations", tags=["escalations"])

Reader = Annotated[Actor, Depends(may("escalation:read"))]
Assigner = Annotated[Actor, Depends(may("escalation:assign"))]
Worker = Annotated[Actor, Depends(may("escalation:work"))]


@router.get("")
async def list_escalations_route(
    _: Reader,
    page: PageQuery,
    tx: ReadTx,
    status: Annotated[list[EscalationStatus], Query(max_length=10)] = [],  # noqa: B006  # FastAPI copies it
    priority: Annotated[list[Priority], Query(max_length=10)] = [],  # noqa: B006
    assignee_id: Annotated[list[UserId], Query(max_length=100)] = [],  # noqa: B006
    conversation_id: Annotated[list[ConversationId], Query(max_length=100)] = [],  # noqa: B006
) -> Page[EscalationView]:
    """Escalations, newest first; every filter may be given several times."""
    return await list_escalations(EscalationFilter(status, priority, assignee_id, conversation_id), page, tx)


@router.get("/queue")
async def queue_escalations_route(_: Reader, page: PageQuery, tx: ReadTx) -> Page[EscalationView]:
    """What nobody has yet: the most urgent first, then the oldest."""
    return await queue_escalations(page, tx)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses={200: {"model": EscalationView, "description": "one was open: it has the reason now"}}
    | problems(UnknownConversation, ConversationIsOver),
)
async def create_escalation_route(
    command: CreateEscalation, actor: Worker, tx: Tx, response: Response
) -> EscalationView:
    """Ask for a person by hand. A conversation has one open escalation: a second request raises it (200)."""
    row, is_new = await create_escalation(command, actor.ref(), tx)
    if not is_new:
        response.status_code = status.HTTP_200_OK
    return await _view(row.escalation_id, tx, response)


@router.get("/{escalation_id}", responses=problems(NotFound))
async def get_escalation_route(
    escalation_id: EscalationId, _: Reader, tx: ReadTx, response: Response
) -> EscalationView:
    """One escalation."""
    return await _view(escalation_id, tx, response)


@router.get("/{escalation_id}/timeline", responses=problems(NotFound))
async def timeline_of_escalation_route(
    escalation_id: EscalationId, _: Reader, page: PageQuery, tx: ReadTx
) -> Page[TimelineEntryView]:
    """What happened to it, by whom and when, oldest first."""
    return await timeline_of_escalation(escalation_id, page, tx)


@router.post(
    "/{escalation_id}/assign", responses=problems(NotFound, NotAnActiveMember, MoveNotAllowed, PreconditionFailed)
)
async def assign_escalation_route(
    escalation_id: EscalationId,
    command: AssignEscalation,
    actor: Assigner,
    if_match: IfMatch,
    tx: Tx,
    response: Response,
) -> EscalationView:
    """Give it to an active member of the hotel."""
    await assign_escalation(escalation_id, command, actor.ref(), tx, if_match)
    return await _view(escalation_id, tx, response)


@router.post(
    "/{escalation_id}/acknowledge",
    responses=problems(NotFound, OnlyPeopleWork, AssignedToSomebodyElse, MoveNotAllowed, PreconditionFailed),
)
async def acknowledge_escalation_route(
    escalation_id: EscalationId, actor: Worker, if_match: IfMatch, tx: Tx, response: Response
) -> EscalationView:
    """Start to work on it; from the queue it becomes yours."""
    await acknowledge_escalation(escalation_id, actor.ref(), tx, if_match)
    return await _view(escalation_id, tx, response)


@router.post("/{escalation_id}/resolve", responses=problems(NotFound, MoveNotAllowed, PreconditionFailed))
async def resolve_escalation_route(
    escalation_id: EscalationId,
    command: ResolveEscalation,
    actor: Worker,
    if_match: IfMatch,
    tx: Tx,
    response: Response,
) -> EscalationView:
    """It is dealt with. The note is for colleagues and stays here."""
    await resolve_escalation(escalation_id, command, actor.ref(), tx, if_match)
    return await _view(escalation_id, tx, response)


async def _view(escalation_id: EscalationId, tx: Tx, response: Response) -> EscalationView:
    view = await get_escalation(escalation_id, tx)
    set_etag(response, view.version)
    return view
