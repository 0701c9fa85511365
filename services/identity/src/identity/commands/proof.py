"""What opens or ends an account for good takes more than a session, which somebody else may have got hold of: the password,
typed once more, or a moment ago a sign-in at an issuer that was asked for it."""

from pydantic import SecretStr

from contracts.ids import SessionId, UserId
from identity.adapters.hashing import Passwords
from identity.commands.accounts import check_password
from identity.domain.sessions import FreshSignInNeeded, check_fresh
from identity.tables import SessionRow
from servicekit import Transaction


async def check_owner(
    user_id: UserId, password: SecretStr | None, sid: SessionId | None, hasher: Passwords, tx: Transaction
) -> SessionRow | None:
    """Whoever asks is the owner of the locked account, by their password or by the session `sid`. The locked session, where
    that stood in for the password. In the account's scope.

    Raises:
        WrongPassword: the password is wrong.
        FreshSignInNeeded: there is none, and nothing that stands in for it.
    """
    if password is not None:
        await check_password(user_id, password, hasher, tx)
        return None
    session = None if sid is None else await tx.find_locked(SessionRow, sid)
    if session is None or session.ended_at is not None:
        raise FreshSignInNeeded
    check_fresh(session.reproved_at, tx.now)
    return session
