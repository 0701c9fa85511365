"""The rows of what belongs to people beside their account: a hotel's own roles, preferences and saved views."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from contracts.permissions import Permission
from identity.domain.preferences import ListKind, TimeFormat
from identity.domain.roles import permissions_of
from servicekit import Row, TenantRow, timestamp


class RoleRow(TenantRow, table=True):
    """A role of a hotel's own. Memberships name it; built-in roles have no row."""

    __tablename__ = "roles"

    name: str
    display_name: str
    description: str = ""
    permissions: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))

    def brings(self) -> frozenset[Permission]:
        """The permissions of who works in it."""
        return permissions_of(self.name, self.permissions)


class PreferencesRow(Row, table=True):
    """How somebody likes their pages, in every hotel."""

    __tablename__ = "preferences"

    user_id: UUID = Field(primary_key=True)
    language: str | None = None
    time_format: TimeFormat | None = Field(default=None, sa_type=Text)
    dashboard: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))  # Any: JSON
    version: int = 0
    updated_at: datetime | None = timestamp()


class SavedViewRow(TenantRow, table=True):
    """A named filter of one of the dashboard's lists, of a member's own; `shared`: colleagues see it too."""

    __tablename__ = "saved_views"

    user_id: UUID
    list_kind: ListKind = Field(sa_type=Text)
    name: str
    filter: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False))  # Any: JSON
    shared: bool = False
    position: int = 0
