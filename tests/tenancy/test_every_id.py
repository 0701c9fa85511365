"""Every id that any request can name, tried one at a time with another hotel's, a colleague's or another guest's.

The names come from the services' own OpenAPI documents: a new one without a thing to try fails the first test.
"""

import secrets

import httpx

from devstack.stack import Stack
from kit.hotels import Hotel, attempt, documents, sign_in, state_of
from kit.people import PASSWORD, Guest
from kit.walks import OF_NOBODY_HERE, ask, ids_of, is_open, made_up, told

REFUSED = {403, 404, 409, 422}
CLIENT_MADE = {"id", "message_id"}
"""Of a message: whoever sends it makes the id, and a hotel's messages are its own. This walk sends one by another hotel's id."""


async def test_every_id_that_a_request_can_name_is_tried(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    seen: set[str] = set()
    for operation in await documents(stack):
        for names in operation.named().values():
            missing = names - ids_of(hotels[0], operation).keys() - OF_NOBODY_HERE.keys()
            assert not missing, f"{operation}: say in tests/tenancy/conftest.py what {missing} is, so that it is tried"
            seen |= names
    assert len(seen) > 20, seen
    assert not OF_NOBODY_HERE.keys() - seen, "listed, and in no request any more"


async def test_another_hotels_id_beside_ones_own_is_like_one_that_nobody_has(
    stack: Stack, hotels: tuple[Hotel, Hotel]
) -> None:
    """One's own conversation, say, for a colleague of another hotel; one's own hotel with their guest. Neither what is done
    nor what is said tells whether there is such a thing elsewhere."""
    attacked, attacker = hotels
    before = await state_of(stack, attacked.ids["hotel_id"])
    wrong: list[str] = []
    tried = 0
    async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
        for operation in await documents(stack):
            if is_open(operation):
                continue
            own, theirs = ids_of(attacker, operation), ids_of(attacked, operation)
            for place, names in operation.named().items():
                for name in names - OF_NOBODY_HERE.keys() - {"slug"}:
                    nobodys = own | {name: made_up(operation, theirs)[name]}
                    given = own | {name: theirs[name]}
                    answer, without = [await ask(http, stack, attacker, operation, ids) for ids in (given, nobodys)]
                    tried += 1
                    refused = answer.status_code in REFUSED
                    if place != "query" and name not in CLIENT_MADE and not refused:
                        wrong.append(f"{operation} {name}: {answer.status_code} {answer.text[:200]}")
                    if told(answer, given) != told(without, nobodys) and name not in CLIENT_MADE:
                        wrong.append(f"{operation} {name}: {answer.text[:200]} and {without.text[:200]}")
                    if answer.status_code == 401 or answer.status_code >= 429:
                        wrong.append(f"{operation} {name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert tried > 100
    after = await state_of(stack, attacked.ids["hotel_id"])
    assert [table for table in before if before[table] != after[table]] == []


async def test_a_guest_reaches_no_other_guests_conversation(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    hotel, _ = hotels
    before = await hotel.guest.conversation(), await hotel.guest.messages()
    tried = 0
    async with await Guest.arrives(stack.url("conversation"), hotel.slug) as stranger, httpx.AsyncClient() as http:
        for operation in await documents(stack):
            if operation.path.startswith("/widget/conversations/{"):
                answer = await attempt(http, stack, operation, ids_of(hotel, operation), stranger.token)
                assert answer.status_code == 404, f"{operation}: {answer.status_code} {answer.text[:200]}"
                tried += 1
    assert tried >= 10
    assert (await hotel.guest.conversation(), await hotel.guest.messages()) == before


async def test_an_admin_reaches_nothing_that_is_a_colleagues_own(stack: Stack, hotels: tuple[Hotel, Hotel]) -> None:
    """Sessions, views, identities: the rights of an admin do not lead there."""
    hotel, _ = hotels
    mine = {"session_id", "view_id", "identity_id"}
    colleague = f"ada.{secrets.token_hex(4)}@{hotel.slug}.example"
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
        await sign_in(http, stack, hotel)
        person = {"email": colleague, "name": "Ada", "role": "admin", "password": PASSWORD}
        headers = {"authorization": f"Bearer {hotel.token}"}
        made = await http.post(f"{stack.url('identity')}/users", json=person, headers=headers)
        assert made.status_code == 201, made.text
        signed_in = await http.post(f"{stack.url('identity')}/tokens", json={"email": colleague, "password": PASSWORD})
        token = signed_in.raise_for_status().json()["access_token"]
        tried = 0
        for operation in await documents(stack):
            if operation.named()["path"] & mine:
                answer = await attempt(http, stack, operation, hotel.ids, token)
                nobodys = await attempt(http, stack, operation, made_up(operation, hotel.ids), token)
                assert answer.status_code == 404, f"{operation}: {answer.status_code} {answer.text[:200]}"
                assert answer.json() | {"trace_id": ""} == nobodys.json() | {"trace_id": ""}
                tried += 1
    assert tried >= 10
