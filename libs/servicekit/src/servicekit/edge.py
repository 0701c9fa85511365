"""The edge: one transaction per request, opened for the caller's hotel and committed before the answer is sent.

`Tx` has scope="function": FastAPI builds the response, then leaves the transaction (commit), then sends. So a failed
commit is a 5xx, never a sent 201.
"""

import email.message
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response, params
from fastapi.routing import APIRoute

from contracts.errors import Invalid, NotFound
from servicekit import idempotency
from servicekit.access import MissingPermission, NoHotel, current_actor
from servicekit.actor import Actor
from servicekit.commands import unstorable
from servicekit.problems import UnsupportedMedia
from servicekit.runtime import Rt, Runtime
from servicekit.transaction import Transaction

Caller = Annotated[Actor, Depends(current_actor)]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


@asynccontextmanager
async def open_transaction(
    request: Request, hotel_id: UUID | None, *, platform: bool = False, actor: Actor | None = None
) -> AsyncGenerator[Transaction]:
    """The transaction that `Tx` is, for a dependency of a service's own; it honours Idempotency-Key on POST."""
    rt: Runtime = request.app.state.runtime
    who = actor or await current_actor(request)
    async with rt.db.transaction(hotel_id, actor=who, platform=platform) as tx:
        if request.method == "POST":
            taken = await idempotency.claim(request, tx, who)
            if taken is not None:
                request.state.idempotency = (tx, taken)
        yield tx
    if rt.replica_database is not None:
        await rt.recent_writes.note(who.key)


async def _transaction(request: Request, actor: Caller) -> AsyncIterator[Transaction]:
    if actor.hotel_id is None:
        raise NoHotel
    async with open_transaction(request, actor.hotel_id, actor=actor) as tx:
        yield tx


async def _hotel_transaction(
    request: Request, actor: Caller, hotel_id: Annotated[UUID, Path()]
) -> AsyncIterator[Transaction]:
    if actor.hotel_id is None and not actor.is_superadmin:
        raise NoHotel
    if actor.hotel_id is not None and actor.hotel_id != hotel_id:
        raise NotFound("No such hotel")
    async with open_transaction(request, hotel_id, platform=actor.hotel_id is None, actor=actor) as tx:
        yield tx


async def _platform_transaction(request: Request, actor: Caller) -> AsyncIterator[Transaction]:
    if not actor.is_superadmin:
        raise MissingPermission("only the platform's own people do this")
    async with open_transaction(request, None, platform=True, actor=actor) as tx:
        yield tx


async def _read_transaction(actor: Caller, rt: Rt) -> AsyncIterator[Transaction]:
    if actor.hotel_id is None:
        raise NoHotel
    replica = rt.replica_database
    database = rt.db if replica is None or await rt.recent_writes.has(actor.key) else replica
    async with database.transaction(actor.hotel_id, actor=actor, read_only=True) as tx:
        yield tx


Tx = Annotated[Transaction, Depends(_transaction, scope="function")]
"""The request's transaction, in the hotel that the caller's token names."""
HotelTx = Annotated[Transaction, Depends(_hotel_transaction, scope="function")]
"""As `Tx`, in the hotel `{hotel_id}` of the path: the caller's own, or any for a superadmin (platform scope, audited)."""
PlatformTx = Annotated[Transaction, Depends(_platform_transaction, scope="function")]
"""All hotels; superadmins only, logged and audited."""
ReadTx = Annotated[Transaction, Depends(_read_transaction, scope="function")]
"""A read-only transaction, on the replica where there is one, unless the caller has written a moment ago."""


class EdgeRoute(APIRoute):
    """A route that refuses bodies it cannot store, and keeps finished answers for their Idempotency-Key."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler, between the checks and the keeping."""
        inner = super().get_route_handler()
        has_body = self.body_field is not None
        is_form = self.body_field is not None and isinstance(self.body_field.field_info, params.Form)

        async def handle(request: Request) -> Response:
            if has_body:
                await _check_body(request, is_form=is_form)
            try:
                response = await inner(request)
            except idempotency.Replay as replay:
                return replay.response
            kept: tuple[Transaction, idempotency.Claim] | None = getattr(request.state, "idempotency", None)
            if kept is not None:
                await idempotency.store(*kept, response)
            return response

        return handle


def edge_router(prefix: str = "", *, tags: list[str] | None = None, dependencies: list[Any] | None = None) -> APIRouter:
    """An APIRouter of EdgeRoutes: `router = edge_router("/escalations", tags=["escalations"])`.

    `dependencies` are those of every route, e.g. `[Depends(public("..."))]`. (Any: what FastAPI's Depends returns.)
    """
    return APIRouter(prefix=prefix, tags=[*(tags or [])], dependencies=dependencies, route_class=EdgeRoute)


async def _check_body(request: Request, *, is_form: bool) -> None:
    """Media type, and text that PostgreSQL keeps, before anything is parsed into models.

    Raises:
        UnsupportedMedia: neither JSON nor, where one is wanted, a form.
        Invalid: NUL or half a surrogate pair, with a pointer.
    """
    sent = request.headers.get("content-type")
    if sent is None:
        if await request.body():
            raise UnsupportedMedia("say Content-Type: application/json" if not is_form else "say what the body is")
        return
    message = email.message.Message()
    message["content-type"] = sent
    kind = message.get_content_type()
    if is_form:
        if kind not in ("application/x-www-form-urlencoded", "multipart/form-data"):
            raise UnsupportedMedia("this route reads a form")
        return
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMedia("this route reads application/json")
    body = await request.body()
    if b"\\u0000" in body or b"\\ud" in body.lower():
        try:
            found = unstorable(await request.json())
        except (ValueError, RecursionError):
            return  # FastAPI says what is wrong with it
        if found:
            at, why = found[0]
            raise Invalid(why, pointer="/" + "/".join(str(part) for part in at))
