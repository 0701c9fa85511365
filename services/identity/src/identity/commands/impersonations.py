"""Impersonation: begun by the platform's people, seen by the hotel, ended by either."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import text
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.ids import HotelId, ImpersonationId, UserId
from contracts.statuses import HotelStatus, MembershipStatus
from identity.accounts import Access, access_of
from identity.domain.hotels import HotelSuspended
from identity.domain.impersonation import (
    DEFAULT_MINUTES,
    LONGEST_MINUTES,
    NotActiveMember,
    OwnPlace,
    SecondFactorNeeded,
)
from identity.tables import HotelRow, MembershipRow
from identity.tables_access import ImpersonationRow
from identity.tables_second_factor import TotpRow
from servicekit import Command, Transaction
from servicekit.commands import AsNumber

_HOTEL_HELD = text("select from hotels where id = :hotel_id for key share")


class StartImpersonation(Command):
    """Act in a member's place for some minutes."""

    user_id: UserId
    reason: Annotated[str, Field(min_length=3, max_length=500, description="shown to the hotel's admins")]
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES), AsNumber] = DEFAULT_MINUTES


@dataclass(frozen=True, slots=True)
class Begun:
    """An impersonation, and what the member may do."""

    row: ImpersonationRow
    access: Access


async def start_impersonation(command: StartImpersonation, tx: Transaction) -> Begun:
    """Begin, in the transaction's hotel, which is told. Platform scope.

    Raises:
        SecondFactorNeeded: the superadmin's account has none.
        NotFound: there is no such hotel.
        NotActiveMember: they never worked here, left, or their account is switched off.
        OwnPlace: it is the superadmin's own membership.
        HotelSuspended: no token holds there at present.
    """
    assert tx.hotel_id is not None
    assert tx.actor.id is not None
    await tx.execute(_HOTEL_HELD, {"hotel_id": tx.hotel_id})
    hotel = await tx.get(HotelRow, tx.hotel_id)
    factor = await tx.find(TotpRow, tx.actor.id)
    if factor is None or factor.confirmed_at is None:
        raise SecondFactorNeeded
    if command.user_id == tx.actor.id:
        raise OwnPlace(pointer="/user_id")
    # Held until the commit: who changes their role or ends it denies tokens from before that moment.
    mine = col(MembershipRow.hotel_id) == tx.hotel_id, col(MembershipRow.user_id) == command.user_id
    status = await tx.scalar(select(col(MembershipRow.status)).where(*mine).with_for_update(read=True))
    access = await access_of(command.user_id, str(tx.hotel_id), tx)
    if status != MembershipStatus.ACTIVE or access is None or access.hotel is None:
        raise NotActiveMember(pointer="/user_id")
    if hotel.status != HotelStatus.ACTIVE:
        raise HotelSuspended
    row = ImpersonationRow(
        user_id=command.user_id,
        superadmin_id=tx.actor.id,
        reason=command.reason,
        started_at=tx.now,
        expires_at=tx.now + timedelta(minutes=command.minutes),
    )
    tx.add(row)
    await tx.flush()
    tx.publish(row.started())
    tx.audit("impersonation.start", "impersonation", row.id)
    return Begun(row, access)


async def end_impersonation(impersonation_id: ImpersonationId, hotel_id: HotelId, tx: Transaction) -> ImpersonationRow:
    """End it now: its token is refused within seconds. One that is over stays over.

    Raises:
        NotFound: the hotel has seen none of that id.
    """
    row = await tx.lock(ImpersonationRow, impersonation_id)
    if row.hotel_id != hotel_id:
        raise NotFound("No such impersonation")  # platform scope sees every hotel's
    if row.ended_at is not None or tx.now >= row.expires_at:
        return row
    row.ended_at, row.ended_by = tx.now, tx.actor.id
    row.version += 1
    tx.publish(row.ended(tx.now))
    await tx.flush()
    tx.audit("impersonation.end", "impersonation", row.id)
    return row
