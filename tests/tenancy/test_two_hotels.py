"""Every route of every service, tried with the other hotel's ids and tokens. Nothing crosses.

The routes come from the services' own OpenAPI documents: a new route is covered by itself.
"""

import httpx

from devstack.stack import Stack
from kit.hotels import Hotel, attempt, documents, state_of
from kit.walks import COOKIE_ONLY, ids_of, is_open, walk

OWN = {"slug"}
"""What a path may name without naming another hotel's thing: hotels are found by slug by everybody who may sign in."""


async def test_no_route_gives_or_changes_anything_of_the_other_hotel(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    attacked, attacker = hotels
    before = await state_of(stack, attacked.ids["hotel_id"])
    assert len(before) >= 6, "the tables of all services were looked at"
    secrets = {value for name, value in attacked.ids.items() if name not in {"slug", "version"}}
    wrong: list[str] = []
    answers = await walk(stack, attacker, lambda operation: ids_of(attacked, operation))
    for operation, answer in answers:
        said = f"{operation}: {answer.status_code} {answer.text[:200]}"
        named = set(operation.parameters("path")) - OWN or operation.path == "/tokens/switch"
        if (
            (named and answer.status_code not in (403, 404))
            or answer.status_code in (401, 429)
            or answer.status_code >= 500
        ):
            wrong.append(said)
        if leaked := [secret for secret in secrets if secret in answer.text and answer.status_code < 400]:
            wrong.append(f"shows {leaked}: {said}")
    assert not wrong, "\n".join(wrong)
    assert len(answers) > 80, f"only {len(answers)} routes were tried"
    after = await state_of(stack, attacked.ids["hotel_id"])
    changed = [table for table in before if before[table] != after[table]]
    assert not changed, f"rows of the other hotel changed in {changed}"


async def test_no_route_that_is_not_public_answers_without_a_token(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    attacked, _ = hotels
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for operation in await documents(stack):
            if is_open(operation):
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
            widget = operation.path.startswith("/widget/")
            if is_open(operation) or (operation.service, operation.path) in COOKIE_ONLY:
                continue
            wrong = hotel.token if widget else hotel.guest.token
            answer = await attempt(http, stack, operation, hotel.ids, wrong)
            assert answer.status_code in (401, 403), (
                f"{operation} answered {answer.status_code} to the wrong kind of token"
            )
        for service, path, token in (
            ("identity", "/me", hotel.token),
            ("conversation", "/widget/conversations/current", hotel.guest.token),
        ):
            answer = await http.get(f"{stack.url(service)}{path}", headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 200, "it was refused for its kind, not because it no longer held"


async def test_the_same_walk_with_the_hotels_own_ids_gets_through(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    """The control: the walk that finds nothing of the other hotel does find, and change, what is one's own."""
    _, hotel = hotels
    before = await state_of(stack, hotel.ids["hotel_id"])
    answers = await walk(stack, hotel, lambda operation: ids_of(hotel, operation))
    through = [str(operation) for operation, answer in answers if operation.parameters("path") and answer.is_success]
    assert len(through) > 25, through
    after = await state_of(stack, hotel.ids["hotel_id"])
    assert sum(before[table] != after[table] for table in before) > 10
