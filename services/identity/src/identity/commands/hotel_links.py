"""Which organisation of Clerk a hotel is: its people sign in there. One hotel an organisation, one organisation a hotel."""

from typing import Annotated

from pydantic import Field
from sqlalchemy.exc import IntegrityError

from contracts.ids import HotelId
from identity.domain.hotels import HotelDeleted, HotelLinked, OrganisationLinked
from identity.tables import HotelRow
from servicekit import Command, Transaction, check_version

OrganisationId = Annotated[
    str,
    Field(pattern=r"^org_[A-Za-z0-9]{1,60}$", description="as Clerk names it", examples=["org_2abcDEF3ghiJKL4mno"]),
]


class LinkClerkOrganisation(Command):
    """Link a hotel to an organisation of Clerk."""

    organisation_id: OrganisationId


async def link_clerk_organisation(
    hotel_id: HotelId, command: LinkClerkOrganisation, if_match: int | None, tx: Transaction
) -> HotelRow:
    """Link the hotel. The same again changes nothing.

    Raises:
        OrganisationLinked: the organisation is another hotel's.
        HotelLinked: the hotel has another organisation; unlink that first.
        HotelDeleted: the hotel is deleted.
        PreconditionFailed: somebody else changed the hotel since.
    """
    row = await tx.lock(HotelRow, hotel_id)
    check_version(row, if_match)
    if row.deleted_at is not None:
        raise HotelDeleted
    if row.clerk_organisation_id == command.organisation_id:
        return row
    if row.clerk_organisation_id is not None:
        raise HotelLinked
    return await _become(row, command.organisation_id, "hotel.link_clerk_organisation", tx)


async def unlink_clerk_organisation(hotel_id: HotelId, if_match: int | None, tx: Transaction) -> HotelRow:
    """Take the link away; there being none changes nothing.

    Raises:
        PreconditionFailed: somebody else changed the hotel since.
    """
    row = await tx.lock(HotelRow, hotel_id)
    check_version(row, if_match)
    if row.clerk_organisation_id is None:
        return row
    return await _become(row, None, "hotel.unlink_clerk_organisation", tx)


async def _become(row: HotelRow, organisation_id: str | None, action: str, tx: Transaction) -> HotelRow:
    row.clerk_organisation_id = organisation_id
    row.version += 1
    try:
        await tx.flush()
    except IntegrityError as error:
        if "hotels_clerk_organisation_key" in str(error.orig):
            raise OrganisationLinked(pointer="/organisation_id") from None
        raise
    tx.publish(row.updated(), hotel_id=row.id)
    tx.audit(action, "hotel", row.id)
    return row
