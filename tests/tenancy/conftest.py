"""Two hotels with something of everything, one of which attacks the other."""

import httpx
import pytest

from devstack.stack import Stack
from kit.hotels import Hotel, open_hotel


@pytest.fixture(scope="session")
async def hotels(stack: Stack) -> tuple[Hotel, Hotel]:
    """The one that is attacked and the one that attacks."""
    return (
        await _opened(stack, "lindenhof", "anna.admin@lindenhof.example"),
        await _opened(stack, "harbour-house", "harry.admin@harbour-house.example"),
    )


async def _opened(stack: Stack, slug: str, admin: str) -> Hotel:
    """With what bodies and queries alone name: a second record of a guest, and whom entries are about."""
    hotel = await open_hotel(stack, slug, admin)
    headers = {"authorization": f"Bearer {hotel.token}"}
    async with httpx.AsyncClient(base_url=stack.url("identity"), headers=headers, trust_env=False) as http:
        twice = (await http.post("/guests", json={"name": "Twice Known", "language": "en"})).raise_for_status()
    hotel.ids |= {
        "duplicate_id": twice.json()["id"],
        "object_id": hotel.ids["guest_id"],
        "actor": hotel.ids["user_id"],
    }
    return hotel
