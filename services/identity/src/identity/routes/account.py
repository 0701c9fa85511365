"""One's own account: who am I, where am I signed in, another password."""

from typing import Annotated

from fastapi import Depends

from contracts.errors import NotFound
from contracts.ids import SessionId
from identity.commands.sessions import (
    ChangePassword,
    change_password,
    end_session,
    revoke_all_sessions,
    revoke_other_sessions,
)
from identity.domain.passwords import WeakPassword
from identity.domain.sessions import WrongPassword
from identity.queries.sessions import Sessions, open_sessions
from identity.queries.users import Me, me
from identity.resources import resources_of
from identity.routes.scopes import OwnTx, own_id
from identity.settings import settings_of
from servicekit import Actor, Rt, Runtime, edge_router, problems, signed_in
from servicekit.problems import TooManyRequests

router = edge_router(tags=["own account"])
SignedIn = Annotated[Actor, Depends(signed_in())]
Enrolling = Annotated[Actor, Depends(signed_in(enrolling=True))]
"""Open also to whoever can only set up a second factor yet."""


@router.get("/me", responses=problems(NotFound))
async def me_route(actor: Enrolling, tx: OwnTx) -> Me:
    """Who is signed in, where, and what they may do."""
    return await me(own_id(actor), tx)


@router.post("/me/password", status_code=204, responses=problems(WrongPassword, WeakPassword, TooManyRequests))
async def change_password_route(command: ChangePassword, actor: SignedIn, rt: Rt, tx: OwnTx) -> None:
    """Choose another password. Every session ends, this one too: sign in with the new one."""
    await check_password_limit(actor, rt)
    kept = resources_of(rt)
    await change_password(own_id(actor), command, kept.passwords, kept.vault, tx)


@router.get("/me/sessions")
async def sessions_route(actor: SignedIn, tx: OwnTx) -> Sessions:
    """Where I am signed in, in every hotel; from a session that a hotel's own connection opened, in that one."""
    return await open_sessions(own_id(actor), actor.sid, tx)


@router.delete("/me/sessions/{session_id}", status_code=204, responses=problems(NotFound))
async def end_session_route(session_id: SessionId, actor: SignedIn, tx: OwnTx) -> None:
    """Sign out there. Its tokens are refused everywhere within seconds."""
    await end_session(session_id, own_id(actor), actor.sid, tx)


@router.post("/me/sessions/revoke-others", status_code=204)
async def revoke_others_route(actor: SignedIn, tx: OwnTx) -> None:
    """Sign out everywhere but here; from a session that a hotel's own connection opened, everywhere in that hotel."""
    await revoke_other_sessions(own_id(actor), actor.sid, tx)


@router.post("/me/sessions/revoke-all", status_code=204)
async def revoke_all_route(actor: SignedIn, tx: OwnTx) -> None:
    """Sign out everywhere, here too; from a session that a hotel's own connection opened, everywhere in that hotel."""
    await revoke_all_sessions(own_id(actor), actor.sid, tx)


async def check_password_limit(actor: Actor, rt: Runtime) -> None:
    """One count for all that takes the present password of somebody who is signed in.

    Raises:
        TooManyRequests: over the limit.
    """
    await rt.limits.check(settings_of(rt).sign_in_limit, "own-password", actor.key)
