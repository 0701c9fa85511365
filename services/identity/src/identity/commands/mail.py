"""Mails, in the transaction of what they tell of: queued sealed, opened to be sent, settled after each try."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, func, text
from sqlmodel import col, select, update

from identity.commands.second_factor import Rewrapped
from identity.domain import mail as rules
from identity.domain.mail import MailKind, MailStatus, Next, Tried, Try
from identity.tables_mail import MailRow
from servicekit import Transaction
from servicekit.due import DueItem
from servicekit.vault import KEY_ID_AT, KEY_ID_BYTES, CannotOpen, Vault

DUE = "mail"
NO_HOTEL = UUID(int=0)
"""Under which mails of accounts are due."""
NEWS_HOLD = timedelta(days=3)
"""How long it is tried to tell what needs no answer; mail servers themselves give up after a few days."""
BATCH = 100

_FORGET = (
    text("delete from mails where settled_at < :before"),
    text("delete from invitations where expires_at < :before"),
    text("delete from password_resets where expires_at < :before"),
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What of a mail is sealed. `lasting`: how long the link holds, in days or minutes as its words have it."""

    to: str
    name: str = ""
    hotel: str = ""
    token: str = ""
    lasting: int = 0


async def queue_mail(
    kind: MailKind,
    contents: Contents,
    valid_until: datetime,
    vault: Vault,
    tx: Transaction,
    *,
    language: str = "",
    hotel_id: UUID | None = None,
    user_id: UUID | None = None,
    about: UUID | None = None,
) -> UUID:
    """Have a mail sent once this transaction stands. Of a hotel, an account, or (asked for by a stranger) neither."""
    row = MailRow(
        hotel_id=hotel_id,
        user_id=user_id,
        kind=kind,
        about=about,
        language=language,
        created_at=tx.now,
        valid_until=valid_until,
    )
    seal(row, contents, vault)
    tx.add(row)
    await tx.flush()
    await tx.due(DUE, row.id, tx.now, hotel_id=hotel_id or NO_HOTEL)
    return row.id


def seal(row: MailRow, contents: Contents, vault: Vault) -> None:
    """Put the contents into the row."""
    row.sealed = vault.seal(json.dumps(asdict(contents)).encode(), *row.place)


def opened(row: MailRow, vault: Vault) -> Contents:
    """The contents of a mail that waits.

    Raises:
        CannotOpen: its key is gone.
    """
    assert row.sealed is not None  # the table's check: who waits has it
    return Contents(**json.loads(vault.open(row.sealed, *row.place)))


async def drop_mails_about(invitation: UUID, tx: Transaction) -> None:
    """An invitation's link is void: mails with it that still wait are not sent."""
    await _drop(tx, col(MailRow.about) == invitation)


async def drop_resets_of(user_id: UUID, tx: Transaction, but: UUID | None = None) -> None:
    """An account's reset link is void: mails with it that still wait are not sent."""
    theirs = col(MailRow.user_id) == user_id, col(MailRow.kind) == MailKind.PASSWORD_RESET
    await _drop(tx, *theirs, *(() if but is None else (col(MailRow.id) != but,)))


async def drop_mails_of(user_id: UUID, tx: Transaction) -> None:
    """An account is deleted: what still waits to be sent to it is not."""
    await _drop(tx, col(MailRow.user_id) == user_id)


async def settle_try(item: DueItem, tried: Try, first_pause: timedelta, tx: Transaction) -> tuple[MailRow, Next | None]:
    """Note a try: the mail is done with, or due again. None: somebody dropped it meanwhile. Platform scope."""
    row = await tx.lock(MailRow, item.object_id)
    await tx.finish(item)
    if row.status != MailStatus.WAITING:
        return row, None
    following = rules.after(tried.tried, row.tries + 1, tx.now, row.valid_until, first_pause)
    row.note(tried, following, tx.now)
    if following.at is not None:
        await tx.due(DUE, row.id, following.at, hotel_id=item.hotel_id)
    return row, following


async def wait_for_server(item: DueItem, pause: timedelta, tx: Transaction) -> Next | None:
    """No server takes mails: look again after the pause, while the mail has something to say. Platform scope."""
    row = await tx.lock(MailRow, item.object_id)
    await tx.finish(item)
    if row.status != MailStatus.WAITING:
        return None
    following = rules.after(Tried.FAILED, 1, tx.now, row.valid_until, pause)
    if following.at is None:
        row.settle(following.status, tx.now)
    else:
        await tx.due(DUE, row.id, following.at, hotel_id=item.hotel_id)
    return following


async def forget_mails(before: datetime, tx: Transaction) -> None:
    """Delete mails, invitations and resets that were over by then. Platform scope."""
    for statement in _FORGET:
        await tx.execute(statement, {"before": before})


async def rewrap_mails(after: UUID, vault: Vault, tx: Transaction) -> Rewrapped:
    """Wrap what the next waiting mails hold with the newest key. Platform scope."""
    key_id = func.substring(col(MailRow.sealed), KEY_ID_AT + 1, KEY_ID_BYTES, type_=LargeBinary)
    older = select(MailRow).where(
        col(MailRow.status) == MailStatus.WAITING, key_id != vault.key_id, col(MailRow.id) > after
    )
    rows: list[MailRow] = await tx.scalars(older.order_by(col(MailRow.id)).limit(BATCH).with_for_update())
    lost: list[UUID] = []
    for row in rows:
        assert row.sealed is not None  # the table's check: who waits has it
        try:
            row.sealed = vault.rewrap(row.sealed, *row.place)
        except CannotOpen:
            lost.append(row.id)
    return Rewrapped(len(rows) - len(lost), tuple(lost), rows[-1].id if rows else None)


async def _drop(tx: Transaction, *which: ColumnElement[bool]) -> None:
    waiting = update(MailRow).where(col(MailRow.status) == MailStatus.WAITING, *which)
    await tx.execute(waiting.values(status=MailStatus.DROPPED, sealed=None, settled_at=tx.now))
