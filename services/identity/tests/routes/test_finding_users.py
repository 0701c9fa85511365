"""People are found by what somebody types."""

import secrets

from identity_play import Desk, Hotel, Json, body


def names(page: Json) -> list[str]:
    return [user["name"] for user in page["items"]]


async def test_a_colleague_is_found_with_typos_and_without_accents(hotel: Hotel) -> None:
    for name in ("Jürgen Straßmann", "Zoé Čapek", "Ben Vogel"):
        await hotel.member(name=name)
    for typed, found in (
        ("jurgen", ["Jürgen Straßmann"]),
        ("strassman", ["Jürgen Straßmann"]),
        ("CAPEK zoe", ["Zoé Čapek"]),
        ("capk", ["Zoé Čapek"]),
        ("vogle", ["Ben Vogel"]),
        ("%", []),
        ("_", []),
        ("xyzxyz", []),
    ):
        assert names(body(await hotel.admin.api.get("/users", params={"q": typed}))) == found, typed
    admins = body(await hotel.admin.api.get("/users", params={"q": hotel.admin.email, "role": "admin"}))
    assert names(admins)[0] == "Ada Ahorn"
    assert names(body(await hotel.admin.api.get("/users", params={"q": "vogel", "role": "admin"}))) == []
    assert names(body(await hotel.admin.api.get("/users", params={"q": "vogel", "active": False}))) == []


async def test_a_hotel_searches_its_own_names_and_not_those_of_the_account_nor_of_other_hotels(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    secret = secrets.token_hex(6)
    member = await hotel.member(name=f"Real {secret}")
    body(await desk.root.put(f"/hotels/{other_hotel.id}/users/{member.id}", json={"role": "staff", "name": "Alias"}))
    assert names(body(await other_hotel.admin.api.get("/users", params={"q": secret}))) == []
    assert names(body(await other_hotel.admin.api.get("/users", params={"q": "alias"}))) == ["Alias"]
    assert names(body(await hotel.admin.api.get("/users", params={"q": "alias"}))) == []


async def test_the_platform_finds_accounts_a_page_at_a_time(desk: Desk, hotel: Hotel) -> None:
    word = secrets.token_hex(6)
    for number in range(3):
        await hotel.member(name=f"{word} {number}")
    found: list[str] = []
    cursor: str | None = None
    while cursor is not None or not found:
        page = body(
            await desk.root.get("/users", params={"q": word, "limit": 2} | ({"cursor": cursor} if cursor else {}))
        )
        found += names(page)
        cursor = page["next_cursor"]
    assert sorted(found) == [f"{word} {number}" for number in range(3)]
    assert names(body(await desk.root.get(f"/hotels/{hotel.id}/users", params={"q": f"{word} 1", "limit": 1}))) == [
        f"{word} 1"
    ]
