"""The end of one's own account: identity deletes it, and this browser keeps nothing of it."""

import contextlib

from fastapi import Depends, Request, Response

from contracts.errors import Unauthenticated
from gateway.adapters.sessions import SessionsUnavailable
from gateway.domain.cookie import COOKIE, DEVICE_COOKIE, session_in
from gateway.resources import Desk, Token
from gateway.routes.passing_on import pass_on
from servicekit import edge_router, signed_in

router = edge_router("/api/me", tags=["own account"])


@router.post("/delete", include_in_schema=False, dependencies=[Depends(signed_in())])
async def delete_own_account(request: Request, desk: Desk, token: Token) -> Response:
    """Passed on; once the account is gone, so are the session here and the browser's cookies."""
    answer = await pass_on(request, desk, "identity", "/me/delete")
    session_id = session_in(request.headers.get("cookie", ""))
    if answer.status_code == 204 and session_id is not None:
        # Its tokens are void already, whatever the store says; another account's session is left alone.
        with contextlib.suppress(Unauthenticated, SessionsUnavailable):
            if (await desk.sessions.get(session_id)).access_token != token:
                return answer
            await desk.sessions.delete(session_id)
        answer.delete_cookie(COOKIE, path="/api")
        answer.delete_cookie(DEVICE_COOKIE, path="/api/session")
    return answer
