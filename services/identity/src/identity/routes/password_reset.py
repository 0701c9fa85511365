"""A password that was forgotten: asked for by address, chosen anew with the link of the mail."""

import hashlib
from typing import Any

from fastapi import Depends, Request

from identity.commands.passwords import (
    ConfirmPasswordReset,
    RequestPasswordReset,
    account_of_reset,
    confirm_reset,
    owner,
    request_reset,
)
from identity.domain.links import LinkVoid
from identity.domain.passwords import WeakPassword
from identity.resources import resources_of
from identity.routes.invitations import limit_links
from identity.settings import settings_of
from servicekit import Rt, edge_router, problems, public
from servicekit.problems import TooManyRequests

OPEN = Depends(public("whoever forgot the password has no token; the mail proves who they are"))
NOTHING: dict[str, Any] = {"content": {"application/json": {"schema": {"type": "null"}}}}  # Any: OpenAPI
router = edge_router("/password-reset", tags=["sign-in"], dependencies=[OPEN])


@router.post("", status_code=202, responses={202: NOTHING, **problems(TooManyRequests)})
async def request_reset_route(command: RequestPasswordReset, request: Request, rt: Rt) -> None:
    """Ask for a link to choose a new password. The answer is the same, in the same time, whether or not the address has
    an account: that is looked at afterwards."""
    await limit_links(request, rt)
    settings = settings_of(rt)
    address = hashlib.sha256(command.email.encode()).hexdigest()
    await rt.limits.check(settings.mail_limit, "reset-mails", address)
    async with rt.db.transaction(None) as tx:
        await request_reset(command, settings.reset_lasts, resources_of(rt).vault, tx)


@router.post("/confirm", status_code=204, responses=problems(LinkVoid, WeakPassword, TooManyRequests))
async def confirm_reset_route(command: ConfirmPasswordReset, request: Request, rt: Rt) -> None:
    """Choose a new password. Every session ends; a second factor stays. A link works once, and the newest alone."""
    await limit_links(request, rt)
    async with rt.db.transaction(None, read_only=True) as tx:
        user_id = await account_of_reset(command.token, tx)
    if user_id is None:
        raise LinkVoid
    kept = resources_of(rt)
    async with rt.db.transaction(None, actor=owner(user_id)) as tx:
        await confirm_reset(user_id, command, kept.passwords, kept.vault, tx)
