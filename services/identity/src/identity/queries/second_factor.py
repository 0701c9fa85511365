"""Whether an account has a second factor."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import text

from servicekit import Transaction

_SECOND_FACTOR = text(
    """
    select t.confirmed_at, (select count(*) from recovery_codes c where c.user_id = t.user_id) as codes_left
    from totp t
    where t.user_id = :user_id and t.confirmed_at is not null
    """
)


class SecondFactorView(BaseModel):
    """The second factor of the password sign-in."""

    enabled: bool
    since: datetime | None = Field(description="null: it is off")
    recovery_codes_left: int


async def second_factor(user_id: UUID, tx: Transaction) -> SecondFactorView:
    """The account's second factor. Runs in the account's scope."""
    found = (await tx.execute(_SECOND_FACTOR, {"user_id": user_id})).one_or_none()
    if found is None:
        return SecondFactorView(enabled=False, since=None, recovery_codes_left=0)
    return SecondFactorView(enabled=True, since=found.confirmed_at, recovery_codes_left=found.codes_left)
