"""The knowledge base over HTTP on the real database: who may do what, versions, events, and what a search finds."""

import tracemalloc
from typing import Any

import httpx
import pytest
from conversation_play import Hotel

from contracts.events import ArticleCreated, ArticleDeleted, ArticlePublished, ArticleUnpublished, ArticleUpdated
from contracts.ids import UserId
from conversation.adapters.artefacts import confidence_model
from conversation.adapters.demo_content import demo_articles, demo_vectors
from conversation.adapters.embedder import LocalEmbedder, Vector, with_asked_words
from conversation.adapters.engine import HotelPolicy, LocalEngine, Reply
from conversation.adapters.memory_index import memory_search
from conversation.commands.articles import MAX_BODY
from conversation.commands.demo import seed_hotel
from conversation.domain.article import Variant, words_of
from conversation.domain.asking import asked_words
from conversation.domain.ranking import Found, rank
from conversation.queries.articles import candidates, pieces_of
from servicekit.ids import new_id
from servicekit.pagination import encode_cursor

DOGS = {
    "language": "en",
    "title": "Dogs",
    "questions": ["Can I bring my dog?"],
    "body": "Small dogs are welcome. A dog costs 25 euros per night.",
}
HUNDE = {
    "language": "de",
    "title": "Hunde",
    "questions": ["Darf mein Hund mit?"],
    "body": "Kleine Hunde sind willkommen. Ein Hund kostet 25 Euro pro Nacht.",
}
BREAKFAST = {
    "language": "en",
    "title": "Breakfast",
    "questions": ["When is breakfast?"],
    "body": "Breakfast is from 7 to 10.",
}


def editor(hotel: Hotel) -> httpx.AsyncClient:
    """A manager who writes articles."""
    return hotel.staff(UserId(new_id()), role="admin")


