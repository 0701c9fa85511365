"""One's own account: who am I, where am I signed in, another password."""

from typing import Annotated

from fastapi import Depends

from contracts.errors import NotFound
from contracts.ids import SessionId, UserId
from identity.commands.sessions import ChangePassword, change_password, end_session, revoke_all_sessions
from identity.domain.passwords import WeakPassword
from identity.domain.sessions import WrongPassword
from identity.queries.sessions import Sessions, open_sessions
from identity.queries.users import Me, me
from identity.resources import resources_of
from identity.routes.scopes import OwnTx
from identity.settings import settings_of
from servicekit import Actor, Rt, edge_router, problems, signed_in
from servicekit.problems import TooManyRequests

router = edge_router(tags=["own account"])
SignedIn = Annotated[Actor, Depends(signed_in())]


@router.get("/me", responses=problems(NotFound))
async def me_route(actor: SignedIn, tx: OwnTx) -> Me:
    """Who is signed in, where, and what they may do."""
    return await me(_own_id(actor), tx)


@router.post("/me/password", status_code=204, responses=problems(WrongPassword, WeakPassword, TooManyRequests))
async def change_password_route(command: ChangePassword, actor: SignedIn, rt: Rt, tx: OwnTx) -> None:
    """Choose another password. Every session ends, this one too: sign in with the new one."""
    await rt.limits.check(settings_of(rt).sign_in_limit, "change-password", actor.key)
    await change_password(_own_id(actor), command, resources_of(rt).passwords, tx)


@router.get("/sessions")
async def sessions_route(actor: SignedIn, tx: OwnTx) -> Sessions:
    """Where I am signed in, in every hotel."""
    return await open_sessions(_own_id(actor), actor.sid, tx)


@router.delete("/sessions/{session_id}", status_code=204, responses=problems(NotFound))
async def end_session_route(session_id: SessionId, actor: SignedIn, tx: OwnTx) -> None:
    """Sign out there. Its tokens are refused everywhere within seconds."""
    await end_session(session_id, _own_id(actor), tx)


@router.post("/sessions/revoke-all", status_code=204)
async def revoke_all_route(actor: SignedIn, tx: OwnTx) -> None:
    """Sign out everywhere, here too."""
    await revoke_all_sessions(_own_id(actor), tx)


def _own_id(actor: Actor) -> UserId:
    assert actor.id is not None  # signed_in() lets users in alone
    return UserId(actor.id)
