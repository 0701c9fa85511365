"""The service as a whole: its tables, what its routes demand, its figures and traces."""

from conversation_play import Guest, Hotel
from service_play import ScriptedEngine

from conversation.app import service
from servicekit.access import AccessKind, route_permissions
from servicekit.database import Database
from servicekit.tenancy import lint_url
from servicekit.testing import RunningService


async def test_every_tenant_table_keeps_hotels_apart(desk: RunningService) -> None:
    assert await lint_url(desk.settings.database_owner_url) == []


async def test_every_route_demands_a_permission_or_a_guest_but_the_opening_the_session_and_the_files() -> None:
    open_to_all = [
        (route.method, route.path)
        for route in route_permissions(service.app())
        if any(access.kind is AccessKind.PUBLIC for access in route.access) and route.path != "/openapi.json"
    ]
    assert open_to_all == [
        ("GET", "/widget/opening"),
        ("POST", "/widget/sessions"),
        ("GET", "/widget/frontdesk.js"),
        ("GET", "/widget/manifest.json"),
        ("GET", "/widget/assets/{name}"),
        ("GET", "/demo/{slug}"),
        ("GET", "/demo/assets/{path:path}"),
    ]


async def test_a_widget_finds_no_hotel_but_the_one_it_names(
    hotel: Hotel, other_hotel: Hotel, desk: RunningService
) -> None:
    database = Database(desk.settings.database_url, pool_size=1, service="conversation")
    async with database.autocommit() as connection:
        every = await connection.exec_driver_sql("SELECT slug FROM hotels")
        assert every.all() == []
        named = await connection.exec_driver_sql("SELECT slug FROM hotel_by_slug($1)", (hotel.slug,))
        assert named.scalars().all() == [hotel.slug]
        after = await connection.exec_driver_sql("SELECT slug FROM hotels")
        assert after.all() == []
    await database.dispose()


async def test_turns_are_counted_by_action(guest: Guest, engine: ScriptedEngine, desk: RunningService) -> None:
    await guest.ask("Is this counted?")
    await guest.settled()
    figures = (await desk.client().get(f"{desk.metrics_url}/metrics")).text
    assert 'conversation_turns_total{action="answer"}' in figures
    assert "conversation_turn_duration_seconds_bucket" in figures
    assert "conversation_turn_confidence_bucket" in figures


async def test_one_trace_leads_from_the_message_to_its_answer(guest: Guest, hotel: Hotel) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    guest.client.headers["traceparent"] = f"00-{trace_id}-00f067aa0ba902b7-01"
    await guest.ask("I want a refund, traced!")
    rows = await hotel.rows(
        "SELECT type FROM outbox WHERE split_part(headers ->> 'traceparent', '-', 2) = $1 ORDER BY seq", trace_id
    )
    assert [row["type"] for row in rows] == [
        "frontdesk.message.sent.v1",
        "frontdesk.message.sent.v1",
        "frontdesk.turn.handed_over.v1",
    ]
