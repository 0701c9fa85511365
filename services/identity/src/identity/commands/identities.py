"""One's own identities, the sign-ins at issuers that open one's account: linked and taken away."""

from typing import Annotated
from uuid import UUID

from pydantic import Field
from sqlalchemy.exc import IntegrityError

from contracts.errors import Conflict, NotFound
from contracts.ids import SessionId, UserId
from identity.accounts import account_scope, is_confined
from identity.adapters.hashing import Passwords
from identity.commands.accounts import Password
from identity.commands.oidc import account_of_identity, note_identity
from identity.commands.proof import check_owner
from identity.commands.second_factor import Given, check_second_factor
from identity.domain.oidc import Assertion, NotAdmitted, Trust
from identity.domain.second_factor import SecondFactorRefused
from identity.domain.sessions import SessionConfined, SessionOver
from identity.tables import SessionRow, UserRow
from identity.tables_oidc import OidcIdentityRow
from servicekit import Command, Transaction
from servicekit.vault import Vault


class IdentityTaken(Conflict):
    """An identity belongs to one account."""

    slug, title = "identity-taken", "This sign-in belongs to another account already"


class LinkIdentity(Command):
    """Link a sign-in at an issuer to one's account."""

    connection_id: UUID
    return_to: Annotated[str, Field(max_length=1000, description="a page of the dashboard")] = "/"
    current_password: Annotated[
        Password | None,
        Field(
            description="without it, the session must come of `GET /oidc/{connection_id}/start?fresh=true` in the last"
            " ten minutes"
        ),
    ] = None
    second_factor: Annotated[Given | None, Field(description="where the account has one")] = None


async def check_may_link(user_id: UserId, sid: SessionId | None, tx: Transaction) -> None:
    """Identities are linked in a session that goes on and that no hotel's own connection opened: what is linked opens the
    account for good, in every hotel.

    Raises:
        SessionOver: it is over, or the token is of none.
        SessionConfined: a hotel's own issuer opened it.
    """
    async with account_scope(tx, user_id):
        session = None if sid is None else await tx.find(SessionRow, sid)
    if session is None or session.ended_at is not None or session.expires_at <= tx.now:
        raise SessionOver
    if session.confined:
        raise SessionConfined


async def check_owner_links(
    user_id: UserId, command: LinkIdentity, sid: SessionId | None, hasher: Passwords, vault: Vault, tx: Transaction
) -> SecondFactorRefused | None:
    """Whoever begins to link is the account's owner, by more than a session: a thief would keep what they link when that is
    over. A refusal of the second factor must be committed: it was counted.

    Raises:
        WrongPassword: the current password is wrong.
        FreshSignInNeeded: there is none, and nothing that stands in for it.
    """
    async with account_scope(tx, user_id):
        await tx.lock(UserRow, user_id)
        await check_owner(user_id, command.current_password, sid, hasher, tx)
        return await check_second_factor(user_id, command.second_factor, vault, tx)


async def link_identity(
    user_id: UserId, sid: SessionId | None, assertion: Assertion, trust: Trust, tx: Transaction
) -> None:
    """Link an identity to the account of somebody who is signed in and has just proved to be both.

    Raises:
        SessionOver, SessionConfined: as `check_may_link`; minutes passed at the issuer.
        IdentityTaken: it is another account's.
        NotAdmitted: an account of the platform's own people, by a hotel's connection.
    """
    owner = await account_of_identity(assertion, tx)
    if owner is not None and owner != user_id:
        raise IdentityTaken
    async with account_scope(tx, user_id):
        user = await tx.lock(UserRow, user_id)
        if not trust.opens(superadmin=user.superadmin):
            raise NotAdmitted
    await check_may_link(user_id, sid, tx)  # under the lock: who ends the session, or the account, has waited
    async with account_scope(tx, user_id):
        try:
            await note_identity(user_id, assertion, tx, known=owner is not None)
        except IntegrityError:
            raise IdentityTaken from None


async def unlink_identity(identity_id: UUID, user_id: UserId, sid: SessionId | None, tx: Transaction) -> None:
    """Take one of one's own identities away: that sign-in opens the account no longer.

    Raises:
        SessionConfined: a hotel's own issuer opened the session `sid`; it does not decide how the account is opened.
        NotFound: the account has no such identity.
    """
    async with account_scope(tx, user_id):
        await tx.lock(UserRow, user_id)
        if await is_confined(sid, tx):
            raise SessionConfined
        row = await tx.find_locked(OidcIdentityRow, identity_id)
        if row is None:
            raise NotFound("No such identity")
        await tx.delete(row)
    tx.audit("identity.unlink", "user", user_id)
