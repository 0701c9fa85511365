"""What is done from the command line, and by the clock."""

import io
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
import typer
from identity_play import SECRET_KEY, Clock, Desk, Hotel, Person, body, refusal, with_app
from pydantic import SecretStr
from sqlmodel import col, delete, update

from contracts.events import GuestCreated, HotelCreated, HotelUpdated, MembershipGranted
from identity.accounts import account_scope
from identity.demo.seed import PASSWORD, seed_demo
from identity.domain.mail import MailStatus
from identity.jobs import forget_old_sessions
from identity.operators import create_superadmin, reset_second_factor, rewrap_secrets
from identity.queries.signing_keys import keys_in_use
from identity.resources import resources, resources_of
from identity.tables import SessionRow
from identity.tables_mail import MailRow
from identity.tables_oidc import OidcConnectionRow
from identity.tables_second_factor import TotpRow
from servicekit import Runtime
from servicekit.settings import BadSettings
from servicekit.vault import Vault

LINDENHOF = "01900000-0000-7000-8000-000000000001"
HARBOUR_HOUSE = "01900000-0000-7000-8000-000000000002"


async def test_the_demo_hotels_are_there_once_however_often_they_are_seeded(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await seed_demo(desk.app.runtime)
    await seed_demo(desk.app.runtime)
    assert capsys.readouterr().out.splitlines() == ["demo directory: 11 added", "demo directory: all there"]
    hotels = {str(e.hotel_id) for e in await desk.app.events(HotelCreated, 2)}
    assert {LINDENHOF, HARBOUR_HOUSE} <= hotels
    granted = [e for e in await desk.app.events(MembershipGranted, 5) if str(e.hotel_id) in (LINDENHOF, HARBOUR_HOUSE)]
    assert sorted(e.role for e in granted) == ["admin", "admin", "staff", "staff", "viewer"]
    guests = [e for e in await desk.app.events(GuestCreated, 3) if str(e.hotel_id) in (LINDENHOF, HARBOUR_HOUSE)]
    assert len(guests) == 3


async def test_the_demo_hotels_widget_runs_where_the_demo_pages_are_now(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def allowed() -> list[str]:
        root = await desk.person("root@frontdesk.example", PASSWORD)
        return body(await root.api.get(f"/hotels/{LINDENHOF}"))["allowed_origins"]

    monkeypatch.setattr(desk.app.settings, "conversation_url", "http://127.0.0.1:18082")
    monkeypatch.setattr(desk.app.settings, "demo_origins", "http://127.0.0.1:5000, https://demo.example")
    await seed_demo(desk.app.runtime)
    own = ["https://www.lindenhof.example", "http://127.0.0.1:18082", "http://localhost:18082", "http://127.0.0.1:5000"]
    assert await allowed() == [*own, "https://demo.example"]
    monkeypatch.setattr(desk.app.settings, "conversation_url", "http://127.0.0.1:28082")
    monkeypatch.setattr(desk.app.settings, "demo_origins", "")
    for _ in range(2):
        await seed_demo(desk.app.runtime)
    ports = ["http://127.0.0.1:28082", "http://localhost:28082"]
    assert await allowed() == ["https://www.lindenhof.example", "https://demo.example", *ports]
    updated = [e for e in await desk.app.events(HotelUpdated, 4) if str(e.hotel_id) == LINDENHOF]
    assert [list(e.allowed_origins)[-1] for e in updated] == ["https://demo.example", ports[-1]]


@pytest.mark.parametrize(
    ("email", "role", "hotel"),
    [
        ("anna.admin@lindenhof.example", "admin", LINDENHOF),
        ("sam.staff@lindenhof.example", "staff", LINDENHOF),
        ("vera.viewer@lindenhof.example", "viewer", LINDENHOF),
        ("harry.admin@harbour-house.example", "admin", HARBOUR_HOUSE),
        ("holly.staff@harbour-house.example", "staff", HARBOUR_HOUSE),
        ("root@frontdesk.example", "superadmin", None),
    ],
)
async def test_everybody_of_the_demo_can_sign_in(desk: Desk, email: str, role: str, hotel: str | None) -> None:
    await seed_demo(desk.app.runtime)
    claims = (await desk.person(email, PASSWORD)).claims
    assert (claims["role"], claims["hotel_id"]) == (role, hotel)


async def test_the_demo_is_refused_where_it_was_not_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.app.settings, "demo", False)
    with pytest.raises(BadSettings):
        await seed_demo(desk.app.runtime)


async def test_the_first_superadmin_comes_from_the_command_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("five kettles in a row\n"))
    await create_superadmin(desk.app.runtime, "first@platform.example", "Fritz First")
    assert (await desk.person("first@platform.example", "five kettles in a row")).claims["role"] == "superadmin"


async def test_a_superadmin_with_a_weak_password_is_not_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(typer.Exit):
        await create_superadmin(desk.app.runtime, "second@platform.example", "Sascha Second")
    assert capsys.readouterr().err == "not created: use at least 12 characters\n"
    assert refusal(await desk.sign_in("second@platform.example", "short"), 401) == "bad-credentials"


async def test_sessions_that_ended_long_ago_are_forgotten(desk: Desk, hotel: Hotel) -> None:
    old, young = hotel.admin, await desk.person(hotel.admin.email)
    rt = desk.app.runtime
    async with rt.db.transaction(None) as tx, account_scope(tx, old.id):
        row = await tx.get(SessionRow, old.claims["sid"])
        row.expires_at = tx.now - timedelta(days=31)
    await forget_old_sessions(rt)
    async with rt.db.transaction(None) as tx, account_scope(tx, old.id):
        assert await tx.find(SessionRow, old.claims["sid"]) is None
        assert await tx.find(SessionRow, young.claims["sid"]) is not None
    body(await desk.refresh(young.refresh_token))


async def keep_no_secret_but_of(rt: Runtime, *people: Person) -> None:
    """What other tests left in the database plays no part."""
    async with rt.db.transaction(None, platform=True) as tx:
        await tx.execute(delete(TotpRow).where(col(TotpRow.user_id).not_in([person.id for person in people])))
        await tx.execute(update(OidcConnectionRow).values(client_secret=None))
        waiting = update(MailRow).where(col(MailRow.status) == MailStatus.WAITING)
        await tx.execute(waiting.values(status=MailStatus.DROPPED, sealed=None, settled_at=tx.now))


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


async def test_a_superadmin_who_lost_the_app_gets_in_again_by_whoever_has_the_database(
    desk: Desk, clock: Clock, hotel: Hotel, capsys: pytest.CaptureFixture[str]
) -> None:
    await with_app(hotel.admin, clock)
    await reset_second_factor(desk.app.runtime, hotel.admin.email.upper())
    assert capsys.readouterr().out == "second factor reset\n"
    assert await hotel.admin.is_refused()
    body(await desk.sign_in(hotel.admin.email), 201)
    for email in (hotel.admin.email, "nobody@nowhere.example"):
        with pytest.raises(typer.Exit):
            await reset_second_factor(desk.app.runtime, email)


@pytest.mark.parametrize("ring", ["", "c2hvcnQ"])
async def test_the_service_does_not_start_without_a_key_for_secrets(desk: Desk, ring: str) -> None:
    settings = desk.app.settings.model_copy(update={"secret_keys": SecretStr(ring)})
    with pytest.raises(BadSettings, match="FRONTDESK_SECRET_KEYS"):
        async with resources(replace(desk.app.runtime, settings=settings)):
            pass