async def written(hotel: Hotel, *variants: dict[str, Any], published: bool = True) -> dict[str, Any]:
    """An article, as the API gives it."""
    body = {"variants": list(variants) or [DOGS], "published": published}
    answer = await editor(hotel).post("/articles", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def found(hotel: Hotel, question: str) -> list[str]:
    """The titles that a search finds, best first."""
    answer = await hotel.staff().get("/articles/search", params={"q": question})
    assert answer.status_code == 200, answer.text
    return [hit["title"] for hit in answer.json()]


async def test_an_article_is_read_back_as_it_was_written_in_all_its_languages(hotel: Hotel) -> None:
    article = await written(hotel, DOGS, HUNDE)
    answer = await hotel.staff().get(f"/articles/{article['id']}")
    assert answer.json()["variants"] == [DOGS, HUNDE]
    assert answer.headers["ETag"] == f'"{article["version"]}"'


async def test_a_published_article_is_found_by_meaning_and_in_the_guests_language(hotel: Hotel) -> None:
    await written(hotel, DOGS, HUNDE)
    await written(hotel, BREAKFAST)
    assert (await found(hotel, "is my poodle allowed"))[0] == "Dogs"
    assert (await found(hotel, "Ist mein Pudel erlaubt?"))[0] == "Hunde"


async def test_an_unpublished_article_is_not_found(hotel: Hotel) -> None:
    article = await written(hotel, published=False)
    assert await found(hotel, "Can I bring my dog?") == []
    await editor(hotel).post(f"/articles/{article['id']}/publish")
    assert await found(hotel, "Can I bring my dog?") == ["Dogs"]
    await editor(hotel).post(f"/articles/{article['id']}/unpublish")
    assert await found(hotel, "Can I bring my dog?") == []


async def test_another_hotels_articles_are_neither_found_nor_read_nor_changed(hotel: Hotel, other_hotel: Hotel) -> None:
    article = await written(hotel)
    path = f"/articles/{article['id']}"
    stranger = editor(other_hotel)
    assert await found(other_hotel, "Can I bring my dog?") == []
    assert (await stranger.get("/articles")).json()["items"] == []
    for request in (
        stranger.get(path),
        stranger.patch(path, json={"variants": [BREAKFAST]}),
        stranger.post(f"{path}/publish"),
        stranger.post(f"{path}/unpublish"),
        stranger.delete(path),
    ):
        assert (await request).status_code == 404
    assert (await hotel.staff().get(path)).json()["version"] == article["version"]


async def test_a_change_replaces_what_is_said_and_what_is_found(hotel: Hotel) -> None:
    article = await written(hotel)
    answer = await editor(hotel).patch(
        f"/articles/{article['id']}",
        json={"variants": [BREAKFAST]},
        headers={"If-Match": f'"{article["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"] == article["version"] + 1
    assert (await hotel.staff().get("/articles/search", params={"q": "dog"})).json()[0]["title"] == "Breakfast"
    assert await hotel.rows("SELECT 1 FROM knowledge_chunks WHERE kind = 'title'") == [{"?column?": 1}]


async def test_nobody_overwrites_what_somebody_else_has_just_changed(hotel: Hotel) -> None:
    article = await written(hotel)
    path = f"/articles/{article['id']}"
    stale = {"If-Match": f'"{article["version"] - 1}"'}
    assert (await editor(hotel).patch(path, json={"variants": [HUNDE]}, headers=stale)).status_code == 412
    assert (await editor(hotel).delete(path, headers=stale)).status_code == 412
    assert (await hotel.staff().get(path)).json()["variants"] == [DOGS]


async def test_texts_that_stay_are_not_embedded_again(hotel: Hotel) -> None:
    article = await written(hotel)
    before = await hotel.rows("SELECT text_key, embedding::text FROM knowledge_chunks ORDER BY text_key")
    longer = {**DOGS, "body": DOGS["body"] + " Bring a blanket."}  # type: ignore[operator]
    await editor(hotel).patch(f"/articles/{article['id']}", json={"variants": [longer]})
    after = await hotel.rows("SELECT text_key, embedding::text FROM knowledge_chunks ORDER BY text_key")
    assert len(after) == len(before) + 1
    assert all(row in after for row in before)


async def test_staff_read_articles_but_only_editors_write_them(hotel: Hotel) -> None:
    article = await written(hotel)
    sam = hotel.staff()
    assert (await sam.get("/articles")).status_code == 200
    assert (await sam.post("/articles", json={"variants": [DOGS]})).status_code == 403
    assert (await sam.delete(f"/articles/{article['id']}")).status_code == 403


async def test_publishing_at_once_needs_the_right_to_publish(hotel: Hotel) -> None:
    writer = hotel.staff(UserId(new_id()), scopes=["article:write", "article:read"])
    assert (await writer.post("/articles", json={"variants": [DOGS]})).status_code == 201
    refused = await writer.post("/articles", json={"variants": [DOGS], "published": True})
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:frontdesk:problem:missing-permission"


async def test_a_wrong_article_is_refused_with_the_field_at_fault(hotel: Hotel) -> None:
    for variants, pointer in (
        ([], "/variants"),
        ([DOGS, DOGS], "/variants"),
        ([{**DOGS, "body": "  "}], "/variants/0/body"),
        ([{**DOGS, "language": "english"}], "/variants/0/language"),
        ([{**DOGS, "colour": "red"}], "/variants/0/colour"),
    ):
        answer = await editor(hotel).post("/articles", json={"variants": variants})
        assert answer.status_code == 422, variants
        assert pointer in answer.text


async def test_the_list_is_paged_without_gaps_or_repeats(hotel: Hotel) -> None:
    wrote = [(await written(hotel, {**BREAKFAST, "title": f"Breakfast {n}"}))["id"] for n in range(5)]
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await hotel.staff().get("/articles", params={"limit": 2, **cursor})).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == wrote[::-1]
    assert (await hotel.staff().get("/articles", params={"cursor": "bm9uc2Vuc2U"})).status_code == 422


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-01-01T00:00:00", 7])
@pytest.mark.parametrize("path", ["/articles", "/conversations"])
async def test_a_made_up_cursor_is_refused(hotel: Hotel, path: str, time: str | int) -> None:
    refused = await hotel.staff().get(path, params={"cursor": encode_cursor(time, new_id())})
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:frontdesk:problem:bad-cursor")


async def test_every_change_is_told_once_and_in_order(hotel: Hotel) -> None:
    article = await written(hotel, DOGS, HUNDE)
    path, admin = f"/articles/{article['id']}", editor(hotel)
    await admin.patch(path, json={"variants": [DOGS]})
    await admin.post(f"{path}/unpublish")
    await admin.post(f"{path}/unpublish")
    assert (await admin.delete(path)).status_code == 204
    assert (await admin.get(path)).status_code == 404
    told = await hotel.rows("SELECT type, payload FROM outbox WHERE aggregateid = $1 ORDER BY seq", article["id"])
    assert [row["type"] for row in told] == [
        event.TYPE for event in (ArticleCreated, ArticlePublished, ArticleUpdated, ArticleUnpublished, ArticleDeleted)
    ]
    assert [row["payload"]["version"] for row in told] == [1, 2, 3, 4, 5]
    assert await hotel.rows("SELECT 1 FROM knowledge_chunks") == []
    audited = await hotel.rows(
        "SELECT payload->>'action' AS action FROM outbox WHERE payload->>'object_id' = $1 ORDER BY seq", article["id"]
    )
    assert [row["action"] for row in audited] == [
        "article.create",
        "article.update",
        "article.unpublish",
        "article.delete",
    ]


async def test_seeding_twice_adds_the_demo_articles_once(hotel: Hotel) -> None:
    embedder = LocalEmbedder(known=demo_vectors(), warm=False)
    for expected in (20, 0):
        async with hotel.app.runtime.db.transaction(hotel.id) as tx:
            assert await seed_hotel("harbour-house", hotel.id, tx, embedder) == expected
    assert (await hotel.rows("SELECT count(*) FROM knowledge_articles WHERE published"))[0]["count"] == 20
    embedder.close()


async def test_the_database_finds_what_the_search_in_memory_finds_and_the_engine_answers_from_it(hotel: Hotel) -> None:
    embedder = LocalEmbedder(known=demo_vectors())
    async with hotel.app.runtime.db.transaction(hotel.id) as tx:
        await seed_hotel("lindenhof", hotel.id, tx, embedder)
    articles = demo_articles("lindenhof", hotel.id)
    memory = await memory_search([(one.id, one.variants) for one in articles], embedder)
    names = {one.id: one.name for one in articles}

    async def search(vector: Vector, text: str, language: str) -> Found:
        async with hotel.app.runtime.db.transaction(hotel.id, read_only=True) as tx:
            return await candidates(tx, vector, text, language)

    for question, language in (
        ("Can I bring my dog?", "en"),
        ("Gibt es einen Föhn im Bad?", "de"),
        ("À quelle heure est le petit-déjeuner ?", "fr"),
        ("Do you have a tennis court?", "en"),
    ):
        vector = await embedder.query(question)
        here, there = await search(vector, question, language), memory.find(vector, question, language)
        assert {one.article_id for one in here.candidates} >= {one.article_id for one in there.candidates[:12]}
        asked = asked_words(question)
        words = {word: memory.words[word] for word in here.words.keys() - set(asked)}
        assert all(float(here.words[word] @ vector) > 0.999 for word, vector in words.items())
        assert {word for one in here.candidates for word in words_of(one.variant(language))} <= here.words.keys()
        first, second = [
            rank(question, language, await with_asked_words(found, asked, embedder), confidence_model().order)[0]
            for found in (here, there)
        ]
        assert abs(first.coverage - second.coverage) < 0.05  # rarity is counted among those that were found
        assert first.candidate.article_id == second.candidate.article_id
        assert abs(first.candidate.cosine - second.candidate.cosine) < 1e-4
        for spoken, background in there.background.items():
            assert abs(here.background[spoken].mean - background.mean) < 1e-4
            assert abs(here.background[spoken].deviation - background.deviation) < 1e-4

    engine = LocalEngine(embedder)
    policy = HotelPolicy(hotel_name="Hotel Lindenhof")
    reply: Reply = await engine.answer("Darf ich meinen Hund mitbringen?", [], policy, search)
    assert [names[source.article_id] for source in reply.sources] == ["pets"]
    assert reply.text.startswith("Kleine Hunde bis 15 Kilogramm")
    embedder.close()


def test_a_process_keeps_the_pieces_of_the_longest_articles_in_64_mb() -> None:
    def longest(number: int) -> Variant:
        body = "Nothing is for free. " * (MAX_BODY // 21)
        return Variant(
            "en", f"{number}".ljust(200, "t"), tuple(f"{number} {i}".ljust(300, "q") for i in range(20)), body
        )

    pieces_of.cache_clear()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(32):
            pieces_of(longest(number))
        each = (tracemalloc.get_traced_memory()[0] - before) / 32
    finally:
        tracemalloc.stop()
        pieces_of.cache_clear()
    kept = pieces_of.cache_info().maxsize
    assert kept is not None
    assert kept * each < 64 * 2**20
