"""Another key for the secrets in the database: everything that is sealed comes under it, whoever is killed meanwhile."""

import asyncio
import json
import os
import shutil
import sys
from base64 import urlsafe_b64encode
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from identity_play import SECRET_KEY, Clock, Desk, Hotel, Person, body, with_app
from pydantic import SecretStr
from sqlalchemy import delete, update
from sqlmodel import col

from contracts.actor import ActorKind
from identity.domain.mail import MailStatus
from identity.operators import rewrap_secrets
from identity.queries.hotels import every_hotel
from identity.queries.signing_keys import keys_in_use
from identity.resources import resources_of
from identity.tables_mail import MailRow
from identity.tables_oidc import OidcConnectionRow
from identity.tables_privacy import ExportRow
from identity.tables_second_factor import TotpRow
from servicekit import Runtime, new_id
from servicekit.testing import eventually
from servicekit.vault import Vault


async def keep_no_secret_but_of(rt: Runtime, *people: Person) -> None:
    """What other tests left in the database plays no part."""
    async with rt.db.transaction(None, platform=True) as tx:
        await tx.execute(delete(TotpRow).where(col(TotpRow.user_id).not_in([person.id for person in people])))
        await tx.execute(update(OidcConnectionRow).values(client_secret=None))
        waiting = update(MailRow).where(col(MailRow.status) == MailStatus.WAITING)
        await tx.execute(waiting.values(status=MailStatus.DROPPED, sealed=None, settled_at=tx.now))
        hotels = await every_hotel(tx)
    for hotel_id in hotels:
        async with rt.db.transaction(hotel_id) as tx:
            await tx.execute(delete(ExportRow))


async def test_a_new_key_rewraps_every_secret_and_the_former_one_can_go(
    desk: Desk, clock: Clock, hotel: Hotel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rt = desk.app.runtime
    app = await with_app(hotel.admin, clock)
    newest = urlsafe_b64encode(bytes([7]) * 32).decode()

    def with_ring(ring: str) -> None:
        monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(ring)))

    await keep_no_secret_but_of(rt, hotel.admin)
    with_ring(f"{newest} {SECRET_KEY}")
    await rewrap_secrets(rt)
    await rewrap_secrets(rt)
    assert capsys.readouterr().out.splitlines() == ["3 secrets rewrapped", "0 secrets rewrapped"]
    with_ring(newest)
    body(await desk.sign_in(hotel.admin.email, second_factor=app.code()), 201)
    async with rt.db.transaction(None, platform=True) as tx:
        assert await keys_in_use(resources_of(rt).vault, "", tx) is not None, "the signing key opens, too"
    with_ring(f"{SECRET_KEY} {newest}")
    await rewrap_secrets(rt)  # as the other tests know them


async def test_a_secret_that_no_key_opens_is_named_and_the_others_are_rewrapped(
    desk: Desk, clock: Clock, hotel: Hotel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rt = desk.app.runtime
    first, second = sorted((hotel.admin, await hotel.member()), key=lambda person: person.id)
    await with_app(first, clock)
    await with_app(second, clock)
    await keep_no_secret_but_of(rt, first, second)
    lost = urlsafe_b64encode(bytes([8]) * 32).decode()
    async with rt.db.transaction(None, platform=True) as tx:
        row = await tx.get(TotpRow, first.id)
        row.secret = Vault(lost).seal(b"x" * 20, *row.place)
    newest = urlsafe_b64encode(bytes([9]) * 32).decode()
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(f"{newest} {SECRET_KEY}")))
    monkeypatch.setattr("identity.commands.second_factor.BATCH", 1)
    with pytest.raises(typer.Exit):
        await rewrap_secrets(rt)
    told = capsys.readouterr()
    assert told.out == "3 secrets rewrapped\n"
    assert str(first.id) in told.err
    assert str(second.id) not in told.err
    await keep_no_secret_but_of(rt)
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(f"{SECRET_KEY} {newest}")))
    await rewrap_secrets(rt)  # as the other tests know them


