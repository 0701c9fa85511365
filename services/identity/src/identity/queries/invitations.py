"""Invitations as a hotel sees them: where each stands, and its last mail."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import not_, or_, true, tuple_
from sqlmodel import col, select

from contracts.ids import UserId
from identity.domain.links import InvitationStatus
from identity.domain.mail import MailStatus
from identity.holdings import backs
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
    def of(cls, row: InvitationRow, mail: MailStatus | None, now: datetime, *, backed: bool) -> "InvitationView":
        """The view of a row; `backed`: its sender may give the role."""
        shown = {name: getattr(row, name) for name in cls.model_fields.keys() - {"mail"}}
        return cls.model_validate({**shown, "status": row.state.at(now, backed=backed), "mail": mail})


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
    backed = await backs(row.invited_by, row.role, tx)
    return InvitationView.of(row, await tx.scalar(found), tx.now, backed=backed)


async def list_invitations(status: InvitationStatus | None, page: PageRequest, tx: Transaction) -> Page[InvitationView]:
    """The hotel's invitations, the newest first."""
    mine = select(InvitationRow, _LAST_MAIL).where(col(InvitationRow.hotel_id) == tx.hotel_id)
    query = mine.order_by(col(InvitationRow.id).desc()).limit(page.limit + 1)
    unbacked = await _unbacked(tx)
    open_now = col(InvitationRow.status) == InvitationStatus.OPEN, col(InvitationRow.expires_at) > tx.now
    stands = not_(tuple_(col(InvitationRow.invited_by), col(InvitationRow.role)).in_(unbacked)) if unbacked else true()
    stands = or_(col(InvitationRow.invited_by).is_(None), stands)
    match status:
        case None:
            pass
        case InvitationStatus.OPEN:
            query = query.where(*open_now, stands)
        case InvitationStatus.UNBACKED:
            query = query.where(*open_now, not_(stands))
        case InvitationStatus.EXPIRED:
            query = query.where(open_now[0], not_(open_now[1]))
        case _:
            query = query.where(col(InvitationRow.status) == status)
    after = after_id(page)
    if after is not None:
        query = query.where(col(InvitationRow.id) < after)
    rows: Sequence[Any] = (await tx.execute(query)).all()  # Any: an invitation and where its mail stands
    last = ((row[0].id,) for row in rows[: page.limit][-1:])
    views = [
        InvitationView.of(row[0], row[1], tx.now, backed=(row[0].invited_by, row[0].role) not in unbacked)
        for row in rows
    ]
    return page.page(views, *next(last, ()))


async def _unbacked(tx: Transaction) -> list[tuple[UUID, str]]:
    """Who sent open invitations to which role and may no longer do so. Of a hotel's few senders and roles."""
    mine = col(InvitationRow.hotel_id) == tx.hotel_id, col(InvitationRow.status) == InvitationStatus.OPEN
    sent = select(InvitationRow.invited_by, InvitationRow.role).where(*mine, col(InvitationRow.expires_at) > tx.now)
    pairs = (await tx.execute(sent.distinct())).all()
    return [(row.invited_by, row.role) for row in pairs if not await backs(row.invited_by, row.role, tx)]
