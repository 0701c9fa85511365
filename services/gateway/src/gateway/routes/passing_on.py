"""Requests that the gateway passes on to the owning service as they are, with the caller's own token."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import Depends, Request, Response
from fastapi.responses import StreamingResponse

from contracts.errors import NotFound
from contracts.permissions import Permission
from gateway.adapters.callers import forwarded
from gateway.resources import Desk
from servicekit import edge_router, may, public, signed_in

SENT_ON = (
    "authorization",
    "content-type",
    "accept-language",
    "if-match",
    "if-none-match",
    "idempotency-key",
    "origin",  # a hotel's widget runs on its own sites only, which the conversation service checks
)
SENT_BACK = (
    "content-type",
    "etag",
    "location",
    "retry-after",
    "www-authenticate",
    "idempotency-replayed",
    "cache-control",
    "content-disposition",
    "allow",
)
FOR_PAGES = (
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cross-origin-resource-policy",
    "timing-allow-origin",
    "vary",
)
"""What the conversation service says of the sites that may read its answer to a widget."""


class Anybody(Enum):
    """Routes that ask for no permission."""

    SIGNED_IN = "about one's own account"
    ENROLLING = "the same, open also to whoever has yet to set up the second factor that their hotel asks for"
    WITH_A_LINK = "the service limits and checks it: the token of a mail's link is the permission"


@dataclass(frozen=True, slots=True)
class PassedOn:
    """One route of a service that the gateway shows under `/api`.

    Attributes:
        method: HTTP method.
        path: path template at the service; the gateway's is the same under `/api`.
        service: who answers.
        permission: checked here already, and again by the service.
        streamed: whether the answer goes on as it comes, however long it is, and is never held here as a whole.
    """

    method: str
    path: str
    service: str
    permission: Permission | Anybody
    streamed: bool = False


ROUTES: tuple[PassedOn, ...] = (
    PassedOn("POST", "/conversations/{conversation_id}/messages", "conversation", Permission.MESSAGE_SEND),
    PassedOn("GET", "/conversations/{conversation_id}/messages", "conversation", Permission.CONVERSATION_READ),
    PassedOn(
        "POST",
        "/conversations/{conversation_id}/messages/{message_id}/rate",
        "conversation",
        Permission.CONVERSATION_WRITE,
    ),
    PassedOn("POST", "/conversations/{conversation_id}/typing", "conversation", Permission.MESSAGE_SEND),
    PassedOn("POST", "/conversations/{conversation_id}/read", "conversation", Permission.MESSAGE_SEND),
    PassedOn("POST", "/conversations/{conversation_id}/take-over", "conversation", Permission.CONVERSATION_TAKE_OVER),
    PassedOn("POST", "/conversations/{conversation_id}/hand-back", "conversation", Permission.CONVERSATION_TAKE_OVER),
    PassedOn("POST", "/conversations/{conversation_id}/escalate", "conversation", Permission.CONVERSATION_WRITE),
    PassedOn("POST", "/conversations/{conversation_id}/end", "conversation", Permission.CONVERSATION_WRITE),
    PassedOn("GET", "/articles", "conversation", Permission.ARTICLE_READ),
    PassedOn("POST", "/articles", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("GET", "/articles/search", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/articles/{article_id}", "conversation", Permission.ARTICLE_READ),
    PassedOn("PATCH", "/articles/{article_id}", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("DELETE", "/articles/{article_id}", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("POST", "/articles/{article_id}/publish", "conversation", Permission.ARTICLE_PUBLISH),
    PassedOn("POST", "/articles/{article_id}/unpublish", "conversation", Permission.ARTICLE_PUBLISH),
    PassedOn("GET", "/articles/{article_id}/versions", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/articles/{article_id}/versions/compare", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/articles/{article_id}/versions/{version}", "conversation", Permission.ARTICLE_READ),
    PassedOn("POST", "/articles/{article_id}/versions/{version}/restore", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("POST", "/knowledge/ask", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/knowledge/statistics", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/knowledge/coverage", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/knowledge/attention", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/knowledge/imports", "conversation", Permission.ARTICLE_READ),
    PassedOn("POST", "/knowledge/imports", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("GET", "/knowledge/imports/{import_id}", "conversation", Permission.ARTICLE_READ),
    PassedOn("DELETE", "/knowledge/imports/{import_id}", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("GET", "/knowledge/imports/{import_id}/pages", "conversation", Permission.ARTICLE_READ),
    PassedOn("GET", "/knowledge/imports/{import_id}/articles", "conversation", Permission.ARTICLE_READ),
    PassedOn("POST", "/knowledge/imports/{import_id}/stop", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("POST", "/knowledge/imports/{import_id}/resume", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("POST", "/knowledge/imports/{import_id}/accept", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("POST", "/knowledge/imports/{import_id}/again", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("GET", "/knowledge/gaps", "conversation", Permission.CONVERSATION_READ),
    PassedOn("GET", "/knowledge/gaps/{gap_id}", "conversation", Permission.CONVERSATION_READ),
    PassedOn("POST", "/knowledge/gaps/{gap_id}/approve", "conversation", Permission.ARTICLE_PUBLISH),
    PassedOn("POST", "/knowledge/gaps/{gap_id}/dismiss", "conversation", Permission.ARTICLE_WRITE),
    PassedOn("GET", "/escalations", "escalation", Permission.ESCALATION_READ),
    PassedOn("GET", "/escalations/queue", "escalation", Permission.ESCALATION_READ),
    PassedOn("GET", "/escalations/{escalation_id}", "escalation", Permission.ESCALATION_READ),
    PassedOn("GET", "/escalations/{escalation_id}/timeline", "escalation", Permission.ESCALATION_READ),
    PassedOn("POST", "/escalations", "escalation", Permission.ESCALATION_WORK),
    PassedOn("POST", "/escalations/{escalation_id}/assign", "escalation", Permission.ESCALATION_ASSIGN),
    PassedOn("POST", "/escalations/{escalation_id}/acknowledge", "escalation", Permission.ESCALATION_WORK),
    PassedOn("POST", "/escalations/{escalation_id}/resolve", "escalation", Permission.ESCALATION_WORK),
    PassedOn("GET", "/hotels", "identity", Permission.HOTEL_READ),
    PassedOn("GET", "/hotels/{hotel_id}", "identity", Permission.HOTEL_READ),
    PassedOn("PATCH", "/hotels/{hotel_id}", "identity", Permission.HOTEL_WRITE),
    PassedOn("GET", "/hotels/{hotel_id}/users", "identity", Permission.USER_READ),
    PassedOn("PUT", "/hotels/{hotel_id}/users/{user_id}", "identity", Permission.USER_WRITE),
    PassedOn("DELETE", "/hotels/{hotel_id}/users/{user_id}", "identity", Permission.USER_WRITE),
    PassedOn("GET", "/me", "identity", Anybody.ENROLLING),
    PassedOn("GET", "/me/preferences", "identity", Anybody.SIGNED_IN),
    PassedOn("PUT", "/me/preferences", "identity", Anybody.SIGNED_IN),
    PassedOn("GET", "/me/views", "identity", Anybody.SIGNED_IN),
    PassedOn("POST", "/me/views", "identity", Anybody.SIGNED_IN),
    PassedOn("GET", "/me/views/{view_id}", "identity", Anybody.SIGNED_IN),
    PassedOn("PATCH", "/me/views/{view_id}", "identity", Anybody.SIGNED_IN),
    PassedOn("DELETE", "/me/views/{view_id}", "identity", Anybody.SIGNED_IN),
    PassedOn("POST", "/me/password", "identity", Anybody.SIGNED_IN),
    PassedOn("GET", "/me/sessions", "identity", Anybody.SIGNED_IN),
    PassedOn("DELETE", "/me/sessions/{session_id}", "identity", Anybody.SIGNED_IN),
    PassedOn("POST", "/me/sessions/revoke-others", "identity", Anybody.SIGNED_IN),
    PassedOn("POST", "/me/sessions/revoke-all", "identity", Anybody.SIGNED_IN),
    PassedOn("POST", "/me/totp", "identity", Anybody.ENROLLING),
    PassedOn("POST", "/me/totp/confirm", "identity", Anybody.ENROLLING),
    PassedOn("POST", "/me/totp/recovery-codes", "identity", Anybody.SIGNED_IN),
    PassedOn("POST", "/me/totp/disable", "identity", Anybody.SIGNED_IN),
    PassedOn("GET", "/roles", "identity", Permission.ROLE_READ),
    PassedOn("POST", "/roles", "identity", Permission.ROLE_WRITE),
    PassedOn("GET", "/roles/{role_name}", "identity", Permission.ROLE_READ),
    PassedOn("PATCH", "/roles/{role_name}", "identity", Permission.ROLE_WRITE),
    PassedOn("DELETE", "/roles/{role_name}", "identity", Permission.ROLE_WRITE),
    PassedOn("GET", "/hotels/{hotel_id}/roles", "identity", Permission.ROLE_READ),
    PassedOn("POST", "/hotels/{hotel_id}/roles", "identity", Permission.ROLE_WRITE),
    PassedOn("GET", "/hotels/{hotel_id}/roles/{role_name}", "identity", Permission.ROLE_READ),
    PassedOn("PATCH", "/hotels/{hotel_id}/roles/{role_name}", "identity", Permission.ROLE_WRITE),
    PassedOn("DELETE", "/hotels/{hotel_id}/roles/{role_name}", "identity", Permission.ROLE_WRITE),
    PassedOn("GET", "/users", "identity", Permission.USER_READ),
    PassedOn("POST", "/users", "identity", Permission.USER_WRITE),
    PassedOn("GET", "/users/{user_id}", "identity", Permission.USER_READ),
    PassedOn("PATCH", "/users/{user_id}", "identity", Permission.USER_WRITE),
    PassedOn("POST", "/users/{user_id}/role", "identity", Permission.USER_WRITE),
    PassedOn("POST", "/users/{user_id}/activate", "identity", Permission.USER_WRITE),
    PassedOn("POST", "/users/{user_id}/deactivate", "identity", Permission.USER_WRITE),
    PassedOn("GET", "/users/{user_id}/permissions", "identity", Permission.USER_READ),
    PassedOn("GET", "/invitations", "identity", Permission.USER_WRITE),
    PassedOn("POST", "/invitations", "identity", Permission.USER_WRITE),
    PassedOn("POST", "/invitations/{invitation_id}/resend", "identity", Permission.USER_WRITE),
    PassedOn("POST", "/invitations/{invitation_id}/withdraw", "identity", Permission.USER_WRITE),
    PassedOn("POST", "/invitations/show", "identity", Anybody.WITH_A_LINK),
    PassedOn("POST", "/invitations/accept", "identity", Anybody.WITH_A_LINK),
    PassedOn("POST", "/password-reset", "identity", Anybody.WITH_A_LINK),
    PassedOn("POST", "/password-reset/confirm", "identity", Anybody.WITH_A_LINK),
    PassedOn("GET", "/oidc-connections", "identity", Permission.HOTEL_WRITE),
    PassedOn("POST", "/oidc-connections", "identity", Permission.HOTEL_WRITE),
    PassedOn("GET", "/oidc-connections/{connection_id}", "identity", Permission.HOTEL_WRITE),
    PassedOn("PATCH", "/oidc-connections/{connection_id}", "identity", Permission.HOTEL_WRITE),
    PassedOn("DELETE", "/oidc-connections/{connection_id}", "identity", Permission.HOTEL_WRITE),
    PassedOn("POST", "/oidc-connections/{connection_id}/confirm-domains", "identity", Permission.HOTEL_WRITE),
    PassedOn("GET", "/guests", "identity", Permission.GUEST_READ),
    PassedOn("POST", "/guests", "identity", Permission.GUEST_WRITE),
    PassedOn("GET", "/guests/{guest_id}", "identity", Permission.GUEST_READ),
    PassedOn("PATCH", "/guests/{guest_id}", "identity", Permission.GUEST_WRITE),
    PassedOn("POST", "/guests/{guest_id}/contact", "identity", Permission.GUEST_WRITE),
    PassedOn("POST", "/guests/{guest_id}/status", "identity", Permission.GUEST_WRITE),
    PassedOn("POST", "/guests/{guest_id}/merge", "identity", Permission.GUEST_WRITE),
    PassedOn("GET", "/api-keys", "identity", Permission.API_KEY_READ),
    PassedOn("POST", "/api-keys", "identity", Permission.API_KEY_WRITE),
    PassedOn("GET", "/api-keys/{api_key_id}", "identity", Permission.API_KEY_READ),
    PassedOn("POST", "/api-keys/{api_key_id}/rotate", "identity", Permission.API_KEY_WRITE),
    PassedOn("POST", "/api-keys/{api_key_id}/revoke", "identity", Permission.API_KEY_WRITE),
    PassedOn("POST", "/hotels/{hotel_id}/impersonations", "identity", Permission.IMPERSONATION_START),
    PassedOn("GET", "/impersonations", "identity", Permission.IMPERSONATION_READ),
    PassedOn(
        "POST", "/hotels/{hotel_id}/impersonations/{impersonation_id}/end", "identity", Permission.IMPERSONATION_END
    ),
    PassedOn("GET", "/signing-keys", "identity", Permission.SIGNING_KEY_ROTATE),
    PassedOn("POST", "/signing-keys/rotate", "identity", Permission.SIGNING_KEY_ROTATE),
    PassedOn("POST", "/signing-keys/{kid}/withdraw", "identity", Permission.SIGNING_KEY_ROTATE),
    PassedOn("DELETE", "/guests/{guest_id}", "identity", Permission.GUEST_ERASE),
    PassedOn("GET", "/guests/{guest_id}/erasure", "identity", Permission.GUEST_ERASE),
    PassedOn("POST", "/guests/{guest_id}/export", "identity", Permission.GUEST_EXPORT),
    PassedOn("GET", "/guests/{guest_id}/export", "identity", Permission.GUEST_EXPORT),
    PassedOn("GET", "/guests/{guest_id}/export/archive", "identity", Permission.GUEST_EXPORT, streamed=True),
    PassedOn("GET", "/audit", "identity", Permission.AUDIT_READ),
    PassedOn("GET", "/audit/export", "identity", Permission.AUDIT_READ, streamed=True),
)


def demanded(permission: Permission | Anybody) -> Any:  # Any: what FastAPI's Depends returns
    """The dependency that holds a route to its permission."""
    match permission:
        case Permission():
            return Depends(may(permission))
        case Anybody.WITH_A_LINK:
            return Depends(public(permission.value))
        case _:
            return Depends(signed_in(enrolling=permission is Anybody.ENROLLING))


def answer_of(answer: httpx.Response, also: Sequence[str] = ()) -> Response:
    """The service's answer as the gateway's own, with the headers that every answer takes along and these."""
    return Response(answer.content, status_code=answer.status_code, headers=_sent_back(answer, also))


def _sent_back(answer: httpx.Response, also: Sequence[str] = ()) -> dict[str, str]:
    return {name: answer.headers[name] for name in (*SENT_BACK, *also) if name in answer.headers}


def sent_on(request: Request) -> dict[str, str]:
    """The request's headers as the service gets them."""
    return {name: request.headers[name] for name in SENT_ON if name in request.headers} | forwarded(request)


