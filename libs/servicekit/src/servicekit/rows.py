"""The base of every table row, and of every row that belongs to a hotel."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, event
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel

from servicekit.ids import new_id

NOW = "servicekit.now"
"""Key in `Session.info`: the transaction's moment."""
HOTEL = "servicekit.hotel_id"
"""Key in `Session.info`: the transaction's hotel, or None."""

_UNSET: Any = None  # Any: filled in by `_stamp` before the row is written, so readers never see it


def timestamp(*, nullable: bool = False) -> Any:  # Any: pydantic's own return type for a field definition
    """A `timestamptz` column; `nullable=True` starts as None."""
    return Field(default=None, sa_type=DateTime(timezone=True), nullable=nullable)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType] # SQLModel's stub takes the class only


class Row(SQLModel):
    """A row of a table: `class Thing(Row, table=True)`. Table names are given by `__tablename__`."""

    if TYPE_CHECKING:
        __tablename__: ClassVar[str]  # pyright: ignore[reportIncompatibleVariableOverride] # a plain name is all we use


class TenantRow(Row):
    """A row that belongs to a hotel; its table is made with `migrations.tenant_table`.

    `hotel_id`, `created_at` and `updated_at` are filled in when the row is first written: from the transaction's hotel
    and moment. `updated_at` follows at every later change. `version` is raised by the command that changes the row
    (`row.version += 1`), since the event it publishes carries it.
    """

    id: UUID = Field(default_factory=new_id, primary_key=True)
    hotel_id: UUID = Field(default=_UNSET, nullable=False, index=True)
    version: int = Field(default=1, ge=1)
    created_at: datetime = timestamp()
    updated_at: datetime = timestamp()


def _stamp(session: Session, *_: object) -> None:
    now: datetime | None = session.info.get(NOW)
    if now is None:
        return
    for row in session.new:
        if isinstance(row, TenantRow):
            row.hotel_id = row.hotel_id or session.info.get(HOTEL)
            row.created_at = row.created_at or now
            row.updated_at = row.updated_at or now
    for row in session.dirty:
        if isinstance(row, TenantRow) and session.is_modified(row):
            row.updated_at = now


event.listen(Session, "before_flush", _stamp)
