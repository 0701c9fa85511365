"""What ends a line, and what leads elsewhere, in whatever goes into a mail's head, an answer's headers or an address.

Identity's own tests look at the mails on the wire; docs/abuse.md names them.
"""

import asyncio

import pytest

from devstack.stack import Stack
from gateway.routes.passing_on import ROUTES
from kit.hotels import ROOT, SERVICES, Hotel, documents, open_hotel, own_token, path_at, state_of
from kit.people import PASSWORD, browser
from kit.samples import fields

ADMIN = "anna.admin@lindenhof.example"
ENDINGS = ("\r\n", "\n", "\x0b", "\x85", "\u2028")
ADDRESSES = (
    *(f"eva@there.example{ending}Bcc: everybody@there.example" for ending in ENDINGS),
    "eva@there.example, everybody@there.example",
    "Eva <eva@there.example>",
    '"eva\r\nBcc: x"@there.example',
)
PASSED_ON = {f"/api{route.path}" for route in ROUTES}


@pytest.fixture(scope="module")
async def hotel(stack: Stack) -> Hotel:
    return await open_hotel(stack, "lindenhof", ADMIN)


async def test_no_address_with_a_second_line_or_a_second_recipient_is_taken_anywhere(
    stack: Stack, hotel: Hotel
) -> None:
    """Every body of every service that has a place for an e-mail address."""
    before = await state_of(stack, hotel.ids["hotel_id"])
    tried: set[str] = set()
    async with browser(stack.url("gateway")) as http:
        root = await http.post(f"{stack.url('identity')}/tokens", json={"email": ROOT, "password": PASSWORD})
        superadmin = root.raise_for_status().json()["access_token"]
        for operation in await documents(stack):
            content = operation.details.get("requestBody", {}).get("content", {}).get("application/json")
            if content is None or operation.path in PASSED_ON:
                continue
            if "email" not in {name for name, _ in fields(content["schema"], operation.document)}:
                continue
            platform = operation.path.startswith("/hotels")
            headers = {"authorization": f"Bearer {superadmin if platform else own_token(operation, hotel)}"}
            url = path_at(stack, operation, hotel.ids)
            for address in ADDRESSES:
                body = (operation.body(hotel.ids) or {}) | {"email": address}
                answer = await http.request(operation.method.upper(), url, json=body, headers=headers)
                said = f"{operation}, {address!r}: {answer.status_code} {answer.text[:200]}"
                if operation.path == "/api/session":
                    assert answer.status_code in (401, 422), said  # no mail comes of it
                else:
                    assert answer.status_code == 422, said
                    assert "/email" in [error["pointer"] for error in answer.json()["errors"]], said
                    assert "everybody" not in str(answer.headers), said
            tried.add(str(operation))
    assert len(tried) >= 8, tried
    assert await state_of(stack, hotel.ids["hotel_id"]) == before


@pytest.mark.parametrize("service", [*SERVICES, "gateway"])
async def test_no_way_of_writing_a_path_leads_a_browser_elsewhere_or_adds_a_header(stack: Stack, service: str) -> None:
    """What frameworks make of slashes too many: a redirect to whatever host stands there."""
    host, port = stack.url(service).removeprefix("http://").split(":")
    paths = (
        *("//evil.example/", "//evil.example/..", "///evil.example", "/\\evil.example", "/%5Cevil.example/"),
        *("/%2F%2Fevil.example/", "/.//evil.example/", "http://evil.example/", "/api//evil.example/", "/me/"),
        *("/api/session/", "/%0D%0ALocation:%20https://evil.example", "/x%0d%0aSet-Cookie:%20a=b", "/widget/"),
    )
    for path in paths:
        for given in (f"{host}:{port}", "evil.example"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {given}\r\nConnection: close\r\n\r\n".encode())
            head = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")[0].decode("latin-1").lower()
            writer.close()
            assert head.startswith("http/1.1 4"), f"{path}: {head}"
            assert "location:" not in head, f"{path}: {head}"
            assert "set-cookie:" not in head, f"{path}: {head}"
            assert "evil" not in head, f"{path}: {head}"
