"""Texts that would like to be code: what people write is shown as they wrote it, and opens no file."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from devstack.stack import Stack
from hostile.attack import request, wire
from hostile.conftest import Unnoticed
from kit.people import PASSWORD, Guest, until
from servicekit.ids import new_id

CODE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{0.__class__.__mro__}",
    "{hotel}",
    "{hotel.__class__}",
    "{{7*7}}",
    "{% for x in y %}",
    "${7*7}",
    "%s%n%(name)s",
    "'; drop table messages; --",
    "\u202egnp.exe",
    "{",
    "}{}",
)
NAME = "{0.__class__} {hotel} {{7*7}} <b>%s</b>"


@pytest.fixture(scope="module")
async def hotel(stack: Stack) -> AsyncGenerator[tuple[str, httpx.AsyncClient]]:
    """A hotel whose name, consent text and only article are hostile; its slug, and its admin's client."""
    slug = f"hostile-{new_id().hex[-8:]}"
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:

        async def signed_in(email: str) -> None:
            answer = await http.post(f"{stack.url('identity')}/tokens", json={"email": email, "password": PASSWORD})
            answer.raise_for_status()
            http.headers["authorization"] = f"Bearer {answer.json()['access_token']}"

        async def made(url: str, body: object) -> dict[str, object]:
            answer = await http.post(url, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        await signed_in("root@frontdesk.example")
        new = await made(
            f"{stack.url('identity')}/hotels",
            {
                "slug": slug,
                "name": NAME,
                "time_zone": "Europe/Vienna",
                "default_language": "en",
                "languages": ["en"],
                "consent_text": NAME,
            },
        )
        email = f"admin@{slug}.example"
        await made(
            f"{stack.url('identity')}/hotels/{new['id']}/users",
            {"email": email, "name": NAME, "role": "admin", "password": PASSWORD},
        )
        await signed_in(email)
        body = f"The swimming pool is open from 7 to 21. {' '.join(CODE)}"
        article = {"language": "en", "title": f"Swimming pool {NAME}", "body": body}
        await made(f"{stack.url('conversation')}/articles", {"variants": [article], "published": True})

        async def known() -> bool:
            asked = await http.post(f"{stack.url('conversation')}/widget/sessions", json={"hotel": slug})
            return asked.status_code == 201

        await until(known, what="the conversation service knowing the hotel")
        yield slug, http


async def test_names_and_articles_are_shown_as_they_were_written(
    base: str, hotel: tuple[str, httpx.AsyncClient], unnoticed: Unnoticed
) -> None:
    slug, _ = hotel
    async with unnoticed(), await Guest.arrives(base, slug) as guest:
        greeted = await guest.asks("hello")
        assert NAME in greeted["text"], greeted
        answered = await guest.asks("When is the swimming pool open?")
        assert any(piece in answered["text"] for piece in CODE), answered
        assert "__mro__" not in answered["text"] or "{0.__class__.__mro__}" in answered["text"], answered
        opening = await guest.http.get("/widget/opening", params={"hotel": slug})
        assert opening.json()["hotel"]["name"] == NAME
        assert opening.headers["content-type"] == "application/json"


async def test_whatever_a_guest_writes_is_kept_and_shown_as_it_is(
    stack: Stack, base: str, hotel: tuple[str, httpx.AsyncClient], unnoticed: Unnoticed
) -> None:
    slug, admin = hotel
    async with unnoticed(), await Guest.arrives(base, slug) as guest:
        strangers = [await Guest.arrives(base, slug) for _ in CODE]
        replies = await asyncio.gather(*(one.asks(text) for one, text in zip(strangers, CODE, strict=True)))
        assert all(reply["text"] for reply in replies)
        for text in CODE:
            await guest.says(text)
        kept = [one["text"] for one in await guest.messages() if one["sender"] == "guest"]
        assert kept == [text.strip() for text in CODE]
        seen = await admin.get(f"{stack.url('conversation')}/conversations/{guest.conversation_id}/messages")
        assert [one["text"] for one in seen.json()["items"] if one["sender"] == "guest"] == kept
        assert seen.headers["content-type"] == "application/json"
        assert seen.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("folder", ["/widget/assets/", "/demo/assets/", "/demo/", "/widget/"])
@pytest.mark.parametrize(
    "path",
    [
        "../../../../etc/passwd",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "..%252f..%252fetc%252fpasswd",
        "..%5c..%5cetc%5cpasswd",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "....//....//etc/passwd",
        "frontdesk.js%00.png",
        "../manifest.json",
        ".",
        "..",
        "%c0%ae%c0%ae/manifest.json",
        "x" * 5_000,
    ],
)
async def test_no_path_leads_out_of_the_widgets_folder(base: str, folder: str, path: str) -> None:
    answer = await _raw(base, folder + path)
    status = int(answer.split(b" ", 2)[1])
    assert status in (400, 403, 404, 405, 414, 431), answer[:300]
    assert b"root:" not in answer


async def _raw(base: str, path: str) -> bytes:
    """The answer to a path that no client of good manners would send as it is."""
    line = await wire(base)
    line.writer.write(request("GET", path, connection="close"))
    return await line.until_closed(10)
