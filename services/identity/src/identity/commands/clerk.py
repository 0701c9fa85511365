"""Sync from Clerk: what its webhooks say becomes accounts and memberships. The rules are the domain's.

Two steps, each a transaction. `take_in` keeps what an event says of one object, and changes the account of a user; one
delivery at a time does so. `carry_out` gives one person the role in one hotel that all that is known of them there comes
to; what cannot be carried out yet, since hotel or person are not known, stays pending and is tried again.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, update

from contracts.errors import Conflict
from contracts.ids import HotelId, UserId
from contracts.statuses import USER_MOVES, UserStatus, move
from identity.accounts import account_of_email
from identity.adapters.hashing import Passwords
from identity.commands.accounts import create_account, end_sessions
from identity.commands.joining import set_membership
from identity.commands.oidc import unguessable
from identity.domain.clerk import Fact, ObjectKind, Rank, Word, role_wanted
from identity.domain.members import HotelRole
from identity.domain.sessions import EndReason
from identity.tables import UserRow
from identity.tables_clerk import ClerkDeliveryRow, ClerkObjectRow
from servicekit import Transaction

CLERK_LOCK = 4_202_011
"""Advisory lock: one delivery is taken in at a time, so that none overtakes another on the way into the database."""
_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(:key)").bindparams(key=CLERK_LOCK)
_PENDING = text(
    """
    select distinct h.id as hotel_id, u.account_id
    from clerk_objects m
    join hotels h on h.clerk_organisation_id = m.organisation_id
    join clerk_objects u on u.kind = 'user' and u.clerk_id = m.user_id
    where m.pending and u.account_id is not null
      and (cast(:organisation as text) is null or m.organisation_id = :organisation)
      and (cast(:user as text) is null or m.user_id = :user)
    order by h.id, u.account_id
    limit 200
    """
)
_WORDS = text(
    """
    select m.clerk_id, m.changed_ms, m.sent_ms, m.digest, m.role,
           m.deleted or u.deleted or coalesce(o.deleted, false) as gone
    from clerk_objects m
    join hotels h on h.clerk_organisation_id = m.organisation_id and h.id = :hotel_id
    join clerk_objects u on u.kind = 'user' and u.clerk_id = m.user_id and u.account_id = :account_id
    left join clerk_objects o on o.kind = 'organization' and o.clerk_id = m.organisation_id
    where m.kind = 'organizationMembership'
    order by m.clerk_id
    for update of m
    """
)


class ClerkAddressTaken(Conflict):
    """Another of Clerk's people has the address at present. Svix sends again, and by then they may have given it up."""

    slug, title = "clerk-address-taken", "Another person has this address at present; send again"


async def take_in(svix_id: str, fact: Fact | None, hasher: Passwords, tx: Transaction) -> bool:
    """Keep what a delivery says, unless it came before or something newer did. Whether anything changed. Platform scope.

    Raises:
        ClerkAddressTaken: it cannot be kept yet; nothing is, not that it came.
    """
    await tx.execute(_ONE_AT_A_TIME)
    seen = insert(ClerkDeliveryRow).values(svix_id=svix_id, received_at=tx.now).on_conflict_do_nothing()
    if await tx.scalar(seen.returning(col(ClerkDeliveryRow.svix_id))) is None or fact is None:
        return False
    row = await tx.find_locked(ClerkObjectRow, (fact.kind, fact.clerk_id))
    if row is not None and fact.rank <= row.rank:
        return False
    if row is None:
        row = ClerkObjectRow(kind=fact.kind, clerk_id=fact.clerk_id)
        tx.add(row)
    row.deleted, row.changed_ms, row.sent_ms, row.digest = fact.rank
    match fact.kind:
        case ObjectKind.MEMBERSHIP:
            row.organisation_id, row.user_id, row.role, row.pending = (
                fact.organisation_id,
                fact.user_id,
                fact.role,
                True,
            )
        case ObjectKind.ORGANISATION:
            if row.deleted:
                await _look_again(col(ClerkObjectRow.organisation_id) == fact.clerk_id, tx)
        case ObjectKind.USER:
            former = row.account_id
            await (_forget_user(row, tx) if row.deleted else _keep_user(row, fact, hasher, tx))
            if row.deleted or row.account_id != former:
                await _look_again(col(ClerkObjectRow.user_id) == fact.clerk_id, tx)
    tx.audit("clerk.sync", "clerk_object", fact.clerk_id)
    return True


async def pending(tx: Transaction, organisation: str | None = None, user: str | None = None) -> list[tuple[UUID, UUID]]:
    """Whose memberships are to be looked at, as hotel and account: all, or of one organisation or user. Platform scope."""
    found = await tx.execute(_PENDING, {"organisation": organisation, "user": user})
    return [(row.hotel_id, row.account_id) for row in found]


