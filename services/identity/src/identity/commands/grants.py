"""What giving and taking stand on: what the actor may do now, what a role brings, and how many admins stay.

Everything here runs while the hotel is held, so that who works there, in which role, and what that role brings change one
at a time: two admins cannot remove each other, and nobody gives a role while it is being widened or deleted.
"""

from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from contracts.actor import ActorKind
from contracts.errors import NotFound
from contracts.ids import UserId
from contracts.permissions import Permission
from contracts.statuses import HotelStatus, MembershipStatus, UserStatus
from identity.domain.hotels import HotelDeleted
from identity.domain.members import AccountDeleted, AlreadyMember, HotelRole, check_admins_remain
from identity.domain.roles import GRANTABLE, UnknownRole, check_within
from identity.holdings import has_role, permissions_of_member, role_permissions
from identity.tables import HotelRow, MembershipRow, UserRow
from servicekit import Transaction

_HOLD = text("select id from hotels where id = :hotel_id for no key update")


async def hold_hotel(hotel_id: UUID, tx: Transaction) -> None:
    """Hold the hotel until the commit. Sign-ins pass by: they hold its key alone.

    Raises:
        NotFound: there is no such hotel.
    """
    if await tx.scalar(_HOLD, {"hotel_id": hotel_id}) is None:
        raise NotFound("No such hotel")


async def hold_open_hotel(hotel_id: UUID, tx: Transaction) -> HotelRow:
    """As `hold_hotel`, for a hotel that takes people. The hotel.

    Raises:
        NotFound: there is no such hotel.
        HotelDeleted: it is deleted.
    """
    await hold_hotel(hotel_id, tx)
    row = await tx.get(HotelRow, hotel_id)
    if row.status == HotelStatus.DELETED:
        raise HotelDeleted
    return row


async def actor_permissions(tx: Transaction) -> frozenset[Permission]:
    """What the actor may do in the transaction's hotel at this moment, at most what their token says.

    The service itself (demo data, operators) stands for an admin, and so do the platform's own people.
    """
    actor = tx.actor
    if actor.kind is ActorKind.SERVICE and actor.subject == tx.service:
        return GRANTABLE
    said = frozenset(permission for permission in GRANTABLE if actor.may(permission))
    if actor.kind is not ActorKind.USER or actor.is_superadmin:
        return said
    assert actor.id is not None
    return said & await permissions_of_member(actor.id, tx)


async def check_gives(role: str, tx: Transaction, *, before: str | None = None) -> None:
    """The actor may put somebody into `role`, who is in `before` now.

    Raises:
        UnknownRole: the hotel has no such role; points at `/role`.
        BeyondOwnPermissions: one of the roles brings more than the actor has.
    """
    if not await has_role(role, tx):
        raise UnknownRole(pointer="/role")
    had = frozenset[Permission]() if before is None else await role_permissions(before, tx)
    check_within(await actor_permissions(tx), had, await role_permissions(role, tx))


async def check_takes(role: str, tx: Transaction) -> None:
    """The actor may end somebody's work in `role`.

    Raises:
        BeyondOwnPermissions: they may do more than the actor.
    """
    check_within(await actor_permissions(tx), await role_permissions(role, tx))


async def check_last_admin(row: MembershipRow, to: str | None, tx: Transaction) -> None:
    """The locked member may become `to` (None: leaves), as far as the hotel's admins go. A deleted hotel, which takes nobody,
    holds nobody back either: whoever restores it invites an admin.

    Raises:
        LastAdmin: nobody would be left to run the hotel.
    """
    status = await tx.scalar(select(col(HotelRow.status)).where(col(HotelRow.id) == row.hotel_id))
    if status == HotelStatus.DELETED:
        return
    others = (
        select(func.count())
        .select_from(MembershipRow)
        .join(UserRow, col(UserRow.id) == col(MembershipRow.user_id))
        .where(
            col(MembershipRow.hotel_id) == row.hotel_id,
            col(MembershipRow.user_id) != row.user_id,
            col(MembershipRow.role) == HotelRole.ADMIN,
            col(MembershipRow.status) == MembershipStatus.ACTIVE,
            col(UserRow.status) == UserStatus.ACTIVE,
        )
    )
    check_admins_remain(row.role, to, await tx.scalar(others))


async def check_account_lives(user_id: UserId, tx: Transaction) -> None:
    """The account of a member was not deleted. Asked after the membership was written or locked.

    Raises:
        AccountDeleted: it was.
    """
    status = await tx.scalar(select(col(UserRow.status)).where(col(UserRow.id) == user_id))
    if status in (None, UserStatus.DELETED):
        raise AccountDeleted


async def grant_membership(
    user_id: UserId, role: str, name: str, languages: list[str], tx: Transaction
) -> MembershipRow:
    """Write and tell that an account works for the transaction's hotel, which is held. Who may give the role was checked.

    Raises:
        AlreadyMember: somebody was faster.
        AccountDeleted: it was deleted meanwhile.
    """
    row = MembershipRow(
        user_id=user_id,
        display_name=name,
        role=role,
        languages=languages,
        changed_at=tx.moment(),
    )
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError:
        raise AlreadyMember from None
    await check_account_lives(user_id, tx)
    tx.publish(row.granted(), hotel_id=row.hotel_id)
    return row
