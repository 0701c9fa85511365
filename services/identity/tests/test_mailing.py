"""Mails on their way out, while the mail server refuses, puts off, hangs up or is away, and while we are killed."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import typer
from identity_play import SECRET_KEY, Desk, Hotel
from mail_play import HANG_UP, Postbox
from sqlmodel import col, select

from identity.commands.mail import DUE, Contents, queue_mail, settle_try
from identity.domain.mail import MailKind, MailStatus
from identity.jobs import forget_old_mails
from identity.operators import rewrap_secrets
from identity.resources import resources_of
from identity.tables_mail import MailRow
from servicekit.testing import eventually
from servicekit.vault import Vault

_COUNT = iter(range(1000))


def address() -> str:
    return f"reader{next(_COUNT)}@there.example"


async def send(desk: Desk, to: str, hotel: Hotel, *, valid: timedelta = timedelta(hours=1)) -> UUID:
    """Have a mail sent, and its id."""
    rt = desk.app.runtime
    async with rt.db.transaction(hotel.id) as tx:
        facts = Contents(to=to, name="Eva", hotel="Hotel Test", token="fdi_" + "t" * 43, lasting=7)
        valid_until = tx.now + valid
        return await queue_mail(
            MailKind.INVITATION, facts, valid_until, resources_of(rt).vault, tx, language="en", hotel_id=hotel.id
        )


async def row_of(desk: Desk, mail: UUID) -> MailRow:
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        return await tx.get(MailRow, mail)


async def becomes(desk: Desk, mail: UUID, status: MailStatus) -> MailRow:
    """The mail's row, once it stands like this; what waits no more remembers neither recipient nor link."""

    async def there() -> MailRow | None:
        row = await row_of(desk, mail)
        return row if row.status == status else None

    row = await eventually(there, timeout=10)
    assert row is not None
    assert (row.sealed is None) is (status is not MailStatus.WAITING)
    return row


