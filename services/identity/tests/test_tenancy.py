"""What the database itself keeps apart, whatever the code above it does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from identity_play import Clock, Desk, Hotel, with_app

from identity.app import service
from servicekit.tenancy import lint_url

Connection = Any  # asyncpg has no types
PRIVATE = ("credentials", "sessions", "refresh_tokens")
HIDDEN = ("oidc_identities", "oidc_codes", "clerk_deliveries", "clerk_objects")
TENANT = ("hotels", "memberships", "guests", "audit_entries")


@asynccontextmanager
async def as_app(desk: Desk, **scope: object) -> AsyncGenerator[Connection]:
    """A connection of the app role, with that scope set."""
    connection = await asyncpg.connect(desk.app.settings.database_url)
    try:
        for name, value in scope.items():
            await connection.execute("select set_config($1, $2, false)", f"app.{name}", str(value))
        yield connection
    finally:
        await connection.close()


async def test_every_table_keeps_hotels_apart_or_says_why_it_has_none(desk: Desk) -> None:
    assert await lint_url(desk.app.settings.database_owner_url, service.platform_tables, service.kept_tables) == []


async def test_without_a_scope_nothing_is_seen(desk: Desk, standing_hotel: Hotel) -> None:
    async with as_app(desk) as connection:
        for table in (*TENANT, *PRIVATE, *HIDDEN, "oidc_connections", "users"):
            assert await connection.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_hotel_sees_its_own_rows_and_the_accounts_of_its_people(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    async with as_app(desk, hotel_id=other_hotel.id) as connection:
        for table in TENANT:
            hotels = {row[0] for row in await connection.fetch(f"select distinct hotel_id from {table}")}
            assert hotels <= {other_hotel.id}, table
        assert [row[0] for row in await connection.fetch("select id from users")] == [other_hotel.admin.id]
        for table in (*PRIVATE, *HIDDEN):
            assert await connection.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_hotel_changes_no_account_and_writes_into_no_other_hotel(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    async with as_app(desk, hotel_id=other_hotel.id) as connection:
        assert await connection.execute("update users set superadmin = true") == "UPDATE 0"
        assert await connection.execute("update hotels set name = 'x' where id = $1", standing_hotel.id) == "UPDATE 0"
        try:
            await connection.execute(
                "insert into guests (id, hotel_id, version, created_at, updated_at, status)"
                " values (gen_random_uuid(), $1, 1, now(), now(), 'new')",
                standing_hotel.id,
            )
        except asyncpg.InsufficientPrivilegeError:
            pass
        else:
            raise AssertionError("a guest was written into another hotel")


async def test_an_accounts_scope_shows_that_account_alone(
    desk: Desk, standing_hotel: Hotel, other_hotel: Hotel
) -> None:
    me = standing_hotel.admin.id
    async with as_app(desk, account_id=me) as connection:
        assert [row[0] for row in await connection.fetch("select id from users")] == [me]
        assert [row[0] for row in await connection.fetch("select id from hotels")] == [standing_hotel.id]
        for table in (*PRIVATE, "memberships"):
            assert {row[0] for row in await connection.fetch(f"select user_id from {table}")} == {me}, table


async def test_a_second_factor_is_seen_in_its_accounts_own_scope_alone(desk: Desk, clock: Clock, hotel: Hotel) -> None:
    await with_app(hotel.admin, clock)
    member = await hotel.member()
    await with_app(member, clock)
    for table, rows in (("totp", 1), ("recovery_codes", 10)):
        for scope in ({}, {"hotel_id": hotel.id}):
            async with as_app(desk, **scope) as connection:
                assert await connection.fetchval(f"select count(*) from {table}") == 0, (table, scope)
        async with as_app(desk, account_id=member.id) as connection:
            owners = [row[0] for row in await connection.fetch(f"select user_id from {table}")]
            assert owners == [member.id] * rows
            others = f"delete from {table} where user_id = $1"
            assert await connection.execute(others, hotel.admin.id) == "DELETE 0"


async def test_a_look_up_gives_one_id_and_leaves_no_scope_behind(desk: Desk, standing_hotel: Hotel) -> None:
    async with as_app(desk) as connection, connection.transaction():
        found = await connection.fetchval("select account_of_email($1)", standing_hotel.admin.email)
        assert found == standing_hotel.admin.id
        assert await connection.fetchval("select count(*) from users") == 0
