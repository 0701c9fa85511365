"""Impersonations, as the hotel's admins and the platform see them."""

from datetime import datetime

from pydantic import BaseModel, Field
from sqlmodel import col, select

from contracts.ids import HotelId, ImpersonationId, UserId
from identity.queries.cursors import after_id
from identity.tables_access import ImpersonationRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class ImpersonationView(BaseModel):
    """Who acted in whose place, why, and for how long."""

    id: ImpersonationId
    hotel_id: HotelId
    user_id: UserId = Field(description="the member")
    superadmin_id: UserId = Field(description="who of the platform acts")
    reason: str
    started_at: datetime
    expires_at: datetime
    ended_at: datetime | None = Field(description="when it was ended before it would have been over")
    ended_by: UserId | None
    active: bool

    @classmethod
    def of(cls, row: ImpersonationRow, now: datetime) -> "ImpersonationView":
        """The row's view at that moment."""
        active = row.ended_at is None and now < row.expires_at
        return cls.model_validate({**row.model_dump(), "active": active})


async def list_impersonations(page: PageRequest, tx: Transaction) -> Page[ImpersonationView]:
    """Every impersonation in the hotel, or in all of them in platform scope, newest first."""
    query = select(ImpersonationRow).order_by(col(ImpersonationRow.id).desc()).limit(page.limit + 1)
    before = after_id(page)
    if before is not None:
        query = query.where(col(ImpersonationRow.id) < before)
    rows: list[ImpersonationRow] = await tx.scalars(query)
    last = [row.id for row in rows[: page.limit][-1:]]
    return page.page([ImpersonationView.of(row, tx.now) for row in rows], *last)
