"""What is done from the command line, and by the clock."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest
import typer
from identity_play import Clock, Desk, Hotel, body, refusal, with_app
from pydantic import SecretStr

from contracts.events import GuestCreated, HotelCreated, HotelUpdated, MembershipGranted
from identity.accounts import account_scope
from identity.demo.seed import PASSWORD, seed_demo
from identity.jobs import forget_old_sessions
from identity.operators import create_superadmin, reset_second_factor
from identity.resources import resources
from identity.tables import SessionRow
from servicekit.settings import BadSettings

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
