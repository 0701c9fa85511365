"""API keys as a hotel's admins see them: never the secret."""

from datetime import datetime

from pydantic import BaseModel, Field
from sqlmodel import col, select

from contracts.ids import ApiKeyId, UserId
from identity.queries.cursors import after_id
from identity.tables_access import ApiKeyRow
from servicekit import Page, Transaction
from servicekit.pagination import PageRequest


class ApiKeyView(BaseModel):
    """A key. Its secret was said once, when it was made."""

    id: ApiKeyId
    name: str
    hint: str = Field(description="the secret's last four characters")
    scopes: list[str]
    created_by: UserId
    created_at: datetime
    expires_at: datetime
    rotated_at: datetime | None = Field(description="when it last got another secret")
    former_until: datetime | None = Field(description="until when the secret before goes on")
    last_used_at: datetime | None = Field(description="exact to ten minutes, the life of a token")
    revoked_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: ApiKeyRow) -> "ApiKeyView":
        """The row's view."""
        return cls.model_validate(row, from_attributes=True)


async def list_api_keys(page: PageRequest, tx: Transaction) -> Page[ApiKeyView]:
    """Every key of the hotel, the revoked ones too, newest first."""
    query = select(ApiKeyRow).order_by(col(ApiKeyRow.id).desc()).limit(page.limit + 1)
    before = after_id(page)
    if before is not None:
        query = query.where(col(ApiKeyRow.id) < before)
    rows: list[ApiKeyRow] = await tx.scalars(query)
    last = [row.id for row in rows[: page.limit][-1:]]
    return page.page([ApiKeyView.of(row) for row in rows], *last)


async def api_key(key_id: ApiKeyId, tx: Transaction) -> ApiKeyView:
    """The key of that id.

    Raises:
        NotFound: the hotel has none.
    """
    return ApiKeyView.of(await tx.get(ApiKeyRow, key_id))
