"""Fills the directory with the demo hotels, by the same commands as everybody uses, so that their events go out too."""

import re
from importlib.resources import files
from uuid import UUID

import typer
from pydantic import BaseModel, SecretStr

from contracts.ids import GuestId, HotelId
from identity.accounts import account_of_email
from identity.adapters.hashing import Passwords
from identity.commands.accounts import NewAccount, create_account
from identity.commands.guests import CreateGuest, create_guest
from identity.commands.hotels import CreateHotel, UpdateHotel, create_hotel, update_hotel
from identity.commands.users import CreateUser, create_user
from identity.resources import resources_of
from identity.settings import settings_of
from identity.tables import HotelRow
from identity.tables_guests import GuestRow
from servicekit import Runtime, Transaction
from servicekit.settings import BadSettings

PASSWORD = "front-desk-demo"  # noqa: S105 - of demo accounts, known to everybody

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::|$)")


class _Account(BaseModel):
    id: UUID
    account: dict[str, str]


class _User(BaseModel):
    id: UUID
    user: dict[str, str | list[str]]


class _Guest(BaseModel):
    id: GuestId
    guest: CreateGuest


class _Hotel(BaseModel):
    id: HotelId
    hotel: CreateHotel
    users: list[_User]
    guests: list[_Guest]


class _Directory(BaseModel):
    superadmin: _Account
    hotels: list[_Hotel]


async def seed_demo(rt: Runtime) -> None:
    """Add the demo hotels with their staff and guests; what is there already stays as it is, but for the loopback
    addresses among the hotels' allowed origins: those follow the settings.

    Raises:
        BadSettings: FRONTDESK_DEMO is not set: these accounts' password stands in the documentation.
    """
    if not settings_of(rt).demo:
        raise BadSettings(["FRONTDESK_DEMO=1 is needed: the demo's password is known to everybody"])
    directory = _Directory.model_validate_json(files("identity.demo").joinpath("directory.json").read_text("utf-8"))
    hasher, added, sites = resources_of(rt).passwords, 0, settings_of(rt).demo_sites
    async with rt.db.transaction(None, platform=True) as tx:
        root = directory.superadmin
        if await account_of_email(tx, root.account["email"]) is None:
            account = NewAccount.model_validate({**root.account, "password": SecretStr(PASSWORD)})
            await create_account(account, tx, hasher, root.id, superadmin=True)
            tx.audit("account.create", "user", root.id)
            added += 1
    for hotel in directory.hotels:
        async with rt.db.transaction(hotel.id) as tx:
            added += await _seed_hotel(hotel, hasher, tx)
            await _allow(sites, hotel.id, tx)
    typer.echo(f"demo directory: {added} added" if added else "demo directory: all there")


async def _seed_hotel(hotel: _Hotel, hasher: Passwords, tx: Transaction) -> int:
    added = 0
    if await tx.find(HotelRow, hotel.id) is None:
        await create_hotel(hotel.hotel, tx, hotel.id)
        added += 1
    for user in hotel.users:
        if await account_of_email(tx, str(user.user["email"])) is None:
            command = CreateUser.model_validate({**user.user, "password": SecretStr(PASSWORD)})
            await create_user(command, hotel.id, tx, hasher, user.id)
            added += 1
    for guest in hotel.guests:
        if await tx.find(GuestRow, guest.id) is None:
            await create_guest(guest.guest, tx, guest.id)
            added += 1
    return added


async def _allow(demo_sites: list[str], hotel_id: HotelId, tx: Transaction) -> None:
    """Let the widget run where the demo pages are now, and no longer where they were: ports change between starts.

    A list that people have emptied allows any site, and stays empty.
    """
    row = await tx.get(HotelRow, hotel_id)
    wanted = list(dict.fromkeys([*(site for site in row.allowed_origins if not _LOOPBACK.match(site)), *demo_sites]))
    if demo_sites and row.allowed_origins and wanted != row.allowed_origins:
        await update_hotel(hotel_id, UpdateHotel(allowed_origins=wanted), None, tx)
