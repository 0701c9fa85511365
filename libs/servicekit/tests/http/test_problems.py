"""Every refusal is a problem+json that says what to mend, and changes nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from types import ModuleType
from uuid import uuid4

import httpx
import pytest
from sqlalchemy.pool import QueuePool

from contracts.ids import HotelId
from servicekit.testing import Parts, RunningService, TokenIssuer

JSON = {"Content-Type": "application/json"}


def problem(response: httpx.Response, status: int, slug: str) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["type"] == f"urn:frontdesk:problem:{slug}"
    assert body["status"] == status
    assert body["trace_id"] == response.headers["x-trace-id"]
    return body


async def test_a_note_is_written_and_read_back(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    made = await client.post("/notes", json={"text": "  late arrival  "})
    assert made.status_code == 201, made.text
    assert made.json()["text"] == "late arrival"
    assert (await client.get(made.headers["location"])).json() == made.json()


async def test_a_slash_too_many_leads_nobody_to_the_host_that_the_request_named(
    desk: RunningService, staff: str
) -> None:
    for path in ("/notes/", "//notes", "//evil.example/"):
        answer = await desk.client(staff).get(f"{desk.url}{path}", headers={"host": "evil.example"})
        assert "location" not in answer.headers
        problem(answer, 404, "not-found")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"text": "x", "colour": "red"}, ["/colour"]),
        ({"text": 7}, ["/text"]),
        ({"text": "   "}, ["/text"]),
        ({}, ["/text"]),
        ({"text": "x", "tags": [{"name": "ok"}, {"name": "y" * 21}]}, ["/tags/1/name"]),
        ({"text": "x", "tags": [{"name": "a\x00b"}]}, ["/tags/0/name"]),
        ({"text": "half \ud83d"}, ["/text"]),
        ({"text": "x", "extra": {"a/b~c": 1}}, ["/extra/a~1b~0c"]),
        ({"text": None, "slot": "many"}, ["/text", "/slot"]),
        ([], [""]),
    ],
)
async def test_a_value_that_cannot_be_is_pointed_at(
    desk: RunningService, staff: str, body: object, pointers: list[str]
) -> None:
    answer = await desk.client(staff).post("/notes", content=json.dumps(body), headers=JSON)
    errors = answer.json()["errors"]
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in errors] == pointers
    assert all(error["detail"] for error in errors)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"text": "x",}', "character 13"),
        (b'{"text": "\xff\xfe"}', "not valid UTF-8 at byte 10"),
        (b"{" * 5000, "character"),
        (b'{"text": "a\x00b"}', "character"),
    ],
)
async def test_a_body_that_cannot_be_read_says_where(
    desk: RunningService, staff: str, content: bytes, says: str
) -> None:
    answer = await desk.client(staff).post("/notes", content=content, headers=JSON)
    assert says in str(problem(answer, 400, "malformed")["detail"])


async def test_values_outside_of_the_body_are_named(desk: RunningService) -> None:
    client = desk.client()
    long = problem(await client.get("/search?q=12345678901&limit=many"), 422, "validation")
    assert [error["pointer"] for error in long["errors"]] == ["query:q", "query:limit"]  # type: ignore[attr-defined]  # JSON
    missing = problem(await client.get("/search"), 422, "validation")
    assert missing["errors"] == [{"pointer": "query:q", "detail": "Field required"}]
    problem(await client.get("/search?q=a%00b"), 400, "malformed")
    problem(await client.get("/notes/a%00b"), 400, "malformed")


async def test_what_is_not_there_says_so(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    problem(await client.get("/nowhere"), 404, "not-found")
    problem(await client.get(f"/notes/{uuid4()}"), 404, "not-found")
    wrong = await client.put("/notes")
    problem(wrong, 405, "method-not-allowed")
    assert "GET" in wrong.headers["allow"] or "POST" in wrong.headers["allow"]


async def test_a_body_that_is_not_json_is_refused_by_its_type(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    problem(await client.post("/notes", content=b"text=x"), 415, "unsupported-media-type")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "nonsense"):
        sent = await client.post("/notes", content=b'{"text":"x"}', headers={"Content-Type": kind})
        problem(sent, 415, "unsupported-media-type")
    assert (await client.post("/form", data={"name": "Ann"})).json() == "Ann"
    problem(await client.post("/form", json={"name": "Ann"}), 415, "unsupported-media-type")


async def _chunks(size: int) -> AsyncIterator[bytes]:
    yield b'{"text": "'
    for _ in range(size // 10_000):
        yield b"x" * 10_000
        await asyncio.sleep(0)


async def test_a_huge_body_is_refused_whether_announced_or_in_chunks(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    problem(await client.post("/notes", json={"text": "x" * 30_000}), 413, "content-too-large")
    problem(await client.post("/notes", content=_chunks(1_000_000), headers=JSON), 413, "content-too-large")
    with pytest.raises((httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError)):
        await client.post("/notes", content=_chunks(10_000_000_000), headers=JSON)


async def test_a_request_that_takes_too_long_is_ended(desk: RunningService) -> None:
    began = asyncio.get_running_loop().time()
    problem(await desk.client().post("/slow/30"), 504, "time-out")
    assert asyncio.get_running_loop().time() - began < 5


async def test_a_time_out_changes_nothing_and_gives_the_connection_back(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    problem(await client.post("/notes/slow", json={"text": "never"}), 504, "time-out")
    assert (await client.get("/notes")).json()["items"] == []
    pool = desk.runtime.db.engine.sync_engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0


async def test_a_body_that_trickles_in_is_ended_too(desk: RunningService, staff: str) -> None:
    address = httpx.URL(desk.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    head = f"POST /notes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {staff}\r\n"
    writer.write(f'{head}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{{"text": "'.encode())
    answer = await reader.read()  # until the server closes, since it will not wait for the rest
    writer.close()
    assert b"HTTP/1.1 504" in answer
    assert b"urn:frontdesk:problem:time-out" in answer


async def test_a_failure_of_ours_tells_the_trace_and_nothing_else(
    desk: RunningService, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await desk.client().post("/boom")
    body = problem(answer, 500, "internal")
    assert set(body) == {"type", "title", "status", "detail", "trace_id"}
    assert "alice" not in answer.text
    assert "hunter2" not in answer.text


async def test_a_stream_may_last_longer_than_a_request(desk: RunningService) -> None:
    answer = await desk.client().get("/stream")
    assert answer.text == "0\n1\n2\n3\n"


async def test_a_commit_that_fails_is_not_a_sent_201(desk: RunningService, staff: str, hotel: HotelId) -> None:
    client = desk.client(staff)
    assert (await client.post("/notes", json={"text": "first", "slot": 1})).status_code == 201
    failed = await client.post("/notes", json={"text": "second", "slot": 1})
    problem(failed, 500, "internal")
    assert [note["text"] for note in (await client.get("/notes")).json()["items"]] == ["first"]


async def test_json_answers_carry_security_headers(desk: RunningService) -> None:
    headers = (await desk.client().get("/whoever")).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers


async def test_the_database_away_is_a_503_that_says_when_to_come_back(
    desk_module: ModuleType, issuer: TokenIssuer, parts: Parts, namespace: str, hotel: HotelId
) -> None:
    from servicekit import Service
    from servicekit.settings import ServiceSettings
    from servicekit.startup import running

    settings = ServiceSettings(
        database_url="postgresql://nobody:x@127.0.0.1:9/none",
        port=0,
        metrics_port=0,
        identity_url=issuer.url,
        kafka_url=parts.kafka_url,
        kafka_namespace=namespace,
        valkey_url=parts.valkey_url,  # type: ignore[attr-defined]  # Parts
    )
    lonely = Service("lonely", routers=desk_module.service.routers)
    async with running(lonely, settings, "api") as up, httpx.AsyncClient() as client:
        assert up.api is not None
        assert up.metrics is not None
        headers = {"Authorization": f"Bearer {issuer.token(hotel_id=hotel)}"}
        away = await client.get(up.api.url + "/notes", headers=headers)
        problem(away, 503, "unavailable")
        assert int(away.headers["retry-after"]) >= 1
        ready = await client.get(up.metrics.url + "/readyz")
        assert ready.status_code == 503
        assert "database" in ready.json()["not_ready"]
        assert (await client.get(up.metrics.url + "/livez")).status_code == 200
