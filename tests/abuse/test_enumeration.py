"""Whether an address has an account: no answer at the public address tells, by status, words or headers.

That the same work is done, too, and tries are counted alike, is in identity's own tests, where the statements can be counted; docs/abuse.md names them.
"""

import secrets
from collections.abc import Callable

import httpx
import pytest

from devstack.stack import Stack
from kit.hotels import new_hotel
from kit.people import PASSWORD, Json, Staff, browser

OF_THE_MOMENT = {"date", "x-trace-id"}


def said(answer: httpx.Response) -> tuple[int, Json, dict[str, str]]:
    """All of an answer but what differs between any two."""
    body = answer.json() if answer.content else None
    if isinstance(body, dict):
        body.pop("trace_id", None)
    headers = {name: "" if name in OF_THE_MOMENT else value for name, value in answer.headers.items()}
    return answer.status_code, {"body": body}, headers


@pytest.fixture(scope="module")
async def known(stack: Stack) -> dict[str, str]:
    """An address with an account, one whose account is in no hotel any more, and one that nobody has."""
    _, admin = await new_hotel(stack)
    gone = admin.replace("ada@", "gone@")
    async with await Staff.signs_in(stack.url("gateway"), admin) as ada:
        left = await ada.does("/users", {"email": gone, "name": "Gone", "role": "staff", "password": PASSWORD}, 201)
        await ada.does(f"/users/{left['id']}/deactivate")
    nobody = admin.replace("ada@", f"nobody.{secrets.token_hex(4)}@")
    return {"member": admin, "former": gone, "nobody": nobody}


def hotel_of(email: str) -> str:
    """The slug of the hotel that `known` made."""
    return email.rpartition("@")[2].removesuffix(".example")


ASKED: dict[str, Callable[[str], tuple[str, Json]]] = {
    "sign-in": lambda email: ("/api/session", {"email": email, "password": "not the password at all"}),
    "sign-in into a hotel": lambda email: (
        "/api/session",
        {"email": email, "password": "not the password at all", "hotel": hotel_of(email)},
    ),
    "sign-in with a code": lambda email: (
        "/api/session",
        {"email": email, "password": "not the password at all", "second_factor": "123456"},
    ),
    "forgotten password": lambda email: ("/api/password-reset", {"email": email}),
}


@pytest.mark.parametrize("what", ASKED)
async def test_an_address_with_an_account_is_answered_like_one_without(
    stack: Stack, known: dict[str, str], what: str
) -> None:
    answers: list[tuple[int, Json, dict[str, str]]] = []
    for email in known.values():
        path, body = ASKED[what](email)
        async with browser(stack.url("gateway")) as somebody:
            answers.append(said(await somebody.post(path, json=body)))
            assert not somebody.cookies
    assert answers[0][0] in (202, 401)
    assert answers[0] == answers[1] == answers[2]


async def test_a_former_members_right_password_is_answered_like_a_wrong_one(
    stack: Stack, known: dict[str, str]
) -> None:
    async with browser(stack.url("gateway")) as somebody:
        right, wrong = [
            said(await somebody.post("/api/session", json={"email": known["former"], "password": password}))
            for password in (PASSWORD, "not the password at all")
        ]
    assert right == wrong


async def test_inviting_somebody_tells_a_hotel_nothing_of_accounts_elsewhere(
    stack: Stack, known: dict[str, str]
) -> None:
    """An admin invites an address that has an account in another hotel, and one that has none anywhere."""
    async with await Staff.signs_in(stack.url("gateway"), known["member"]) as ada:
        seen: list[Json] = []
        for email in ("harry.admin@harbour-house.example", f"new.{secrets.token_hex(4)}@harbour-house.example"):
            made = await ada.does("/invitations", {"email": email, "name": "Harry", "role": "viewer"}, 201)
            seen.append({name: type(value).__name__ for name, value in made.items()} | {"status": made["status"]})
        assert seen[0] == seen[1]
        found = await ada.get("/users", q="harry")
        assert [one for one in found["items"] if "harbour-house" in one["email"]] == []
