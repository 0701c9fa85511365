"""The keys that sign: the first two, the change from one to the next, and the end of one that is in the wrong hands.

Each change is one transaction under one lock: of two at a time the second finds what the first left, and a process that is
killed leaves what was before.
"""

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.events import SigningKeyWithdrawn
from identity.adapters.signing import generate, parts_of
from identity.domain.signing_keys import KeyState, check_may_sign, is_rotation_due
from identity.tables_signing_keys import SigningKeyRow
from servicekit import Transaction
from servicekit.vault import CannotOpen, Vault

HINT = "signing_keys"
"""Wakes every process of the service, which looks for itself."""
_LOCK = text("select pg_advisory_xact_lock(4202002)")


async def ensure_keys(brought: str, vault: Vault, tx: Transaction) -> None:
    """See to it that there is a current key and a next one. Platform scope.

    Args:
        brought: PEM private key that becomes the first one; empty to make one. Later it is not looked at.
        vault: seals what is made.
    """
    await tx.execute(_LOCK)
    present = await _present(tx)
    if KeyState.CURRENT not in present:
        row = _add(brought or generate(), KeyState.CURRENT, vault, tx)
        row.signs_since = tx.now
        tx.audit("signing_key.create", "signing_key", row.kid)
    if KeyState.NEXT not in present:
        tx.audit("signing_key.create", "signing_key", _add(generate(), KeyState.NEXT, vault, tx).kid)
    await tx.flush()
    tx.hint(HINT)


async def rotate_keys(vault: Vault, tx: Transaction, *, every: timedelta | None = None) -> SigningKeyRow | None:
    """Let the next key sign, and publish one after it. The key that signs now; None: it is not yet due. Platform scope.

    Args:
        vault: seals the one after it.
        tx: the transaction.
        every: rotate only where the current key has signed for so long; None: on demand.

    Raises:
        NextKeyTooYoung: on demand, and somebody rotated a moment ago.
    """
    await tx.execute(_LOCK)
    present = await _present(tx)
    if every is not None and not is_rotation_due([row.key() for row in present.values()], every, tx.now):
        return None
    check_may_sign(present[KeyState.NEXT].key(), tx.now)
    row = await _replace(present, vault, tx)
    tx.audit("signing_key.rotate", "signing_key", row.kid)
    return row


async def withdraw_key(kid: str, vault: Vault, tx: Transaction) -> SigningKeyRow:
    """A key is in the wrong hands: what it signed no longer holds, and if it signs, the next one does from now on.

    Every service and open connection knows within five seconds; a token whose key they do not have yet waits for seconds.
    The checkpoints of the audit log stay checkable. Platform scope.

    Raises:
        NotFound: there is no such key.
    """
    await tx.execute(_LOCK)
    row = await tx.find_locked(SigningKeyRow, kid)
    if row is None:
        raise NotFound("No such key")
    if row.withdrawn_at is not None:
        return row
    present = await _present(tx)
    if row.state == KeyState.CURRENT:
        await _replace(present, vault, tx)
    elif row.state == KeyState.NEXT:
        row.retire(tx.now)
        await tx.flush()
        _add(generate(), KeyState.NEXT, vault, tx)
    row.withdrawn_at = tx.now
    await tx.flush()
    tx.publish(SigningKeyWithdrawn(kid=kid, withdrawn_at=tx.now, version=1))  # once a key, and for ever
    tx.audit("signing_key.withdraw", "signing_key", kid)
    tx.hint(HINT)
    return row


async def rewrap_keys(vault: Vault, tx: Transaction) -> tuple[int, list[str]]:
    """Wrap every private half with the newest key of the vault: how many, and which cannot be opened. Platform scope."""
    await tx.execute(_LOCK)
    count, lost = 0, list[str]()
    for row in (await _present(tx)).values():
        try:
            assert row.private is not None  # of the two that are no former ones
            if not vault.is_newest(row.private):
                row.private = vault.rewrap(row.private, *row.place)
                count += 1
        except CannotOpen:
            lost.append(row.kid)
    return count, lost


async def _present(tx: Transaction) -> dict[KeyState, SigningKeyRow]:
    rows: list[SigningKeyRow] = await tx.scalars(
        select(SigningKeyRow).where(col(SigningKeyRow.state) != KeyState.FORMER).with_for_update()
    )
    return {KeyState(row.state): row for row in rows}


async def _replace(present: dict[KeyState, SigningKeyRow], vault: Vault, tx: Transaction) -> SigningKeyRow:
    """One step at a time: there is never a second one of a kind."""
    present[KeyState.CURRENT].retire(tx.now)
    await tx.flush()
    row = present[KeyState.NEXT]
    row.state, row.signs_since = KeyState.CURRENT, tx.now
    await tx.flush()
    _add(generate(), KeyState.NEXT, vault, tx)
    await tx.flush()
    tx.hint(HINT)
    return row


def _add(private_pem: str, state: KeyState, vault: Vault, tx: Transaction) -> SigningKeyRow:
    kid, public_pem = parts_of(private_pem)
    row = SigningKeyRow(kid=kid, state=state, public_pem=public_pem, published_at=tx.now)
    row.private = vault.seal(private_pem.encode(), *row.place)
    tx.add(row)
    return row
