"""Every version of an article is kept, can be compared, and is brought back, for its own hotel alone."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from conversation_play import Hotel
from test_articles import BREAKFAST, DOGS, HUNDE, editor, found, written

from contracts.events import HotelPurging
from contracts.ids import UserId
from servicekit.clock import utc_now
from servicekit.ids import new_id
from servicekit.migrations import upgrade_database
from servicekit.testing import Parts, eventually
from servicekit.testing.parts import temporary_database


async def versions(hotel: Hotel, article: dict[str, Any], **params: Any) -> dict[str, Any]:  # Any: JSON
    """The list."""
    answer = await hotel.staff().get(f"/articles/{article['id']}/versions", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def changed(client: httpx.AsyncClient, article: dict[str, Any], *variants: dict[str, Any]) -> dict[str, Any]:
    """The article after a change."""
    answer = await client.patch(f"/articles/{article['id']}", json={"variants": list(variants)})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_every_change_keeps_a_version_with_who_made_it_and_all_that_was_said(hotel: Hotel) -> None:
    article = await written(hotel, DOGS, HUNDE)
    anna = UserId(new_id())
    client = hotel.staff(anna, role="admin")
    await changed(client, article, DOGS)
    await client.post(f"/articles/{article['id']}/unpublish")
    await client.post(f"/articles/{article['id']}/unpublish")
    listed = (await versions(hotel, article))["items"]
    assert [(one["version"], one["change"], one["published"]) for one in listed] == [
        (4, "unpublish", False),
        (3, "update", True),
        (2, "publish", True),
        (1, "create", True),
    ]
    assert [one["languages"] for one in listed] == [["en"], ["en"], ["en", "de"], ["en", "de"]]
    assert listed[0]["by"] == {"kind": "user", "id": str(anna)}
    assert listed[0]["at"] >= listed[1]["at"] >= listed[3]["at"]
    first = (await hotel.staff().get(f"/articles/{article['id']}/versions/1")).json()
    assert first["variants"] == [DOGS, HUNDE]


async def test_the_list_is_paged(hotel: Hotel) -> None:
    article = await written(hotel)
    page = await versions(hotel, article, limit=1)
    assert [one["version"] for one in page["items"]] == [2]
    rest = await versions(hotel, article, limit=1, cursor=page["next_cursor"])
    assert ([one["version"] for one in rest["items"]], rest["next_cursor"]) == ([1], None)
    refused = await hotel.staff().get(f"/articles/{article['id']}/versions", params={"cursor": "WyJ4Il0"})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontdesk:problem:bad-cursor")


async def test_what_changed_between_two_versions_is_told_by_language_and_field(hotel: Hotel) -> None:
    article = await written(hotel, DOGS, HUNDE)
    dearer = {**DOGS, "body": "Small dogs are welcome. A dog costs 30 euros per night."}
    await changed(editor(hotel), article, dearer, HUNDE)
    path = f"/articles/{article['id']}/versions/compare"
    told = (await hotel.staff().get(path, params={"before": 2, "after": 3})).json()
    assert told["changes"] == [
        {
            "language": "en",
            "field": "body",
            "hunks": [{"before_line": 1, "removed": [DOGS["body"]], "after_line": 1, "added": [dearer["body"]]}],
        }
    ]
    assert (await hotel.staff().get(path, params={"before": 1, "after": 2})).json()["changes"] == []
    assert (await hotel.staff().get(path, params={"before": 1, "after": 9})).status_code == 404


async def test_a_version_that_is_brought_back_is_a_new_one_and_is_answered_from(hotel: Hotel) -> None:
    article = await written(hotel, DOGS, HUNDE)
    now = await changed(editor(hotel), article, BREAKFAST)
    path = f"/articles/{article['id']}/versions/2/restore"
    stale = await editor(hotel).post(path, headers={"If-Match": f'"{article["version"]}"'})
    assert stale.status_code == 412
    assert (await hotel.staff().post(path)).status_code == 403
    restored = await editor(hotel).post(path, headers={"If-Match": f'"{now["version"]}"'})
    assert restored.status_code == 200, restored.text
    assert (restored.json()["variants"], restored.json()["version"]) == ([DOGS, HUNDE], 4)
    assert restored.headers["ETag"] == '"4"'
    assert await found(hotel, "Can I bring my dog?") == ["Dogs"]
    newest = (await versions(hotel, article))["items"][0]
    assert (newest["version"], newest["change"], newest["restored_from"]) == (4, "restore", 2)
    audited = await hotel.rows(
        "SELECT payload->>'action' AS action FROM outbox WHERE payload->>'object_id' = $1 ORDER BY seq DESC LIMIT 1",
        article["id"],
    )
    assert audited == [{"action": "article.restore"}]


async def test_another_hotels_versions_are_neither_listed_nor_read_nor_brought_back(
    hotel: Hotel, other_hotel: Hotel
) -> None:
    article = await written(hotel)
    path, stranger = f"/articles/{article['id']}/versions", editor(other_hotel)
    for request in (
        stranger.get(path),
        stranger.get(f"{path}/1"),
        stranger.get(f"{path}/compare", params={"before": 1, "after": 2}),
        stranger.post(f"{path}/1/restore"),
    ):
        assert (await request).status_code == 404
    assert len((await versions(hotel, article))["items"]) == 2


async def test_versions_go_with_their_article_and_with_their_hotel(hotel: Hotel, other_hotel: Hotel) -> None:
    gone, kept = await written(hotel), await written(other_hotel)
    await written(hotel, BREAKFAST)
    assert (await editor(hotel).delete(f"/articles/{gone['id']}")).status_code == 204
    assert len(await hotel.rows("SELECT DISTINCT article_id FROM knowledge_versions")) == 1

    async def forgotten() -> bool:
        return await hotel.rows("SELECT 1 FROM knowledge_versions") == []

    await hotel.app.publish(HotelPurging(hotel_id=hotel.id, deleted_at=utc_now(), version=2), hotel.id)
    await eventually(forgotten)
    assert len((await versions(other_hotel, kept))["items"]) == 2


async def test_articles_that_were_there_before_versions_were_kept_have_their_first_one(parts: Parts) -> None:
    folder = Path(__file__).parents[1] / "migrations"
    hotel_id, article_id = uuid4(), uuid4()
    async with temporary_database(parts.postgres_url, "conversation") as urls:
        await upgrade_database(urls.owner, folder, revision="0010_words_of_articles")
        worker = await asyncpg.connect(urls.worker)
        try:
            await worker.execute("SELECT set_config('app.hotel_id', $1, false)", str(hotel_id))
            await worker.execute(
                "INSERT INTO knowledge_articles VALUES ($1, $2, true, 7, now(), now())", article_id, hotel_id
            )
            for position, language in enumerate(("fr", "de")):
                await worker.execute(
                    "INSERT INTO knowledge_variants VALUES ($1, $2, $3, $4, 'T', '{Q}', 'B', '')",
                    article_id,
                    language,
                    hotel_id,
                    position,
                )
            await upgrade_database(urls.owner, folder)
            kept = await worker.fetch("SELECT version, change, published, variants FROM knowledge_versions")
            assert [tuple(row)[:3] for row in kept] == [(7, "create", True)]
            said = {"title": "T", "questions": ["Q"], "body": "B"}
            assert json.loads(kept[0]["variants"]) == [{"language": "fr", **said}, {"language": "de", **said}]
            await worker.execute("SELECT set_config('app.hotel_id', $1, false)", str(uuid4()))
            for table in ("knowledge_articles", "knowledge_variants", "knowledge_versions"):
                assert await worker.fetchval(f"SELECT count(*) FROM {table}") == 0, "row-level security holds"
        finally:
            await worker.close()
        owner = await asyncpg.connect(urls.owner)
        try:
            assert await owner.fetchval("SELECT count(*) FROM knowledge_articles") == 0, "for the owner too"
        finally:
            await owner.close()
