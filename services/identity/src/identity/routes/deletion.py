"""The end of one's own account. The route opens its own transaction: a refused code stays counted."""

from typing import Annotated

from fastapi import Depends

from identity.commands.accounts import OwnAccount
from identity.commands.deletion import DeleteOwnAccount, delete_own_account
from identity.domain.members import LastAdmin
from identity.domain.second_factor import SecondFactorLocked, WrongSecondFactor
from identity.domain.sessions import FreshSignInNeeded, SessionConfined, WrongPassword
from identity.resources import resources_of
from identity.routes.account import check_password_limit
from identity.routes.scopes import own_id
from servicekit import Actor, Rt, edge_router, problems, signed_in
from servicekit.problems import TooManyRequests

router = edge_router("/me", tags=["own account"])


@router.post(
    "/delete",
    status_code=204,
    responses=problems(
        WrongPassword,
        WrongSecondFactor,
        SecondFactorLocked,
        FreshSignInNeeded,
        SessionConfined,
        OwnAccount,
        LastAdmin,
        TooManyRequests,
    ),
)
async def delete_own_account_route(
    command: DeleteOwnAccount, actor: Annotated[Actor, Depends(signed_in())], rt: Rt
) -> None:
    """Delete my account for good, in every hotel, with the password and, where there is one, the second factor. Who signs
    in at an issuer and has no password signs in there anew first (`fresh=true`)."""
    await check_password_limit(actor, rt)
    kept = resources_of(rt)
    async with rt.db.transaction(actor.hotel_id, actor=actor) as tx:
        refused = await delete_own_account(own_id(actor), command, actor.sid, kept.passwords, kept.vault, tx)
    if refused is not None:
        raise refused if isinstance(refused, SecondFactorLocked) else WrongSecondFactor(pointer="/second_factor")
