"""Bad input is a problem that says where, and changes nothing."""

from base64 import urlsafe_b64encode
from uuid import uuid4

import httpx
from escalation_play import Hotel, Json, Member, names

URN = "urn:frontdesk:problem:"


def said(answer: httpx.Response) -> tuple[int, str, list[str]]:
    """Status, problem and the places at fault."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: Json = answer.json()
    assert problem["trace_id"]
    return answer.status_code, problem["type"].removeprefix(URN), [one["pointer"] for one in problem.get("errors", [])]


async def test_what_is_wrong_with_a_body_is_said_with_a_pointer(hotel: Hotel) -> None:
    sam = await hotel.member()
    escalation = await hotel.conversation().in_queue()
    assert said(await sam.does("assign", escalation, {})) == (422, "validation", ["/assignee_id"])
    assert said(await sam.does("assign", escalation, {"assignee_id": 7})) == (422, "validation", ["/assignee_id"])
    wrong = {"assignee_id": str(sam.id), "hotel_id": str(uuid4())}
    assert said(await sam.does("assign", escalation, wrong)) == (422, "validation", ["/hotel_id"])
    assert said(await sam.does("resolve", escalation, {"note": "a\x00b"}))[2] == ["/note"]
    assert said(await sam.does("resolve", escalation, {"note": "x" * 2001})) == (422, "validation", ["/note"])
    assert said(await post(sam, escalation, b'{"note": ')) == (400, "malformed", [""])
    assert said(await post(sam, escalation, b'{"note": "\xff"}'))[0] == 400
    assert said(await post(sam, escalation, b"note=1", "application/x-www-form-urlencoded"))[0] == 415
    assert said(await post(sam, escalation, b'{"note": "' + b"x" * 300_000 + b'"}'))[0] == 413
    assert (await hotel.get(escalation))["version"] == 1
    assert names(await hotel.timeline(escalation)) == ["created"]


async def post(sam: Member, escalation: Json, body: bytes, kind: str = "application/json") -> httpx.Response:
    """POST to resolve, with these bytes."""
    return await sam.client.post(
        f"/escalations/{escalation['id']}/resolve", content=body, headers={"content-type": kind}
    )


async def test_what_is_wrong_with_an_address_is_said_too(hotel: Hotel) -> None:
    viewer = hotel.viewer
    assert said(await viewer.get("/escalations/not-an-id")) == (422, "validation", ["path:escalation_id"])
    assert said(await viewer.get("/escalations?status=lost"))[2] == ["query:status.0"]
    assert said(await viewer.get("/escalations?limit=0"))[2] == ["query:limit"]
    assert said(await viewer.get("/nothing-here"))[:2] == (404, "not-found")
    assert said(await viewer.delete("/escalations/queue"))[:2] == (405, "method-not-allowed")


async def test_a_made_up_cursor_is_refused(hotel: Hotel) -> None:
    escalation = await hotel.conversation().in_queue()
    timeline = f"/escalations/{escalation['id']}/timeline"
    texts = ("null", "[]", "[1]", '["a"]', '["a","b","c"]', '[9,"2026-01-01","a"]', '[2,"2026-01-01T10:00:00","a"]')
    texts += (f'[2,"9999-12-31T23:59:59-14:00","{uuid4()}"]',)
    made_up = ["x", "%%%", *(urlsafe_b64encode(text.encode()).decode() for text in texts)]
    for path in ("/escalations", "/escalations/queue", timeline):
        for cursor in made_up:
            if path == timeline and cursor == made_up[4]:
                continue  # [1]: a good one there, as it happens
            answer = await hotel.viewer.get(path, params={"cursor": cursor})
            assert said(answer) == (422, "bad-cursor", ["query:cursor"]), (path, cursor)


async def test_without_a_token_that_holds_nobody_learns_anything(hotel: Hotel) -> None:
    escalation = await hotel.conversation().in_queue()
    path = f"/escalations/{escalation['id']}"
    good = hotel.issuer.token(hotel_id=hotel.id)
    tokens = [
        None,
        "nonsense",
        good[:-6] + "AAAAAA",
        hotel.issuer.token(hotel_id=hotel.id, lives_seconds=-60),
        hotel.issuer.token(hotel_id=hotel.id, audience="somebody-else"),
    ]
    assert [said(await hotel.desk.client(token).get(path))[0] for token in tokens] == [401] * len(tokens)
    without_hotel = hotel.desk.client(hotel.issuer.token())
    assert said(await without_hotel.get(path))[:2] == (403, "no-hotel")