async def carry_out(hotel_id: HotelId, account_id: UUID, roles: Mapping[str, HotelRole], tx: Transaction) -> None:
    """Give the account the role in the hotel that Clerk's word comes to, or take it away. Platform scope, in that hotel."""
    await tx.execute(_ONE_AT_A_TIME)  # before the hotel, as nobody does who locks it after
    words = (await tx.execute(_WORDS, {"hotel_id": hotel_id, "account_id": account_id})).all()
    said = [
        Word(Rank(row.gone, row.changed_ms, row.sent_ms, row.digest), None if row.gone else row.role) for row in words
    ]
    await set_membership(hotel_id, UserId(account_id), role_wanted(said, roles), tx)
    done = (
        col(ClerkObjectRow.kind) == ObjectKind.MEMBERSHIP,
        col(ClerkObjectRow.clerk_id).in_([row.clerk_id for row in words]),
    )
    await tx.execute(update(ClerkObjectRow).where(*done).values(pending=False))


async def forget_deliveries(before: datetime, tx: Transaction) -> None:
    """Delete the ids of deliveries that came before that moment: Svix sends none again. Platform scope."""
    await tx.execute(text("delete from clerk_deliveries where received_at < :before"), {"before": before})


async def _keep_user(row: ClerkObjectRow, fact: Fact, hasher: Passwords, tx: Transaction) -> None:
    """The account of a user of Clerk's: found by its link, else by the address that Clerk verified, else made."""
    if row.account_id is not None:
        await _follow(row.account_id, fact, tx)
        return
    if fact.email is None:
        return  # nobody knows yet whose it is
    known = await account_of_email(tx, fact.email)
    if known is None:
        user = await create_account(unguessable(fact.email, fact.name), tx, hasher)
        row.managed = True
    else:
        user = await tx.lock(UserRow, known)
        if user.superadmin:
            return  # the platform's own people are nobody else's to keep
        await _inherit(row, user, tx)
    user.clerk_id, row.account_id = fact.clerk_id, user.id
    await tx.flush()


async def _inherit(row: ClerkObjectRow, user: UserRow, tx: Transaction) -> None:
    """Take over an account from a user whom Clerk has deleted, switched on again if it was off for that alone.

    Raises:
        ClerkAddressTaken: that user is not deleted.
    """
    if user.clerk_id is None:
        return
    former = await tx.find_locked(ClerkObjectRow, (ObjectKind.USER, user.clerk_id))
    if former is not None and not former.deleted:
        raise ClerkAddressTaken
    if former is not None and former.managed:
        row.managed = True
        if user.status == UserStatus.INACTIVE:
            user.status = move(USER_MOVES, UserStatus(user.status), UserStatus.ACTIVE)
            _changed(user, tx)
            tx.audit("account.activate", "user", user.id)


async def _follow(account_id: UUID, fact: Fact, tx: Transaction) -> None:
    user = await tx.lock(UserRow, account_id)
    if user.status == UserStatus.DELETED:
        return  # deleted here; Clerk's word makes nobody of it again
    email, name = fact.email or user.email, fact.name or user.name
    if (email, name) == (user.email, user.name):
        return
    if email != user.email and await account_of_email(tx, email) is not None:
        raise ClerkAddressTaken
    user.email, user.name = email, name
    _changed(user, tx)
    tx.audit("account.update", "user", user.id)


async def _forget_user(row: ClerkObjectRow, tx: Transaction) -> None:
    """An account that was made for the user is switched off; another lives on without Clerk."""
    if row.account_id is None:
        return
    user = await tx.lock(UserRow, row.account_id)
    if not row.managed:
        user.clerk_id = None
        return
    if user.status != UserStatus.ACTIVE:
        row.managed = False  # somebody else switched it off, and nobody but them switches it on
        return
    user.status = move(USER_MOVES, UserStatus(user.status), UserStatus.INACTIVE)
    _changed(user, tx)
    await end_sessions(user, EndReason.ACCESS_REMOVED, tx)
    tx.audit("account.deactivate", "user", user.id)


async def _look_again(which: object, tx: Transaction) -> None:
    members = col(ClerkObjectRow.kind) == ObjectKind.MEMBERSHIP
    await tx.execute(update(ClerkObjectRow).where(members, which).values(pending=True))  # type: ignore[arg-type]  # a column's comparison


def _changed(user: UserRow, tx: Transaction) -> None:
    user.version, user.updated_at = user.version + 1, tx.now
    tx.publish(user.updated())
