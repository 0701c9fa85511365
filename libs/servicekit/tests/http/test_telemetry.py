"""Figures, traces and log lines: enough to follow a request, and nothing about people."""

import json
import logging
import re

import httpx
import pytest
import structlog
from structlog.contextvars import bound_contextvars

from servicekit.redaction import mask, redact
from servicekit.testing import RunningService
from servicekit.tracing import current_trace_id, current_traceparent, span

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def metrics(desk: RunningService) -> str:
    async with httpx.AsyncClient(verify=False) as client:
        return (await client.get(desk.metrics_url + "/metrics")).text


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, object]]:
    found = [json.loads(record.getMessage()) for record in caplog.records if record.getMessage().startswith("{")]
    return [line for line in found if line["event"] == event]


async def test_requests_are_counted_by_route_template_and_never_by_path(desk: RunningService, staff: str) -> None:
    client = desk.client(staff)
    note = (await client.post("/notes", json={"text": "x"})).json()["id"]
    await client.get(f"/notes/{note}")
    await client.get("/no/such/thing")
    text = await metrics(desk)
    assert re.search(
        r'http_requests_total\{method="GET",route="/notes/\{note_id\}",service="desk",status="200"\} [1-9]', text
    )
    assert re.search(r'http_request_duration_seconds_bucket\{le="0.1",method="GET",route="/notes/\{note_id\}"', text)
    assert 'route="unmatched"' in text
    assert note not in text
    assert "/no/such/thing" not in text
    assert 'http_requests_in_flight{service="desk"} 0.0' in text
    assert re.search(r'db_pool_size\{role="app",service="desk"\} 5.0', text)
    assert 'db_pool_in_use{role="app",service="desk"}' in text


async def test_the_metrics_port_says_alive_and_ready_and_nothing_else(desk: RunningService) -> None:
    async with httpx.AsyncClient(base_url=desk.metrics_url, verify=False) as client:
        assert (await client.get("/livez")).json() == {"alive": True}
        assert (await client.get("/readyz")).json() == {"ready": True, "not_ready": {}}
        assert (await client.get("/notes")).status_code == 404
    assert (await desk.client().get("/metrics")).status_code == 404


async def test_a_trace_that_comes_in_is_continued_and_named_in_answer_and_log(
    desk: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await desk.client(traceparent=TRACEPARENT).get("/whoever?q=private")
    assert answer.headers["x-trace-id"] == "0af7651916cd43dd8448eb211c80319c"
    (line,) = lines(caplog, "http.request")
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert (line["route"], line["status"], line["service"]) == ("/whoever", 200, "desk")
    assert not [record for record in caplog.records if "private" in record.getMessage() and record.name != "httpx"]


async def test_every_request_has_a_trace_id_even_when_none_comes_in(desk: RunningService) -> None:
    ids = {(await desk.client().get("/whoever")).headers["x-trace-id"] for _ in range(2)}
    broken = await desk.client(traceparent="00-nonsense").get("/whoever")
    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in (*ids, broken.headers["x-trace-id"]))


async def test_a_call_to_another_service_carries_the_trace_along(desk: RunningService) -> None:
    answer = await desk.client(traceparent=TRACEPARENT).get("/trace", params={"url": desk.url})
    assert answer.json() == "0af7651916cd43dd8448eb211c80319c"


def test_a_span_nests_and_restores() -> None:
    assert current_trace_id() is None
    with span("outer", traceparent=TRACEPARENT):
        outer = current_traceparent()
        with span("inner"):
            assert current_traceparent() != outer
            assert current_trace_id() == TRACEPARENT.split("-")[1]
        assert current_traceparent() == outer
    assert current_traceparent() is None


async def test_log_lines_of_a_request_carry_the_hotel(
    desk: RunningService, staff: str, hotel: object, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await desk.client(staff).get("/notes")
    assert lines(caplog, "http.request")[-1]["hotel_id"] == str(hotel)


async def test_a_failure_is_logged_once_with_its_trace_and_without_what_it_says_of_people(
    desk: RunningService, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await desk.client().post("/boom")
    failed = lines(caplog, "http.failed")
    assert len(failed) == 1
    assert failed[0]["trace_id"] == answer.json()["trace_id"]
    assert "RuntimeError" in str(failed[0]["exception"])
    assert "alice@example.com" not in caplog.text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("mail ann.b+x@hotel.example now", "mail [email] now"),
        ("call +43 1 234 56 78 please", "call [phone] please"),
        ("Authorization: Bearer abc.def-ghi_jkl", "Authorization: Bearer [token]"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[token]"),
        ("postgresql://app:hunter2@db:5432/x", "postgresql://app:[secret]@db:5432/x"),
        ("redis://:hunter2@valkey:6379/0", "redis://:[secret]@valkey:6379/0"),
        ("conversation 0190a1b2-0000-7000-8000-000000000001 at 2026-05-01T12:00:00Z", None),
        (
            "text\n  Input should be short [type=x, input_value='my room\n is cold', input_type=str]",
            "text\n  Input should be short [type=x, input_value=[hidden], input_type=str]",
        ),
        ("12 requests in 34.5 ms from 127.0.0.1:8080", None),
    ],
)
def test_contact_data_and_secrets_are_masked_and_ids_and_times_are_not(said: str, shown: str | None) -> None:
    assert mask(said) == (said if shown is None else shown)


def test_fields_that_hold_what_people_wrote_or_secrets_never_reach_the_log() -> None:
    line = redact(
        None,
        "info",
        {
            "event": "message.sent", "text": "my room is cold", "guest_email": "a@b.example", "Authorization": "Basic x",
            "refresh_token": "r", "nested": {"password": "p", "ids": ["ann@hotel.example", 3]}, "tokens": 7, "seq": 12,
        },
    )  # fmt: skip
    assert line == {
        "event": "message.sent", "text": "[redacted]", "guest_email": "[redacted]", "Authorization": "[redacted]",
        "refresh_token": "[redacted]", "nested": {"password": "[redacted]", "ids": ["[email]", 3]}, "tokens": 7, "seq": 12,
    }  # fmt: skip


def test_the_standard_librarys_lines_take_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    from servicekit import logging as ours

    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        ours.configure("desk", level="info", format="json")
        with bound_contextvars(hotel_id="h1"), span("work"):
            logging.getLogger("third.party").info("sent to %s", "ann@hotel.example")
            structlog.get_logger("desk").info("done", seq=1)
            trace = current_trace_id()
    finally:
        root.handlers[:], root.level = before, level
        ours.configure_for_tests()
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["event"] == "sent to [email]"
    assert second["event"] == "done"
    for line in (first, second):
        assert (line["hotel_id"], line["trace_id"], line["service"]) == ("h1", trace, "desk")
        assert line["level"] == "info"
        assert line["timestamp"].endswith("Z")
