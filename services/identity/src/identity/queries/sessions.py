"""The sessions that an account has open."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import col, select

from contracts.ids import HotelId, SessionId
from identity.accounts import account_scope, is_confined
from identity.tables import SessionRow
from servicekit import Transaction


class SessionView(BaseModel):
    """One sign-in that may go on."""

    id: SessionId
    hotel_id: HotelId | None = Field(description="null: platform work")
    started_at: datetime
    last_used_at: datetime = Field(description="when its tokens were last refreshed")
    expires_at: datetime = Field(description="when it ends at the latest")
    browser: str | None = Field(description="that used it last, by its family; null: not known")
    system: str | None = Field(description="the operating system it ran on; null: not known")
    network: str | None = Field(description="it came from: an IPv4 address's /24, an IPv6 address's /48")
    current: bool = Field(description="whether this request belongs to it")


class Sessions(BaseModel):
    """All of them: an account has few."""

    items: list[SessionView]


async def open_sessions(user_id: UUID, current: UUID | None, tx: Transaction) -> Sessions:
    """The account's open sessions in every hotel, or to one that is confined those in its own; latest first; a hundred at
    most."""
    query = (
        select(SessionRow)
        .where(
            col(SessionRow.user_id) == user_id, col(SessionRow.ended_at).is_(None), col(SessionRow.expires_at) > tx.now
        )
        .order_by(col(SessionRow.id).desc())
        .limit(100)
    )
    async with account_scope(tx, user_id):
        if await is_confined(current, tx):
            query = query.where(col(SessionRow.hotel_id) == tx.hotel_id)
        rows: list[SessionRow] = await tx.scalars(query)
    return Sessions(
        items=[
            SessionView(
                id=SessionId(row.id),
                hotel_id=None if row.hotel_id is None else HotelId(row.hotel_id),
                started_at=row.started_at,
                last_used_at=row.last_used_at,
                expires_at=row.expires_at,
                browser=row.browser,
                system=row.system,
                network=row.network,
                current=row.id == current,
            )
            for row in rows
        ]
    )
