"""What a guest's widget calls: its session, its conversation, its messages."""

from typing import Annotated

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from contracts.errors import NotFound, Unauthenticated
from contracts.events.identity import Brand
from contracts.ids import ConversationId, GuestId, MessageId
from contracts.values import LanguageTag, Slug
from conversation.commands.conversations import StartConversation, end_as_guest, start_conversation
from conversation.commands.erasure import check_not_erased
from conversation.commands.guests import (
    Identify,
    OpenSession,
    OriginNotAllowed,
    hotel_on_site,
    identify,
    open_session,
)
from conversation.commands.messages import MessageDiffers, SendMessage, Sent, guest_types, send_message
from conversation.commands.rating import NotAnAnswer, NotASource, RateAnswer, RatingView, rate_as_guest
from conversation.commands.reading import MarkRead, read_by_guest
from conversation.domain.conversation import ConversationEnded, HotelSuspended
from conversation.queries.conversations import (
    ConversationView,
    conversation_by_id,
    conversation_of_guest,
    current_of_guest,
)
from conversation.queries.hotels import OpeningView, opening_of
from conversation.queries.messages import MessageView, page_of_messages
from conversation.resources import resources_of
from conversation.routes.callers import Guest, GuestTx, guest_of, hotel_of
from servicekit.access import public
from servicekit.actor import Actor
from servicekit.edge import edge_router
from servicekit.etags import not_modified
from servicekit.pagination import Page
from servicekit.problems import TooManyRequests, problems
from servicekit.ratelimit import rate_limit
from servicekit.runtime import Rt

router = edge_router("/widget", tags=["widget"])

MESSAGES, MESSAGE_LIMIT = "guest messages", "60/minute"
"""What one guest may say, over HTTP and WebSocket together."""
READS, READ_LIMIT = "guest reads", "240/minute"
SESSION_LIMIT = "300/minute"
"""Sessions that one address may open: a whole hotel may sit behind one."""
OPENING_LIMIT = "1200/minute"
"""Opening views that one address may see: every page of the hotel's site asks for one."""
AfterSeq = Annotated[int, Query(ge=0, le=2**31 - 1, description="the last message the caller has")]


class HotelView(BaseModel):
    """A hotel as its widget shows it."""

    name: str
    languages: list[str]
    language: Annotated[str, Field(description="to begin in: the guest's, if the hotel speaks it, else the hotel's")]
    brand: Brand
    consent_text: str


class SessionView(BaseModel):
    """A guest's session. The token goes into `Authorization: Bearer` of every other call."""

    token: str
    guest_id: GuestId
    expires_at: AwareDatetime
    hotel: HotelView


@router.get(
    "/opening",
    response_model=OpeningView,
    responses=problems(NotFound, HotelSuspended, OriginNotAllowed, TooManyRequests)
    | {304: {"description": "As the caller has it (If-None-Match)"}},
    dependencies=[
        Depends(public("a guest sees the hotel's name and hours before they say anything")),
        Depends(rate_limit(OPENING_LIMIT, by="ip")),
    ],
)
async def opening_route(
    request: Request,
    rt: Rt,
    hotel: Annotated[Slug, Query(description="the hotel's slug")],
    language: Annotated[LanguageTag | None, Query(description="the guest's, BCP 47")] = None,
) -> Response:
    """What the widget shows before the first word. Nothing is stored and no session is made."""
    row = await hotel_on_site(rt.db, hotel, request.headers.get("origin"), pointer="query:hotel")
    return not_modified(request, opening_of(row, language, rt.clock()))


@router.post(
    "/sessions",
    status_code=201,
    responses=problems(NotFound, HotelSuspended, OriginNotAllowed, TooManyRequests),
    dependencies=[
        Depends(public("a widget has no token before it has a session")),
        Depends(rate_limit(SESSION_LIMIT, by="ip")),
    ],
)
async def open_session_route(command: OpenSession, request: Request, rt: Rt) -> SessionView:
    """Open a guest's session; a guest's token that still holds keeps the guest."""
    session = await open_session(
        rt.db,
        resources_of(rt).tokens,
        command,
        known=_known_guest(request, rt),
        origin=request.headers.get("origin"),
    )
    return SessionView(
        token=session.token,
        guest_id=session.guest_id,
        expires_at=session.expires_at,
        hotel=HotelView(
            name=session.hotel["name"],
            languages=session.hotel["languages"],
            language=session.language,
            brand=Brand.model_validate(session.hotel["brand"]),
            consent_text=session.hotel["consent_text"],
        ),
    )


@router.post(
    "/conversations",
    status_code=201,
    responses={
        200: {"model": ConversationView, "description": "the one that goes on"},
        **problems(HotelSuspended, TooManyRequests),
    },
    dependencies=[Depends(rate_limit("30/minute", by="user"))],
)
async def start_conversation_route(
    guest: Guest, tx: GuestTx, response: Response, command: StartConversation | None = None
) -> ConversationView:
    """Start a conversation. While one goes on, that one is the answer (200): there is never a second."""
    await check_not_erased(guest_of(guest), tx)
    row, is_new = await start_conversation(command or StartConversation(), guest_of(guest), tx)
    if not is_new:
        response.status_code = 200
        return await conversation_by_id(tx, row.key)
    return ConversationView.of(row)


