"""Staff find a guest by what they have: an address, a number, a name as they heard it."""

import asyncpg
import pytest
from identity_play import Desk, Hotel, body, refusal

from servicekit.pagination import encode_cursor

PEOPLE = (
    {"name": "Jürgen Müller", "email": "jm@guests.example", "phone": "+43 1 2345678", "language": "de"},
    {"name": "Emily Johnson", "email": "emily.johnson@guests.example", "phone": "+44 20 7946 0018"},
    {"name": "Søren Kjærgård", "email": "sk@guests.example"},
    {"name": "Νίκος Παπαδόπουλος"},
    {"name": "Anna Straße", "email": "a_s%100@guests.example"},
    {"name": "Andrea Weiß"},
)


@pytest.fixture(scope="module")
async def house(desk: Desk) -> Hotel:
    """A hotel with these people on record; the tests of this module leave them as they are."""
    house = await desk.hotel()
    for person in PEOPLE:
        body(await house.admin.api.post("/guests", json=person), 201)
    return house


async def names(house: Hotel, **wanted: object) -> list[str]:
    """Who is found, in order."""
    return [guest["name"] for guest in body(await house.admin.api.get("/guests", params=wanted))["items"]]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("spelling", ["emily.johnson@guests.example", " Emily.Johnson@GUESTS.example"])
async def test_an_address_finds_its_guest_in_any_spelling(house: Hotel, spelling: str) -> None:
    assert await names(house, email=spelling) == ["Emily Johnson"]


@pytest.mark.parametrize("spelling", ["+4312345678", "+43 (1) 234-5678", "+43-1-2345678"])
async def test_a_number_finds_its_guest_in_any_spelling(house: Hotel, spelling: str) -> None:
    assert await names(house, phone=spelling) == ["Jürgen Müller"]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("muller", "Jürgen Müller"),
        ("MÜLLER", "Jürgen Müller"),
        ("Mueller", "Jürgen Müller"),
        ("muler", "Jürgen Müller"),
        ("Muller Jurgen", "Jürgen Müller"),
        ("Jonson", "Emily Johnson"),
        ("emili johnsen", "Emily Johnson"),
        ("soren", "Søren Kjærgård"),
        ("kjaergard", "Søren Kjærgård"),
        ("παπαδοπουλος", "Νίκος Παπαδόπουλος"),
        ("ΝΙΚΟΣ", "Νίκος Παπαδόπουλος"),
        ("strasse", "Anna Straße"),
        ("emily.j", "Emily Johnson"),
        ("a_s%1", "Anna Straße"),
        ("01 2345678", "Jürgen Müller"),
        ("+43 1 234", "Jürgen Müller"),
        ("79460018", "Emily Johnson"),
    ],
)
async def test_a_guest_is_found_by_what_was_typed(house: Hotel, typed: str, first: str) -> None:
    assert (await names(house, q=typed))[:1] == [first]


async def test_what_was_typed_comes_before_what_is_only_like_it(house: Hotel) -> None:
    found = await names(house, q="Anna")
    assert found[0] == "Anna Straße"
    assert "Andrea Weiß" in found[1:]


@pytest.mark.parametrize("typed", ["xyzzy", "%", "_%_", "\\", "4312345679", "\u0301", "000"])
async def test_what_fits_nobody_finds_nobody(house: Hotel, typed: str) -> None:
    assert await names(house, q=typed) == (["Anna Straße"] if typed == "%" else [])


async def test_a_search_is_read_page_by_page(house: Hotel) -> None:
    whole = await names(house, q="guests.example")
    assert len(whole) == 4
    paged: list[str] = []
    cursor: dict[str, str] = {}
    while len(paged) < 10:
        page = body(await house.admin.api.get("/guests", params={"q": "guests.example", "limit": 1, **cursor}))
        paged += [guest["name"] for guest in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert paged == whole


async def test_vips_are_listed_and_searched_for_themselves(hotel: Hotel) -> None:
    for name, status in (("Vera One", "vip"), ("Vera Two", "new"), ("Otto", "vip")):
        body(await hotel.admin.api.post("/guests", json={"name": name, "status": status}), 201)
    assert await names(hotel, status="vip") == ["Otto", "Vera One"]
    assert await names(hotel, status="vip", q="vera") == ["Vera One"]


async def test_a_change_is_found_at_once(hotel: Hotel) -> None:
    made = body(await hotel.admin.api.post("/guests", json={"name": "Ida Lind"}), 201)
    body(await hotel.admin.api.patch(f"/guests/{made['id']}", json={"name": "Ida Sommer"}))
    assert (await names(hotel, q="sommer"), await names(hotel, q="lind")) == (["Ida Sommer"], [])


@pytest.mark.parametrize(
    "wanted",
    [
        {"email": "nobody"},
        {"phone": "01 2345678"},
        {"q": ""},
        {"q": "x" * 101},
        {"q": "anna", "cursor": encode_cursor("0190d3b0-0000-7000-8000-000000000000")},
        {"q": "anna", "cursor": encode_cursor("x", "0190d3b0-0000-7000-8000-000000000000")},
        {"q": "anna", "cursor": encode_cursor(2**40, "0190d3b0-0000-7000-8000-000000000000")},
        {"q": "anna", "cursor": encode_cursor(3, "x")},
        {"cursor": encode_cursor(3, "0190d3b0-0000-7000-8000-000000000000")},
    ],
)
async def test_a_question_that_cannot_be_is_refused(house: Hotel, wanted: dict[str, str]) -> None:
    assert refusal(await house.admin.api.get("/guests", params=wanted), 422) in ("validation", "bad-cursor")


async def test_another_hotels_guests_are_not_found(house: Hotel, other_hotel: Hotel) -> None:
    assert await names(house, email="jm@guests.example") == ["Jürgen Müller"]
    for wanted in ({"email": "jm@guests.example"}, {"phone": "+4312345678"}, {"q": "muller"}, {"q": "2345678"}):
        assert await names(other_hotel, **wanted) == []


async def test_a_search_among_many_guests_goes_by_the_index(desk: Desk, hotel: Hotel) -> None:
    """As the service's own role, under row-level security, which keeps indexes from operators that might leak."""
    connection = await asyncpg.connect(desk.app.settings.database_url)
    try:
        await connection.execute("select set_config('app.hotel_id', $1, false)", str(hotel.id))
        await connection.execute(
            "insert into guests (id, hotel_id, version, created_at, updated_at, name, status)"
            " select gen_random_uuid(), $1, 1, now(), now(), md5(number::text), 'new'"
            " from generate_series(1, 20000) as number",
            hotel.id,
        )
        owner = await asyncpg.connect(desk.app.settings.database_owner_url)
        await owner.execute("analyze guests")
        await owner.close()
        for condition in (
            "search like '%johnson%'",
            "'jonson' <% search",
            "search like '%jonson%' or 'jonson' <% search",
        ):
            [plan] = await connection.fetchrow(
                "explain (format json) select id from guests where hotel_id = $1 and merged_into is null"
                f" and ({condition})",
                hotel.id,
            )
            assert "guests_search" in plan, plan
    finally:
        await connection.close()
