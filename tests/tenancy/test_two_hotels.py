"""Every route of every service, tried with the other hotel's ids and tokens. Nothing crosses.

The routes come from the services' own OpenAPI documents: a new route is covered by itself.
"""

import httpx
import pytest

from devstack.stack import Stack
from kit.hotels import Hotel, attempt, documents, open_hotel, own_token, state_of


@pytest.fixture(scope="session")
async def hotels(stack: Stack) -> tuple[Hotel, Hotel]:
    """The one that is attacked and the one that attacks."""
    return (
        await open_hotel(stack, "lindenhof", "anna.admin@lindenhof.example"),
        await open_hotel(stack, "harbour-house", "harry.admin@harbour-house.example"),
    )


async def test_no_route_gives_or_changes_anything_of_the_other_hotel(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    attacked, attacker = hotels
    before = await state_of(stack, attacked.ids["hotel_id"])
    assert len(before) >= 6, "the tables of all services were looked at"
    secrets = {value for name, value in attacked.ids.items() if name != "slug"}
    tried: list[str] = []
    crossed: list[str] = []
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for operation in await documents(stack):
            answer = await attempt(http, stack, operation, attacked.ids, own_token(operation, attacker))
            tried.append(str(operation))
            if operation.parameters("path") and answer.status_code < 400 and "slug" not in operation.parameters("path"):
                crossed.append(f"{operation}: {answer.status_code}")
            if answer.status_code >= 500:
                crossed.append(f"{operation}: {answer.status_code} {answer.text[:200]}")
            leaked = [secret for secret in secrets if secret in answer.text and answer.status_code < 400]
            if leaked:
                crossed.append(f"{operation}: shows {leaked}")
    assert not crossed, "\n".join(crossed)
    assert len(tried) > 50, f"only {len(tried)} routes were tried"
    after = await state_of(stack, attacked.ids["hotel_id"])
    changed = [table for table in before if before[table] != after[table]]
    assert not changed, f"rows of the other hotel changed in {changed}"


async def test_no_route_that_is_not_public_answers_without_a_token(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    attacked, _ = hotels
    open_routes = {
        ("identity", "/tokens"),
        ("identity", "/tokens/refresh"),
        ("identity", "/tokens/revoke"),
        ("identity", "/oauth/token"),
        ("identity", "/.well-known/jwks.json"),
        ("conversation", "/widget/sessions"),
        ("gateway", "/api/session"),
        ("gateway", "/widget/sessions"),
    }
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for operation in await documents(stack):
            if (operation.service, operation.path) in open_routes:
                continue
            answer = await attempt(http, stack, operation, attacked.ids, None)
            assert answer.status_code == 401, f"{operation} answered {answer.status_code} without a token"
            assert answer.headers["content-type"] == "application/problem+json", str(operation)


async def test_a_staff_token_opens_no_widget_route_and_a_guest_token_no_desk_route(
    stack: Stack, hotels: tuple[Hotel, Hotel]
) -> None:
    hotel, _ = hotels
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for operation in await documents(stack):
            widget = operation.path.startswith("/widget/conversations")
            if operation.path.startswith(("/tokens", "/oauth", "/.well-known", "/api/session", "/widget/sessions")):
                continue
            wrong = hotel.token if widget else hotel.guest.token
            answer = await attempt(http, stack, operation, hotel.ids, wrong)
            assert answer.status_code in (401, 403), (
                f"{operation} answered {answer.status_code} to the wrong kind of token"
            )
