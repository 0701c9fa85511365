"""A guest wants to have what is kept of them: it waits for every service, is sealed, and is not there for ever."""

import io
import json
import threading
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from identity_play import Desk, Hotel, Json, body, claims_of, refusal

from contracts.guest_data import HOLDERS
from identity.settings import IdentitySettings
from servicekit.testing import Parts, eventually
from servicekit.testing.leftovers import in_database


@contextmanager
def others_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, but: str = "") -> Generator[list[Json]]:
    """Stands for conversation and escalation: says what it is asked, and what the token says; `but` is away."""
    asked: list[Json] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            claims = claims_of(self.headers["authorization"].removeprefix("Bearer "))
            asked.append({"claims": claims, "guest_ids": query["guest_id"]})
            answer = json.dumps({"of": claims["aud"], "guest_ids": query["guest_id"]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # Any: as declared there
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        for service in HOLDERS - {"identity"}:
            monkeypatch.setattr(desk.app.settings, f"{service}_url", "http://127.0.0.1:1" if service == but else url)
        try:
            yield asked
        finally:
            server.shutdown()


async def made(hotel: Hotel, **facts: str) -> Json:
    return body(await hotel.admin.api.post("/guests", json=facts), 201)


async def state_of(hotel: Hotel, guest: Json) -> Json:
    return body(await hotel.admin.api.get(f"/guests/{guest['id']}/export"))


async def ready(hotel: Hotel, guest: Json) -> Json:
    async def is_ready() -> Json | None:
        now = await state_of(hotel, guest)
        return now if now["state"] == "ready" else None

    found = await eventually(is_ready, timeout=20)
    assert found is not None
    return found


async def waits_for(hotel: Hotel, guest: Json, services: list[str]) -> None:
    async def waits() -> bool:
        return (await state_of(hotel, guest))["waiting_for"] == services

    await eventually(waits)


async def test_what_every_service_keeps_of_all_records_comes_in_one_archive(
    desk: Desk, hotel: Hotel, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"Clara Moreau of {hotel.slug}"
    kept, duplicate = await made(hotel, name=name), await made(hotel, name="C. Moreau")
    api, path = hotel.admin.api, f"/guests/{kept['id']}/export"
    body(await api.post(f"/guests/{kept['id']}/merge", json={"duplicate_id": duplicate["id"]}))
    with others_answer(desk, monkeypatch, but="escalation"):
        asked_for = body(await api.post(path), 202)
        assert (asked_for["state"], asked_for["guest_id"]) == ("gathering", kept["id"])
        await waits_for(hotel, kept, ["escalation"])
        assert refusal(await api.get(f"{path}/archive"), 409) == "export-not-ready"
        assert body(await api.post(path), 202)["asked_at"] == asked_for["asked_at"], "the one that is being gathered"
    with others_answer(desk, monkeypatch) as asked:
        await ready(hotel, kept)
    assert {(one["claims"]["sub"], one["claims"]["hotel_id"]) for one in asked} == {("identity", str(hotel.id))}
    assert {one["claims"]["act"]["id"] for one in asked} == {str(hotel.admin.id)}
    answer = await api.get(f"/guests/{duplicate['id']}/export/archive")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        own = json.loads(archive.read("identity.json"))
        assert [guest["name"] for guest in own["guests"]] == [name, "C. Moreau"]
        for service in HOLDERS - {"identity"}:
            said = json.loads(archive.read(f"{service}.json"))
            assert said == {"of": service, "guest_ids": [kept["id"], duplicate["id"]]}
        assert name in archive.read("index.html").decode()
    database = desk.app.settings.database_url.rsplit("/", 1)[1]
    assert not [one for one in await in_database(parts.postgres_url, database, [name]) if "exports" in one], "sealed"

    async def recorded() -> set[str]:
        entries = body(await api.get("/audit", params={"object_id": kept["id"]}))["items"]
        assert {"guest.export", "guest.download_export"} <= {entry["action"] for entry in entries}
        return {entry["action"] for entry in entries}

    await eventually(recorded)


async def test_an_export_is_deleted_when_its_time_is_over_or_its_guest_is_erased(
    desk: Desk, hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlived, erased = await made(hotel, name="Clara"), await made(hotel, name="Erika")
    api = hotel.admin.api
    with others_answer(desk, monkeypatch):
        for guest in (outlived, erased):
            body(await api.post(f"/guests/{guest['id']}/export"), 202)
            await ready(hotel, guest)
    async with desk.app.runtime.worker_db.autocommit() as connection:
        await connection.exec_driver_sql(
            "update due set due_at = now() where kind = 'guest_export_expires' and object_id in"
            " (select object_id from due where hotel_id = $1 order by due_at limit 1)",
            (hotel.id,),
        )
    await desk.app.runtime.hints.send("due:guest_export_expires")

    async def gone() -> bool:
        return (await api.get(f"/guests/{outlived['id']}/export")).status_code == 404

    await eventually(gone)
    assert (await api.get(f"/guests/{erased['id']}/export")).status_code == 200
    body(await api.delete(f"/guests/{erased['id']}"), 202)
    for path in ("export", "export/archive"):
        assert refusal(await api.get(f"/guests/{erased['id']}/{path}"), 404) == "not-found"
    assert refusal(await api.post(f"/guests/{erased['id']}/export"), 404) == "not-found"
    assert await rows(desk, "select count(*) from due where hotel_id = $1 and kind like 'guest_export%%'", hotel) == 0


async def test_an_export_that_is_gathered_while_its_guest_is_erased_is_not_kept(
    desk: Desk, hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await made(hotel, name="Clara")
    with others_answer(desk, monkeypatch, but="conversation"):
        body(await hotel.admin.api.post(f"/guests/{guest['id']}/export"), 202)
        await waits_for(hotel, guest, ["conversation"])
        body(await hotel.admin.api.delete(f"/guests/{guest['id']}"), 202)
    assert await rows(desk, "select count(*) from due where hotel_id = $1 and kind = 'guest_export'", hotel) == 0


async def rows(desk: Desk, statement: str, hotel: Hotel) -> int:
    async with desk.app.runtime.worker_db.autocommit() as connection:
        return (await connection.exec_driver_sql(statement.replace("%%", "%"), (hotel.id,))).scalar_one()


async def test_who_may_not_export_and_other_hotels_are_refused(
    desk: Desk, hotel: Hotel, other_hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await made(hotel, name="Clara")
    path = f"/guests/{guest['id']}/export"
    staff = await hotel.member("staff")
    with others_answer(desk, monkeypatch):
        assert refusal(await staff.api.post(path), 403) == "missing-permission"
        assert refusal(await other_hotel.admin.api.post(path), 404) == "not-found"
        assert refusal(await hotel.admin.api.get(path), 404) == "not-found", "nobody has asked for it"
        body(await hotel.admin.api.post(path), 202)
        await ready(hotel, guest)
    assert refusal(await staff.api.get(f"{path}/archive"), 403) == "missing-permission"
    assert refusal(await other_hotel.admin.api.get(f"{path}/archive"), 404) == "not-found"


def test_identity_can_be_told_where_every_service_is_that_keeps_something() -> None:
    settings = IdentitySettings.model_construct(conversation_url="http://c", escalation_url="http://e")
    assert all(settings.service_url(service) for service in HOLDERS - {"identity"})