@router.get("/conversations/current", responses=problems(NotFound, HotelSuspended))
async def current_conversation_route(guest: Guest, tx: GuestTx) -> ConversationView:
    """The guest's conversation that goes on."""
    return await current_of_guest(tx, guest_of(guest))


@router.get("/conversations/{conversation_id}/messages", responses=problems(NotFound, HotelSuspended))
async def messages_route(
    conversation_id: ConversationId, guest: Guest, tx: GuestTx, after_seq: AfterSeq = 0
) -> Page[MessageView]:
    """What was said after `after_seq`, oldest first. `next_cursor`, if there is one, is the next `after_seq`."""
    await conversation_of_guest(tx, conversation_id, guest_of(guest))
    return await page_of_messages(tx, conversation_id, after_seq)


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=201,
    responses={
        200: {"model": MessageView, "description": "it was sent before"},
        **problems(NotFound, MessageDiffers, ConversationEnded, HotelSuspended, TooManyRequests),
    },
    dependencies=[Depends(rate_limit(MESSAGE_LIMIT, by="user", name=MESSAGES))],
)
async def send_message_route(
    conversation_id: ConversationId, command: SendMessage, guest: Guest, rt: Rt, response: Response
) -> MessageView:
    """Say something. Sending the same id and text again is harmless (200)."""
    sent = await send_message(rt.db, hotel_of(guest), conversation_id, "guest", guest_of(guest), command)
    if sent.repeated:
        response.status_code = 200
    return said_by_guest(sent, conversation_id)


@router.post(
    "/conversations/{conversation_id}/typing",
    status_code=204,
    responses=problems(NotFound, TooManyRequests),
    dependencies=[Depends(rate_limit("120/minute", by="user"))],
)
async def typing_route(conversation_id: ConversationId, guest: Guest, rt: Rt) -> None:
    """The guest goes on typing: the AI waits a moment for the rest. At most one call a second is of use."""
    await guest_types(rt.db, hotel_of(guest), conversation_id, guest_of(guest))


@router.post(
    "/conversations/{conversation_id}/read",
    status_code=204,
    responses=problems(NotFound, HotelSuspended, OriginNotAllowed, TooManyRequests),
    dependencies=[Depends(rate_limit(READ_LIMIT, by="user", name=READS))],
)
async def read_route(conversation_id: ConversationId, command: MarkRead, guest: Guest, tx: GuestTx) -> None:
    """The guest has read up to a message. Never backwards."""
    await read_by_guest(conversation_id, command, guest, tx)


@router.post(
    "/conversations/{conversation_id}/messages/{message_id}/rate",
    responses=problems(NotFound, NotAnAnswer, NotASource, HotelSuspended, OriginNotAllowed, TooManyRequests),
    dependencies=[Depends(rate_limit("60/minute", by="user"))],
)
async def rate_route(
    conversation_id: ConversationId, message_id: MessageId, command: RateAnswer, guest: Guest, tx: GuestTx
) -> RatingView:
    """Say whether an answer of the AI was helpful. Rating it again replaces what was said before."""
    await check_not_erased(guest_of(guest), tx)
    return await rate_as_guest(conversation_id, message_id, command, guest, tx)


@router.post(
    "/identify",
    status_code=204,
    responses=problems(HotelSuspended, OriginNotAllowed, TooManyRequests),
    dependencies=[Depends(rate_limit("30/minute", by="user"))],
)
async def identify_route(command: Identify, guest: Guest, tx: GuestTx) -> None:
    """What the guest, or the page they are on, says of them: shown to staff as unverified, and in no event."""
    await check_not_erased(guest_of(guest), tx)
    await identify(command, guest_of(guest), tx)


@router.post("/conversations/{conversation_id}/end", responses=problems(NotFound, HotelSuspended))
async def end_route(conversation_id: ConversationId, guest: Guest, tx: GuestTx) -> ConversationView:
    """End the conversation; the next thing the guest says begins a new one."""
    await end_as_guest(conversation_id, guest, tx)
    await tx.flush()
    return await conversation_by_id(tx, conversation_id)


def said_by_guest(sent: Sent, conversation_id: ConversationId) -> MessageView:
    """A guest's message as it was stored, and as a look would find it."""
    return MessageView(
        id=sent.id,
        conversation_id=conversation_id,
        seq=sent.seq,
        sender="guest",
        text=sent.text,
        sent_at=sent.sent_at,
        turn_id=sent.turn_id,
    )


def _known_guest(request: Request, rt: Rt) -> Actor | None:
    """The guest whose token came along; one that has expired makes a new guest, not an error."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        return resources_of(rt).tokens.verify(token.strip())
    except Unauthenticated:
        return None