async def test_a_mail_that_the_server_puts_off_arrives_later(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    to = address()
    postbox.at_rcpt[to].extend(["451 4.7.1 greylisted, come again", "450 busy"])
    row = await becomes(desk, await send(desk, to, standing_hotel), MailStatus.SENT)
    assert (row.tries, postbox.tries[to], len(postbox.of(to))) == (3, 3, 1)


@pytest.mark.parametrize(
    ("at_rcpt", "at_data", "why"),
    [("550 5.1.1 nobody <{to}> here", None, "recipient 550"), (None, "554 5.7.1 looks like spam", "data 554")],
)
async def test_a_mail_that_the_server_refuses_is_not_tried_again_and_its_words_are_not_kept(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox, at_rcpt: str | None, at_data: str | None, why: str
) -> None:
    to = address()
    if at_rcpt:
        postbox.at_rcpt[to].append(at_rcpt.format(to=to))
    if at_data:
        postbox.at_data[to].append(at_data)
    row = await becomes(desk, await send(desk, to, standing_hotel), MailStatus.REFUSED)
    assert (row.tries, row.why, postbox.of(to)) == (1, why, [])


async def test_a_connection_lost_after_the_mail_doubles_it_under_the_same_message_id(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox
) -> None:
    to = address()
    postbox.at_data[to].append(HANG_UP)
    mail = await send(desk, to, standing_hotel)
    await becomes(desk, mail, MailStatus.SENT)
    assert [copy["Message-ID"] for copy in postbox.of(to)] == [f"<{mail}@frontdesk.example>"] * 2


async def test_who_is_killed_between_sending_and_noting_it_sends_again_under_the_same_message_id(
    desk: Desk, standing_hotel: Hotel, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, calls = address(), iter(range(100))

    async def dies_first(*given: object, **named: object) -> object:
        if next(calls) == 0:
            raise KilledByTest
        return await settle_try(*given, **named)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]  # passed on

    monkeypatch.setattr("identity.mailing.settle_try", dies_first)
    mail = await send(desk, to, standing_hotel)
    row = await becomes(desk, mail, MailStatus.SENT)
    assert row.tries == 1
    assert [copy["Message-ID"] for copy in postbox.of(to)] == [f"<{mail}@frontdesk.example>"] * 2


class KilledByTest(Exception):
    """Stands for the end of the process, at the one place where it doubles a mail."""


@pytest.fixture
async def server_down(postbox: Postbox) -> AsyncGenerator[Postbox]:
    """The mail server is away; it is back when the test is over."""
    await postbox.close()
    yield postbox
    if not postbox.is_open:
        await postbox.open()


async def test_a_mail_waits_while_the_server_is_away(desk: Desk, standing_hotel: Hotel, server_down: Postbox) -> None:
    to = address()
    mail = await send(desk, to, standing_hotel)

    async def tried() -> bool:
        return (await row_of(desk, mail)).tries >= 2

    await eventually(tried, timeout=10)
    row = await row_of(desk, mail)
    assert (row.status, row.why) == (MailStatus.WAITING, "SMTPConnectError")
    await server_down.open()
    await becomes(desk, mail, MailStatus.SENT)
    assert len(server_down.of(to)) == 1


async def test_a_mail_is_given_up_when_what_it_says_no_longer_holds(
    desk: Desk, standing_hotel: Hotel, server_down: Postbox
) -> None:
    mail = await send(desk, address(), standing_hotel, valid=timedelta(seconds=0.5))
    row = await becomes(desk, mail, MailStatus.GIVEN_UP)
    assert row.tries >= 1


async def test_without_a_server_mails_wait_and_the_log_says_so_without_the_link(
    desk: Desk,
    standing_hotel: Hotel,
    postbox: Postbox,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    to = address()
    monkeypatch.setattr(desk.app.settings, "smtp_host", "")
    mail = await send(desk, to, standing_hotel)

    async def said() -> bool:
        return "mail.waits" in caplog.text

    await eventually(said, timeout=10)
    row = await becomes(desk, mail, MailStatus.WAITING)
    assert row.tries == 0
    assert not [secret for secret in ("fdi_", to) if secret in caplog.text]
    monkeypatch.undo()
    async with desk.app.runtime.db.transaction(standing_hotel.id) as tx:
        await tx.due(DUE, mail, tx.now)
    await becomes(desk, mail, MailStatus.SENT)
    assert len(postbox.of(to)) == 1


async def test_a_mail_whose_key_is_gone_is_over_and_named(
    desk: Desk, standing_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Vault(urlsafe_b64encode(bytes([8]) * 32).decode())
    with monkeypatch.context() as other:
        other.setattr(desk.app.runtime, "resources", replace(resources_of(desk.app.runtime), vault=lost))
        rt = desk.app.runtime
        async with rt.db.transaction(standing_hotel.id) as tx:
            mail = await queue_mail(
                MailKind.INVITATION, Contents(to=address()), tx.now + timedelta(hours=1), lost, tx, hotel_id=tx.hotel_id
            )
    row = await becomes(desk, mail, MailStatus.REFUSED)
    assert row.why == "sealed under a key that is gone"


async def test_a_new_key_rewraps_mails_that_wait(
    desk: Desk,
    standing_hotel: Hotel,
    postbox: Postbox,
    server_down: Postbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rt, to = desk.app.runtime, address()
    mail = await send(desk, to, standing_hotel)
    newest = urlsafe_b64encode(bytes([7]) * 32).decode()
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(f"{newest} {SECRET_KEY}")))
    with suppress(typer.Exit):  # other tests leave secrets that no key opens
        await rewrap_secrets(rt)
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(newest)))
    row = await row_of(desk, mail)
    assert row.sealed is not None
    Vault(newest).open(row.sealed, *row.place)
    await server_down.open()
    await becomes(desk, mail, MailStatus.SENT)
    monkeypatch.setattr(rt, "resources", replace(resources_of(rt), vault=Vault(f"{SECRET_KEY} {newest}")))
    with suppress(typer.Exit):
        await rewrap_secrets(rt)  # as the other tests know them


async def test_what_became_of_mails_is_forgotten_after_a_month(desk: Desk, standing_hotel: Hotel) -> None:
    old, young = await send(desk, address(), standing_hotel), await send(desk, address(), standing_hotel)
    for mail in (old, young):
        await becomes(desk, mail, MailStatus.SENT)
    async with desk.app.runtime.db.transaction(standing_hotel.id) as tx:
        row = await tx.get(MailRow, old)
        row.settled_at = tx.now - timedelta(days=31)
    await forget_old_mails(desk.app.runtime)
    async with desk.app.runtime.db.transaction(standing_hotel.id) as tx:
        assert set(await tx.scalars(select(MailRow.id).where(col(MailRow.id).in_([old, young])))) == {young}


async def test_a_stranger_may_add_a_request_and_sees_no_mail(desk: Desk, standing_hotel: Hotel) -> None:
    rt = desk.app.runtime
    mine = await send(desk, address(), standing_hotel)
    other = (await desk.hotel()).id
    for scope in (None, other):
        async with rt.db.transaction(scope) as tx:
            assert await tx.find(MailRow, mine) is None
            assert await tx.scalars(select(MailRow.id)) == []
