"""The audit log as a file: whole, the hotel's own, and enough to check it elsewhere."""

import csv
import io
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from audit_play import arrive, recorded
from identity_play import Desk, Hotel, Json, Person, body, refusal

from contracts.actor import ActorKind, ActorRef
from identity.commands.audit import record_entry
from identity.domain.audit_chain import FIRST, Entry, link_hash
from identity.queries import audit
from servicekit import new_id
from servicekit.testing import eventually


async def exported(reader: Person, **wanted: str) -> list[Json]:
    """The lines of an export."""
    answer = await reader.api.get("/audit/export", params=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/jsonl"
    return [json.loads(line) for line in answer.text.splitlines()]


def entry_of(line: Json) -> Entry:
    """What is hashed, from nothing but the file."""

    def id_of(name: str) -> UUID | None:
        return UUID(line[name]) if line[name] else None

    return Entry(
        UUID(line["id"]),
        line["seq"],
        id_of("hotel_id"),
        line["service"],
        line["action"],
        line["actor_kind"],
        id_of("actor_id"),
        line["acting_for_kind"],
        id_of("acting_for_id"),
        line["object_type"],
        line["object_id"],
        datetime.fromisoformat(line["at"]),
        line["trace_id"],
        datetime.fromisoformat(line["recorded_at"]),
    )


async def test_an_exported_log_is_whole_and_can_be_checked_by_itself(
    desk: Desk, hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "EXPORT_PAGE", 3)
    await arrive(desk, hotel.id, 8)
    lines = await exported(hotel.admin)
    assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
    assert len(lines) >= 8
    before = FIRST
    for line in lines:
        before = link_hash(before, line["position"], entry_of(line))
        assert before.hex() == line["hash"]
    newest = body(await hotel.admin.api.get("/audit", params={"object_id": lines[-1]["object_id"]}))["items"][0]
    assert (newest["position"], newest["hash"]) == (lines[-1]["position"], lines[-1]["hash"])


async def test_the_same_filters_choose_what_is_exported(desk: Desk, hotel: Hotel) -> None:
    event = recorded(hotel.id, object_type="approval", at=datetime(2020, 1, 2, tzinfo=UTC))
    async with desk.app.runtime.worker_db.transaction(hotel.id) as tx:
        await record_entry(new_id(), event, tx)
    await arrive(desk, hotel.id, 2)
    for wanted in (
        {"object_type": "approval"},
        {"object_id": event.object_id},
        {"actor": str(event.actor.id)},
        {"until": "2020-02-01T00:00:00Z"},
    ):
        assert [line["object_id"] for line in await exported(hotel.admin, **wanted)] == [event.object_id], wanted
    assert await exported(hotel.admin, object_type="nothing") == []


async def test_a_spreadsheet_gets_a_header_and_no_formula(desk: Desk, hotel: Hotel) -> None:
    event = recorded(
        hotel.id, object_id="-1.5", object_type="odd", acting_for=ActorRef(kind=ActorKind.GUEST, id=new_id())
    )
    async with desk.app.runtime.worker_db.transaction(hotel.id) as tx:
        await record_entry(new_id(), event, tx)
    answer = await hotel.admin.api.get("/audit/export", params={"format": "csv", "object_type": "odd"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.csv"'
    [row] = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert (row["object_id"], row["hotel_id"], row["acting_for_kind"]) == ("'-1.5", str(hotel.id), "guest")
    assert row["actor_id"] == str(event.actor.id)


async def test_each_hotel_exports_its_own_and_the_platform_all_or_one(
    desk: Desk, hotel: Hotel, other_hotel: Hotel
) -> None:
    await arrive(desk, hotel.id, 2)
    own = await exported(hotel.admin)
    assert {line["hotel_id"] for line in own} == {str(hotel.id)}
    assert await exported(other_hotel.admin, hotel_id=str(hotel.id)) == []
    root = Person(new_id(), "", {}, desk.root, desk)
    assert {line["hotel_id"] for line in await exported(root, hotel_id=str(hotel.id))} == {str(hotel.id)}
    assert {None, str(hotel.id), str(other_hotel.id)} <= {line["hotel_id"] for line in await exported(root)}


async def test_who_exports_the_log_stands_in_it(hotel: Hotel) -> None:
    await exported(hotel.admin)

    async def noted() -> bool:
        found = body(await hotel.admin.api.get("/audit", params={"action": "audit.export"}))["items"]
        return [entry["actor"]["id"] for entry in found] == [str(hotel.admin.id)]

    assert await eventually(noted)


async def test_an_export_is_for_those_who_may_read_the_log(desk: Desk, standing_hotel: Hotel) -> None:
    staff = await standing_hotel.member("staff")
    assert refusal(await staff.api.get("/audit/export"), 403) == "missing-permission"
    assert refusal(await desk.anybody.get("/audit/export"), 401) == "unauthenticated"


@pytest.mark.parametrize(
    "wanted",
    [
        {"format": "xlsx"},
        {"object_type": "Guest; drop table"},
        {"object_type": "a" * 64},
        {"object_id": "a" * 201},
        {"actor": "me"},
        {"action": "guest"},
        {"since": "1700000000"},
        {"until": "2026-11-23T12:00:00"},
    ],
    ids=str,
)
async def test_a_filter_that_cannot_be_is_refused(standing_hotel: Hotel, wanted: dict[str, str]) -> None:
    for path in ("/audit/export", "/audit"):
        if "format" in wanted and path == "/audit":
            continue
        assert refusal(await standing_hotel.admin.api.get(path, params=wanted), 422) == "validation"
