"""Walks over every route of every service, with the ids of one hotel and the token of another or the same."""

from collections.abc import Callable, Mapping
from uuid import uuid4

import httpx

from devstack.stack import Stack
from kit.hotels import Hotel, attempt, documents, own_token, sign_in
from kit.samples import Operation

BY_MAIL = ("/invitations/show", "/invitations/accept", "/password-reset", "/password-reset/confirm")
"""For whoever has the link of a mail, or asks for one: open to all."""
OPEN = {
    ("identity", "/tokens"),
    ("identity", "/tokens/refresh"),
    ("identity", "/tokens/revoke"),
    ("identity", "/tokens/api-key"),
    ("identity", "/tokens/oidc"),
    ("identity", "/oauth/token"),
    ("identity", "/webhooks/clerk"),
    ("gateway", "/webhooks/clerk"),
    ("identity", "/.well-known/jwks.json"),
    *((service, f"{prefix}{path}") for service, prefix in (("identity", ""), ("gateway", "/api")) for path in BY_MAIL),
    *(
        (service, f"{prefix}/oidc/{path}")
        for service, prefix in (("identity", ""), ("gateway", "/api"))
        for path in ("connections", "callback", "{connection_id}/start")
    ),
    *((service, f"/widget/{path}") for service in ("conversation", "gateway") for path in ("opening", "sessions")),
    ("gateway", "/api/session"),
    ("gateway", "/api/session/oidc"),
}
"""Ask for no token: for a password, a secret, a one-time code, a signature or a cookie, or are for everybody."""
COOKIE_ONLY = {("gateway", f"/api/session{more}") for more in ("", "/refresh", "/switch", "/oidc")}
"""These read cookies and no token; the session in the cookie names the hotel."""
OF_NOBODY_HERE = {
    "client_id": "the name of a program: ours at an issuer, or a service's here",
    "organisation_id": "an organisation at Clerk; superadmins link it",
    "version": "a number within an article, whose own id is tried",
    "clerk_id": "a person at Clerk",
}
"""What looks like an id and leads to no row of a hotel."""


def is_open(operation: Operation) -> bool:
    """Whether the route looks at no token."""
    return (operation.service, operation.path) in OPEN


def ids_of(hotel: Hotel, operation: Operation) -> dict[str, str]:
    """The hotel's ids by the names that this route has for them."""
    ids = dict(hotel.ids)
    if operation.path == "/tokens/switch":
        ids["hotel"] = ids["hotel_id"]
    for ends, name in (("/guests", "guest_id"), ("/users", "user_id"), ("/messages", "message_id")):
        if operation.path.endswith(ends):
            ids["id"] = ids[name]
    return ids


def made_up(operation: Operation, ids: Mapping[str, str]) -> dict[str, str]:
    """The same ids as nobody has them. A slug is no secret: the widget of a hotel's page says it."""
    invented = {name: str(uuid4()) for name in (*operation.parameters("path"), *ids) if name != "slug"}
    return invented | {"kid": "z" * 43, "role_name": f"role-{uuid4().hex[:8]}", "slug": ids["slug"]}


def told(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[int, str, list[str]]:
    """What an answer says apart from the ids that it was asked for: status, body, names of headers."""
    text = answer.text
    if answer.headers.get("content-type") == "application/problem+json":
        text = text.replace(answer.json()["trace_id"], "TRACE")
    for value in ids.values():
        text = text.replace(value, "ID")
    return answer.status_code, text, sorted(answer.headers)


async def ask(
    http: httpx.AsyncClient, stack: Stack, hotel: Hotel, operation: Operation, ids: Mapping[str, str]
) -> httpx.Response:
    """Call the route with the hotel's own token and these ids. Some routes end the session they are called with; then the
    admin signs in again, so that no route is spared by a token that no longer holds."""
    answer = await attempt(http, stack, operation, ids, own_token(operation, hotel))
    if answer.status_code == 401:
        await sign_in(http, stack, hotel)
        answer = await attempt(http, stack, operation, ids, own_token(operation, hotel))
    return answer


async def walk(
    stack: Stack, hotel: Hotel, ids: Callable[[Operation], Mapping[str, str]]
) -> list[tuple[Operation, httpx.Response]]:
    """Every route that looks at a token, called with the hotel's own and with these ids."""
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        return [
            (operation, await ask(http, stack, hotel, operation, ids(operation)))
            for operation in await documents(stack)
            if not is_open(operation) and (operation.service, operation.path) not in COOKIE_ONLY
        ]