async def pass_on(
    request: Request,
    desk: Desk,
    service: str,
    path: str,
    also: Sequence[str] = (),
    more: Mapping[str, str] | None = None,
) -> Response:
    """Send the request to the service as it came, with the headers `more`; its answer goes back as it is, with the headers
    `also`, too.

    Raises:
        NotFound: the path leads elsewhere than it says.
    """
    answer = await desk.services.named(service).request(
        request.method,
        _as_it_came(path),
        headers=sent_on(request) | dict(more or {}),
        params=request.query_params.multi_items(),
        content=await request.body(),
    )
    return answer_of(answer, also)


async def stream_on(request: Request, desk: Desk, service: str, path: str) -> Response:
    """As `pass_on`, piece by piece. A service that ends in the middle ends the answer in the middle, and it shows.

    Raises:
        NotFound: the path leads elsewhere than it says.
    """
    answer = await desk.services.named(service).open(
        request.method,
        _as_it_came(path),
        headers=sent_on(request),
        params=request.query_params.multi_items(),
    )

    async def pieces() -> AsyncIterator[bytes]:
        try:
            async for piece in answer.aiter_bytes():
                yield piece
        finally:
            await answer.aclose()

    return StreamingResponse(pieces(), status_code=answer.status_code, headers=_sent_back(answer))


def _as_it_came(path: str) -> str:
    """A decoded path encoded again: what was `%3F` begins no query at the service, and `%2E%2E` leads to no other route."""
    if not {".", ".."}.isdisjoint(path.split("/")):
        raise NotFound
    return quote(path, safe="/:@!$&'()*+,;=~")


def _endpoint(route: PassedOn) -> Callable[[Request, Desk], Awaitable[Response]]:
    send = stream_on if route.streamed else pass_on

    async def endpoint(request: Request, desk: Desk) -> Response:
        return await send(request, desk, route.service, request.scope["path"].removeprefix("/api"))

    return endpoint


router = edge_router("/api")
for route in ROUTES:
    router.add_api_route(
        route.path,
        _endpoint(route),
        methods=[route.method],
        tags=[route.service],
        name=f"{route.method} {route.path}",
        operation_id=f"pass_on {route.method} {route.path}",
        dependencies=[demanded(route.permission)],
        include_in_schema=False,  # documented by the owning service; `gateway.openapi` puts all documents together
    )
