"""Invitations as a hotel sees them: where each stands, and its last mail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import col, select

from contracts.ids import UserId
from identity.domain.links import InvitationStatus
from identity.domain.mail import MailStatus
from identity.queries.cursors import after_id
from identity.tables_mail import InvitationRow, MailRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class InvitationView(BaseModel):
    """Somebody who is asked to work for the hotel. The link is in their mail alone."""

    id: UUID
    email: str
    name: str
    role: str
    languages: list[str]
    status: InvitationStatus
    mail: MailStatus | None = Field(
        description="of the last mail: `refused` by the server, `given_up` after tries; null after 30 days"
    )
    expires_at: datetime
    invited_by: UserId | None
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: InvitationRow, mail: MailStatus | None, now: datetime) -> "InvitationView":
        """The view of a row."""
        shown = {name: getattr(row, name) for name in cls.model_fields.keys() - {"mail"}}
        return cls.model_validate({**shown, "status": row.state.at(now), "mail": mail})


_LAST_MAIL = (
    select(MailRow.status)
    .where(col(MailRow.about) == col(InvitationRow.id))
    .order_by(col(MailRow.id).desc())
    .limit(1)
    .correlate(InvitationRow)
    .scalar_subquery()
)


async def invitation_view(row: InvitationRow, tx: Transaction) -> InvitationView:
    """The view of an invitation."""
    found = select(_LAST_MAIL).select_from(InvitationRow).where(col(InvitationRow.id) == row.id)
    return InvitationView.of(row, await tx.scalar(found), tx.now)


async def list_invitations(status: InvitationStatus | None, page: PageRequest, tx: Transaction) -> Page[InvitationView]:
    """The hotel's invitations, the newest first."""
    mine = select(InvitationRow, _LAST_MAIL).where(col(InvitationRow.hotel_id) == tx.hotel_id)
    query = mine.order_by(col(InvitationRow.id).desc()).limit(page.limit + 1)
    match status:
        case None:
            pass
        case InvitationStatus.OPEN | InvitationStatus.EXPIRED:
            holds = col(InvitationRow.expires_at) > tx.now
            query = query.where(
                col(InvitationRow.status) == InvitationStatus.OPEN, holds if status is InvitationStatus.OPEN else ~holds
            )
        case _:
            query = query.where(col(InvitationRow.status) == status)
    after = after_id(page)
    if after is not None:
        query = query.where(col(InvitationRow.id) < after)
    rows: Sequence[Any] = (await tx.execute(query)).all()  # Any: an invitation and where its mail stands
    last = ((row[0].id,) for row in rows[: page.limit][-1:])
    return page.page([InvitationView.of(row[0], row[1], tx.now) for row in rows], *next(last, ()))
