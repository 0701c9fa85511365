"""What is done from the command line, by whoever has the database: the first superadmin, a second factor that the last
superadmin lost, another key for secrets, and a check of the audit log."""

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer
from pydantic import SecretStr, TypeAdapter, ValidationError

from contracts.ids import HotelId, UserId
from contracts.values import Email
from identity.accounts import account_of_email
from identity.adapters.checkpoints import BadCheckpoint
from identity.commands import second_factor, signing_keys
from identity.commands.accounts import EmailTaken, NewAccount, create_account
from identity.commands.export import rewrap_exports
from identity.commands.mail import rewrap_mails
from identity.commands.oidc_connections import rewrap_connections
from identity.domain.audit_chain import PLATFORM, Mark
from identity.domain.passwords import WeakPassword
from identity.queries.audit_chain import chains, check_chain
from identity.queries.hotels import every_hotel
from identity.resources import resources_of
from servicekit import Runtime, Transaction
from servicekit.vault import Vault

Rewrap = Callable[[UUID, Vault, Transaction], Awaitable[second_factor.Rewrapped]]
FAULTS_SHOWN = 50
"""Of one chain, at most."""
SEALED = {"totp": second_factor.rewrap_totp, "mail": rewrap_mails, "oidc_connection": rewrap_connections}
"""What the platform sees of what is kept sealed, and what brings the next rows of it under the newest key."""


async def create_superadmin(
    rt: Runtime,
    email: Annotated[str, typer.Argument(help="address of the new account")],
    name: Annotated[str, typer.Argument(help="name of the person")],
) -> None:
    """Make an account that runs the platform. Reads the password from standard input, one line."""
    password = sys.stdin.readline().rstrip("\n")
    try:
        account = NewAccount(email=TypeAdapter(Email).validate_python(email), name=name, password=SecretStr(password))
        async with rt.db.transaction(None, platform=True) as tx:
            row = await create_account(account, tx, resources_of(rt).passwords, superadmin=True)
            tx.audit("account.create", "user", row.id)
    except (ValidationError, WeakPassword, EmailTaken) as refused:
        detail = refused.errors()[0]["msg"] if isinstance(refused, ValidationError) else refused.detail
        typer.echo(f"not created: {detail}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"superadmin {row.id} created")


async def audit_verify(
    rt: Runtime,
    hotel: Annotated[UUID | None, typer.Option(help="only this hotel's log; the nil UUID for the platform's")] = None,
    checkpoint: Annotated[
        list[str] | None,
        typer.Option(help="a checkpoint that was kept elsewhere (`jws` in the worker's log); repeatable"),
    ] = None,
) -> None:
    """Check the audit log: every entry, its order and its signatures. Exits with 1, and names what is wrong, if anything is."""
    keys = resources_of(rt).checkpoints
    try:
        kept = [keys.read(jws) for jws in checkpoint or ()]
    except BadCheckpoint as bad:
        typer.echo(f"the checkpoint cannot be used: {bad}", err=True)
        raise typer.Exit(1) from None
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        known = {*await chains(tx), *(mark.chain for mark in kept)}
    if hotel is not None and hotel not in known:
        typer.echo(f"there is no audit log of a hotel {hotel}", err=True)
        raise typer.Exit(1)
    sound = [await _is_sound(rt, chain, kept) for chain in sorted(known) if hotel in (None, chain)]
    if not all(sound):
        raise typer.Exit(1)


async def _is_sound(rt: Runtime, chain: UUID, kept: list[Mark]) -> bool:
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        checked = await check_chain(chain, resources_of(rt).checkpoints, tx, kept=kept)
    whose = "platform" if chain == PLATFORM else f"hotel {chain}"
    until = f"up to position {checked.newest.position}, signed up to {checked.signed}"
    count = len(checked.faults)
    typer.echo(f"{whose}: {f'{count} at fault' if count else 'sound'}, {checked.links} entries, {until}")
    for fault in checked.faults[:FAULTS_SHOWN]:
        typer.echo(f"  {fault}")
    if count > FAULTS_SHOWN:
        typer.echo(f"  and {count - FAULTS_SHOWN} more")
    return not count


async def reset_second_factor(
    rt: Runtime, email: Annotated[str, typer.Argument(help="address of the account")]
) -> None:
    """Take away the second factor of an account whose owner lost it; all its sessions end."""
    async with rt.db.transaction(None, platform=True) as tx:
        user_id = await account_of_email(tx, email.strip().lower())
        done = user_id is not None and await second_factor.reset_second_factor(UserId(user_id), tx)
    if not done:
        typer.echo("not reset: no such account, or it has no second factor", err=True)
        raise typer.Exit(1)
    typer.echo("second factor reset")


async def rewrap_secrets(rt: Runtime) -> None:
    """Bring every secret in the database under the newest of FRONTDESK_SECRET_KEYS; after that the older ones can go.

    Whoever is killed has done what was done; run it again for the rest."""
    vault = resources_of(rt).vault
    count, lost = 0, list[str]()
    async with rt.db.transaction(None, platform=True, read_only=True) as tx:
        hotels = await every_hotel(tx)
    kinds: list[tuple[str, Rewrap, HotelId | None]] = [(what, rewrap, None) for what, rewrap in SEALED.items()]
    kinds += [("guest_export", rewrap_exports, hotel_id) for hotel_id in hotels]
    for what, rewrap, hotel_id in kinds:
        after: UUID | None = UUID(int=0)
        while after is not None:
            async with rt.db.transaction(hotel_id, platform=hotel_id is None) as tx:
                batch = await rewrap(after, vault, tx)
                if batch.count:
                    tx.audit("secret.rewrap", what, f"{after}:{batch.last}")
            count, after = count + batch.count, batch.last
            lost += [f"{what} {row}" for row in batch.lost]
    async with rt.db.transaction(None, platform=True) as tx:
        keys, lost_keys = await signing_keys.rewrap_keys(vault, tx)
        if keys:
            tx.audit("secret.rewrap", "signing_key", keys)
    lost += [f"signing_key {key}" for key in lost_keys]
    typer.echo(f"{count + keys} secrets rewrapped")
    if lost:
        typer.echo(f"{len(lost)} cannot be opened with these keys: {', '.join(lost)}", err=True)
        raise typer.Exit(1)
