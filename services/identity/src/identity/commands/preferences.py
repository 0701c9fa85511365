"""How somebody likes their pages: preferences of their account, and the views that they save in a hotel."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool
from sqlalchemy import func
from sqlmodel import col, select

from contracts.errors import NotFound
from contracts.ids import UserId
from contracts.statuses import MembershipStatus, UserStatus
from contracts.values import LanguageTag
from identity.accounts import account_scope
from identity.domain.documents import Dashboard, Filter
from identity.domain.members import AccountDeleted
from identity.domain.preferences import ListKind, NotYourView, TimeFormat, check_room
from identity.tables import MembershipRow, UserRow
from identity.tables_people import PreferencesRow, SavedViewRow
from servicekit import Command, Text, Transaction, check_version
from servicekit.commands import AsNumber

ViewName = Annotated[Text, Field(max_length=80, examples=["Waiting, in German"])]
Position = Annotated[int, Field(ge=0, le=10_000, description="lower ones come first"), AsNumber]


class SetPreferences(Command):
    """All of somebody's preferences; what is left out is at its default."""

    language: Annotated[LanguageTag | None, Field(description="of the pages; null: as the browser asks")] = None
    time_format: Annotated[TimeFormat | None, Field(description="null: as the language has it")] = None
    dashboard: Dashboard = Field(default_factory=dict)


class SaveView(Command):
    """Keep a named filter of a list."""

    list_kind: ListKind
    name: ViewName
    filter: Filter = Field(default_factory=dict)
    shared: Annotated[StrictBool, Field(description="whether colleagues in the hotel see it")] = False
    position: Position = 0


class UpdateView(Command):
    """Change a saved view; what is left out stays."""

    name: ViewName | None = None
    filter: Filter | None = None
    shared: StrictBool | None = None
    position: Position | None = None


async def set_preferences(
    user_id: UserId, command: SetPreferences, if_match: int | None, tx: Transaction
) -> PreferencesRow:
    """Keep somebody's preferences; version 0 is what nobody has set yet.

    Raises:
        PreconditionFailed: they changed since, say on another device.
        AccountDeleted: it was deleted a moment ago; nothing is kept for nobody.
    """
    async with account_scope(tx, user_id):
        if (await tx.lock(UserRow, user_id)).status == UserStatus.DELETED:
            raise AccountDeleted
        found = await tx.find_locked(PreferencesRow, user_id)
        row = found or PreferencesRow(user_id=user_id)
        check_version(row, if_match)
        row.language, row.time_format, row.dashboard = command.language, command.time_format, command.dashboard
        row.version, row.updated_at = row.version + 1, tx.now
        if found is None:
            tx.add(row)
    tx.audit("preferences.update", "user", user_id)
    return row


async def save_view(user_id: UserId, command: SaveView, tx: Transaction) -> SavedViewRow:
    """Keep a view in the transaction's hotel.

    Raises:
        TooManyViews: somebody keeps as many as they may.
        NotFound: they do not work there any more.
    """
    await _hold_membership(user_id, tx)
    mine = col(SavedViewRow.hotel_id) == tx.hotel_id, col(SavedViewRow.user_id) == user_id
    check_room(await tx.scalar(select(func.count()).select_from(SavedViewRow).where(*mine)))
    row = SavedViewRow(user_id=user_id, **dict(command))
    tx.add(row)
    await tx.flush()
    tx.audit("view.create", "view", row.id)
    return row


async def update_view(
    view_id: UUID, user_id: UserId, command: UpdateView, if_match: int | None, tx: Transaction
) -> SavedViewRow:
    """Change a view of one's own.

    Raises:
        NotFound: there is none, or a colleague keeps it to themselves.
        NotYourView: a colleague shares it.
        PreconditionFailed: it changed since.
    """
    row = await _own_view(view_id, user_id, tx)
    check_version(row, if_match)
    for name, value in command.model_dump(exclude_none=True).items():
        setattr(row, name, value)
    row.version += 1
    await tx.flush()
    tx.audit("view.update", "view", view_id)
    return row


async def delete_view(view_id: UUID, user_id: UserId, tx: Transaction) -> None:
    """Delete a view of one's own.

    Raises:
        NotFound, NotYourView: as for `update_view`.
    """
    await tx.delete(await _own_view(view_id, user_id, tx))
    tx.audit("view.delete", "view", view_id)


async def _hold_membership(user_id: UserId, tx: Transaction) -> None:
    """The membership stays until the commit, so that nothing is saved for somebody who has just left; one at a time."""
    mine = col(MembershipRow.hotel_id) == tx.hotel_id, col(MembershipRow.user_id) == user_id
    held = select(col(MembershipRow.status)).where(*mine).with_for_update(key_share=True)
    if await tx.scalar(held) != MembershipStatus.ACTIVE:
        raise NotFound("No such user")


async def _own_view(view_id: UUID, user_id: UserId, tx: Transaction) -> SavedViewRow:
    row = await tx.find_locked(SavedViewRow, view_id)
    if row is None or (row.user_id != user_id and not row.shared):
        raise NotFound("No such view")
    if row.user_id != user_id:
        raise NotYourView
    return row
