"""Transactions of routes that serve a hotel's people and the platform's operators alike, or somebody's own account."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Request

from contracts.errors import NotFound
from contracts.ids import UserId
from servicekit import Actor, Transaction, open_transaction
from servicekit.access import NoHotel, current_actor

Caller = Annotated[Actor, Depends(current_actor)]


async def _hotel_or_platform(request: Request, actor: Caller) -> AsyncGenerator[Transaction]:
    if actor.hotel_id is None and not actor.is_superadmin:
        raise NoHotel
    async with open_transaction(request, actor.hotel_id, platform=actor.hotel_id is None, actor=actor) as tx:
        yield tx


async def _own_account(request: Request, actor: Caller) -> AsyncGenerator[Transaction]:
    if actor.id is None:
        raise NotFound("No such user")
    async with open_transaction(request, actor.hotel_id, actor=actor) as tx:
        yield tx


def own_id(actor: Actor) -> UserId:
    """The account of somebody who is `signed_in`, which lets users in alone."""
    assert actor.id is not None
    return UserId(actor.id)


AnyTx = Annotated[Transaction, Depends(_hotel_or_platform, scope="function")]
"""The hotel of the caller's token; every hotel for a superadmin (platform scope, audited)."""
OwnTx = Annotated[Transaction, Depends(_own_account, scope="function")]
"""For what people do with their own account: the hotel of their token, if it names one, and never the platform scope."""