async def export_ready(hotel: Hotel, archive: bytes = b"PK an archive") -> ExportRow:
    """A guest's export that can be downloaded, sealed as the service seals."""
    guest = body(await hotel.admin.api.post("/guests", json={"name": "Gerda Gast"}), 201)
    rt = hotel.desk.app.runtime
    async with rt.db.transaction(hotel.id) as tx:
        row = ExportRow(
            id=new_id(), guest_id=guest["id"], asked_by_kind=ActorKind.USER, asked_at=tx.now, ready_at=tx.now
        )
        row.archive, row.expires_at = Vault(SECRET_KEY).seal(archive, *row.place), tx.now.replace(year=tx.now.year + 1)
        tx.add(row)
    return row


async def download(hotel: Hotel, row: ExportRow) -> tuple[int, bytes]:
    answer = await hotel.admin.api.get(f"/guests/{row.guest_id}/export/archive")
    return answer.status_code, answer.content


async def test_guests_exports_come_under_the_new_key_in_every_hotel(
    desk: Desk, hotel: Hotel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rt, other = desk.app.runtime, await desk.hotel()
    newest = urlsafe_b64encode(bytes([11]) * 32).decode()
    await keep_no_secret_but_of(rt)
    large = bytes(range(256)) * 4096
    mine, theirs = await export_ready(hotel, large), await export_ready(other)
    capsys.readouterr()
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(f"{newest} {SECRET_KEY}")))
    await rewrap_secrets(rt)
    assert capsys.readouterr().out == "4 secrets rewrapped\n"  # and the two signing keys
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(newest)))
    assert await download(hotel, mine) == (200, large)
    assert await download(other, theirs) == (200, b"PK an archive")
    assert (await download(hotel, theirs))[0] == 404
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(f"{SECRET_KEY} {newest}")))
    await rewrap_secrets(rt)  # as the other tests know them


async def test_whoever_is_killed_has_done_what_was_done_and_the_next_run_does_the_rest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second export's row is held, so that the process is killed exactly between the two."""
    rt = desk.app.runtime
    await keep_no_secret_but_of(rt)
    first, second = sorted([await desk.hotel(), await desk.hotel()], key=lambda hotel: hotel.id)
    done, held = await export_ready(first), await export_ready(second)
    newest = urlsafe_b64encode(bytes([12]) * 32).decode()
    vault = Vault(f"{newest} {SECRET_KEY}")

    async def is_done(hotel: Hotel, row: ExportRow) -> bool:
        async with rt.db.transaction(hotel.id, read_only=True) as tx:
            archive = (await tx.get(ExportRow, row.id)).archive
        assert archive is not None
        return vault.is_newest(archive)

    async with rt.db.transaction(second.id) as tx:
        await tx.lock(ExportRow, held.id)
        process = await asyncio.create_subprocess_exec(
            identity_command(), "rewrap-secrets", env=environment(desk, secret_keys=f"{newest} {SECRET_KEY}")
        )
        assert await eventually(lambda: is_done(first, done), timeout=30)
        process.kill()
        await process.wait()
    assert not await is_done(second, held)
    assert await download(second, held) == (200, b"PK an archive")
    capsys.readouterr()
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=vault))
    await rewrap_secrets(rt)
    assert capsys.readouterr().out == "3 secrets rewrapped\n"  # the second export, and the two signing keys
    assert await download(first, done) == await download(second, held) == (200, b"PK an archive")
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(f"{SECRET_KEY} {newest}")))
    await rewrap_secrets(rt)  # as the other tests know them


def identity_command() -> str:
    beside = Path(sys.executable).parent / "identity"
    return str(beside) if beside.exists() else str(shutil.which("identity"))


def environment(desk: Desk, **other: str) -> dict[str, str]:
    """The settings of the running service, as another process is told them."""
    settings = {name: getattr(desk.app.settings, name) for name in desk.app.settings.model_fields_set} | other
    written = {
        name: value.get_secret_value()
        if isinstance(value, SecretStr)
        else json.dumps(value)
        if isinstance(value, dict)
        else str(value)
        for name, value in settings.items()
    }
    return {**os.environ, **{f"FRONTDESK_{name.upper()}": value for name, value in written.items()}}
