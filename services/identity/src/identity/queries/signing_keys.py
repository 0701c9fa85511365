"""The keys that sign, as this process uses them, and as the platform's operators see them."""

from datetime import datetime

from pydantic import BaseModel, Field
from sqlmodel import col, select

from identity.adapters.signing import SigningKeys
from identity.domain.signing_keys import KeyState
from identity.tables_signing_keys import SigningKeyRow
from servicekit import Transaction
from servicekit.vault import Vault


class SigningKeyView(BaseModel):
    """A key, without the key."""

    kid: str = Field(description="its thumbprint (RFC 7638), as tokens name it")
    state: KeyState
    published: bool = Field(description="whether it is in the key set: what it signed holds")
    published_at: datetime
    signs_since: datetime | None
    replaced_at: datetime | None
    withdrawn_at: datetime | None


class SigningKeysView(BaseModel):
    """Every key there ever was, newest first."""

    items: list[SigningKeyView]


async def list_signing_keys(tx: Transaction) -> SigningKeysView:
    """Every key, newest first. Platform scope."""
    return SigningKeysView(items=[view_of(row, tx.now) for row in reversed(await _rows(tx))])


def view_of(row: SigningKeyRow, now: datetime) -> SigningKeyView:
    """What is shown of the row."""
    key = row.key()
    return SigningKeyView(
        kid=key.kid,
        state=key.state,
        published=key.is_published(now),
        published_at=key.published_at,
        signs_since=key.signs_since,
        replaced_at=key.replaced_at,
        withdrawn_at=key.withdrawn_at,
    )


async def keys_in_use(vault: Vault, also_published: str, tx: Transaction) -> SigningKeys | None:
    """The keys as they are now; None where there are none yet, or no next one. Platform scope.

    Args:
        vault: opens the one that signs.
        also_published: PEM public keys that the settings name.
        tx: the transaction.

    Raises:
        CannotOpen: the current key was sealed under a key that this vault lacks.
        BadKey: the settings name something that is no key.
    """
    rows = await _rows(tx)
    present = {KeyState(row.state): row for row in rows if row.state != KeyState.FORMER}
    if len(present) < 2:
        return None
    current = present[KeyState.CURRENT]
    assert current.private is not None  # the table's check
    others = [row for row in (present[KeyState.NEXT], *rows) if row.kid != current.kid]
    published = dict.fromkeys(row.public_pem for row in others if row.key().is_published(tx.now))
    return SigningKeys(
        vault.open(current.private, *current.place).decode(),
        "".join(published) + also_published,
        "".join(row.public_pem for row in others),
    )


async def _rows(tx: Transaction) -> list[SigningKeyRow]:
    return await tx.scalars(select(SigningKeyRow).order_by(col(SigningKeyRow.published_at), col(SigningKeyRow.kid)))
