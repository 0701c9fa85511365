"""Imports on the running service: files, pages and sitemaps become articles once somebody has chosen, and nothing before."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from conversation_play import Hotel
from documents import docx, pdf
from service_play import ScriptedEngine, service_with, start_without_kafka
from sites import Asked, Site, head, page, site

from contracts.events import ArticleCreated, ArticlePublished, ArticleUpdated
from servicekit.testing import Parts, RunningService, TokenIssuer, eventually

LONG = "It is open all year round, and everybody at the reception is glad to tell you more about it."


def html(*sections: tuple[str, str]) -> bytes:
    """A page with these headings and texts."""
    return ("<html lang=en><body><main>" + "".join(f"<h2>{head}</h2><p>{text}</p>" for head, text in sections)).encode()


def file(name: str, content: bytes | str) -> dict[str, str]:
    """A file as it is uploaded."""
    raw = content.encode() if isinstance(content, str) else content
    return {"name": name, "content": base64.b64encode(raw).decode()}


@pytest.fixture(scope="module")
async def desk(parts: Parts, issuer: TokenIssuer) -> AsyncGenerator[RunningService]:
    """The service, which may read from this machine; without Kafka, so that it takes no other's events."""
    async with start_without_kafka(
        service_with(ScriptedEngine()), parts, issuer, import_networks=["127.0.0.0/8"]
    ) as app:
        yield app


@pytest.fixture
async def hotel(desk: RunningService, issuer: TokenIssuer) -> Hotel:
    return await Hotel(desk, issuer).open_at_once()


@pytest_asyncio.fixture
async def adler() -> AsyncGenerator[Site]:
    """A hotel's own site, with a sitemap of three pages, one of which is gone."""
    async with site({}) as running:
        listed = "".join(f"<url><loc>{running.url}/{name}</loc></url>" for name in ("pool", "gone", "dogs"))
        running.answers.update(
            {
                "/sitemap.xml": page(f"<urlset>{listed}</urlset>".encode(), "application/xml"),
                "/pool": page(html(("Pool", f"The pool is heated to 28 degrees. {LONG}"))),
                "/dogs": page(
                    html(("Dogs", f"Dogs are welcome for 15 euros. {LONG}"), ("Cats", f"Cats stay at home. {LONG}"))
                ),
            }
        )
        yield running


class Importer:
    """A member of staff who imports."""

    def __init__(self, hotel: Hotel) -> None:
        self.hotel = hotel
        self.client = hotel.staff(role="admin")

    async def start(self, **command: Any) -> dict[str, Any]:  # Any: JSON
        answer = await self.client.post("/knowledge/imports", json=command)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def of(self, started: dict[str, Any], part: str = "") -> Any:  # Any: JSON
        answer = await self.client.get(f"/knowledge/imports/{started['id']}{part}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def reaches(self, started: dict[str, Any], state: str) -> dict[str, Any]:  # Any: JSON
        """The import, once it is so far."""

        async def there() -> dict[str, Any] | None:
            view = await self.of(started)
            return view if view["state"] == state else None

        view = await eventually(there)
        assert view is not None
        return view

    async def do(self, started: dict[str, Any], verb: str, **command: Any) -> dict[str, Any]:  # Any: JSON
        answer = await self.client.post(f"/knowledge/imports/{started['id']}/{verb}", json=command or None)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def articles(self) -> list[dict[str, Any]]:  # Any: JSON
        """The hotel's articles, in the order of their titles."""
        found = (await self.client.get("/articles")).json()["items"]
        return sorted(found, key=lambda one: one["title"])


@pytest.fixture
def importer(hotel: Hotel) -> Importer:
    return Importer(hotel)


async def test_files_become_articles_when_they_are_accepted_and_not_before(importer: Importer, hotel: Hotel) -> None:
    started = await importer.start(
        kind="files",
        files=[
            file("dogs.md", f"# Dogs\n\nDogs are welcome for 15 euros. {LONG}"),
            file("pool.docx", docx("# Pool", f"The pool is heated to 28 degrees. {LONG}")),
            file("faq.csv", "question,answer\nIs there a lift?,Yes to all floors.\n"),
            file("rules.pdf", pdf(["HOUSE RULES", "Smoking is allowed in the courtyard only."])),
        ],
    )
    read = await importer.reaches(started, "preview")
    assert read["pages"] == {"waiting": 0, "read": 4, "unchanged": 0, "failed": 0}
    assert await importer.articles() == []

    await importer.do(started, "accept", publish=True)
    done = await importer.reaches(started, "done")

    assert done["articles"] == {"new": 4, "changed": 0, "same": 0, "written": 4}
    assert [one["title"] for one in await importer.articles()] == ["Dogs", "HOUSE RULES", "Is there a lift?", "Pool"]
    assert all(one["published"] for one in await importer.articles())
    assert len(await hotel.published(ArticleCreated)) == 4
    assert len(await hotel.published(ArticlePublished)) == 4


async def test_a_broken_file_does_not_stop_the_rest(importer: Importer) -> None:
    files = [file("broken.pdf", b"%PDF-1.4 nothing"), file("dogs.md", f"# Dogs\n\nDogs are welcome. {LONG}")]
    started = await importer.start(kind="files", files=files)

    read = await importer.reaches(started, "preview")

    assert (read["pages"]["read"], read["pages"]["failed"]) == (1, 1)
    [failed] = (await importer.of(started, "/pages?state=failed"))["items"]
    assert failed["name"] == "broken.pdf"
    assert failed["reason"] == "This file is broken."
    assert [one["title"] for one in (await importer.of(started, "/articles"))["items"]] == ["Dogs"]


async def test_only_what_is_chosen_is_written(importer: Importer) -> None:
    text = f"# Dogs\n\nDogs are welcome. {LONG}\n\n# Cats\n\nCats stay at home. {LONG}"
    started = await importer.start(kind="files", files=[file("pets.md", text)])
    await importer.reaches(started, "preview")
    dogs, _cats = (await importer.of(started, "/articles"))["items"]

    await importer.do(started, "accept", articles=[dogs["id"]])
    await importer.reaches(started, "done")

    assert [(one["title"], one["published"]) for one in await importer.articles()] == [("Dogs", False)]


async def test_a_sitemaps_pages_are_read_and_what_is_gone_is_named(importer: Importer, adler: Site) -> None:
    started = await importer.start(kind="sitemap", url=f"{adler.url}/sitemap.xml")

    read = await importer.reaches(started, "preview")

    assert read["pages"] == {"waiting": 0, "read": 2, "unchanged": 0, "failed": 1}
    proposed = (await importer.of(started, "/articles"))["items"]
    assert [(one["title"], one["source"]) for one in proposed] == [
        ("Pool", f"{adler.url}/pool"),
        ("Dogs", f"{adler.url}/dogs"),
        ("Cats", f"{adler.url}/dogs"),
    ]


async def test_reading_again_finds_what_changed_and_what_is_gone(importer: Importer, adler: Site, hotel: Hotel) -> None:
    first = await importer.start(kind="page", url=f"{adler.url}/dogs")
    await importer.reaches(first, "preview")
    await importer.do(first, "accept", publish=True)
    await importer.reaches(first, "done")
    adler.answers["/dogs"] = page(
        html(("Dogs", f"Dogs are welcome for 20 euros. {LONG}"), ("Birds", f"Birds, too. {LONG}"))
    )

    second = await importer.do(first, "again")
    read = await importer.reaches(second, "preview")

    assert read["articles"] == {"new": 1, "changed": 1, "same": 0, "written": 0}
    [gone] = read["gone"]
    assert gone["source"] == f"{adler.url}/dogs"
    await importer.do(second, "accept", publish=True)
    await importer.reaches(second, "done")
    assert [one["title"] for one in await importer.articles()] == ["Birds", "Cats", "Dogs"]
    [changed] = await hotel.published(ArticleUpdated)
    article = (await importer.client.get(f"/articles/{changed.article_id}")).json()
    assert "20 euros" in article["variants"][0]["body"]
    assert article["published"]


async def test_a_page_that_its_site_says_is_unchanged_is_not_read_again(importer: Importer, adler: Site) -> None:
    async def known(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.headers.get("if-none-match") == '"v1"':
            writer.write(head(304, {"etag": '"v1"'}))
        else:
            await page(html(("Dogs", f"Dogs are welcome. {LONG}")), etag='"v1"')(asked, writer)

    adler.answers["/dogs"] = known
    first = await importer.start(kind="page", url=f"{adler.url}/dogs")
    await importer.reaches(first, "preview")
    await importer.do(first, "accept")
    await importer.reaches(first, "done")

    second = await importer.do(first, "again")

    assert (await importer.reaches(second, "preview"))["pages"]["unchanged"] == 1


async def test_an_import_is_stopped_and_goes_on_where_it_was(importer: Importer, adler: Site) -> None:
    held = asyncio.Event()
    reading = asyncio.Event()

    async def slowly(asked: Any, writer: asyncio.StreamWriter) -> None:
        reading.set()
        await held.wait()
        await page(html(("Pool", f"The pool is heated. {LONG}")))(asked, writer)

    adler.answers["/pool"] = slowly
    started = await importer.start(kind="sitemap", url=f"{adler.url}/sitemap.xml")
    await asyncio.wait_for(reading.wait(), 10)
    stopped = await importer.do(started, "stop")
    held.set()

    async def pool_is_read() -> bool:
        return (await importer.of(started))["pages"]["read"] == 1

    await eventually(pool_is_read)
    await asyncio.sleep(0.5)
    assert stopped["stopped"]
    assert (await importer.of(started))["pages"]["waiting"] == 2

    await importer.do(started, "resume")
    read = await importer.reaches(started, "preview")

    assert read["pages"]["read"] == 2
    assert adler.targets.count("/pool") == 1


async def test_an_import_that_is_not_ready_is_not_accepted_and_one_that_is_over_not_stopped(importer: Importer) -> None:
    started = await importer.start(kind="files", files=[file("dogs.md", f"# Dogs\n\nDogs are welcome. {LONG}")])
    await importer.reaches(started, "preview")
    await importer.do(started, "accept")
    await importer.reaches(started, "done")

    for verb, problem in (
        ("accept", "import-not-ready"),
        ("stop", "import-over"),
        ("resume", "import-over"),
        ("again", "import-of-files"),
    ):
        answer = await importer.client.post(f"/knowledge/imports/{started['id']}/{verb}")
        assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (409, problem)


@pytest.mark.parametrize(
    "command",
    [
        {"kind": "page"},
        {"kind": "files"},
        {"kind": "files", "url": "https://adler.example/"},
        {"kind": "page", "url": "ftp://adler.example/"},
        {"kind": "page", "url": "https://adler.example/", "files": [file("a.md", "# A")]},
        {"kind": "files", "files": [{"name": "a.md", "content": "not base64!"}]},
        {"kind": "files", "files": [file("big.md", b"a" * 5_000_001)]},
    ],
)
async def test_a_bad_import_changes_nothing(importer: Importer, command: dict[str, Any]) -> None:
    answer = await importer.client.post("/knowledge/imports", json=command)

    assert answer.status_code == 422
    assert (await importer.client.get("/knowledge/imports")).json()["items"] == []


async def test_a_file_of_some_megabytes_is_taken(importer: Importer) -> None:
    text = "\n\n".join(f"# Room {n}\n\nRoom {n} has a view. {LONG} {'It is quiet. ' * 100}" for n in range(1500))
    started = await importer.start(kind="files", files=[file("rooms.md", text)])

    read = await importer.reaches(started, "preview")

    assert read["articles"]["new"] == 500


async def test_a_site_within_the_house_is_not_asked_unless_the_operator_allows_it(
    parts: Parts, issuer: TokenIssuer, adler: Site
) -> None:
    async with start_without_kafka(service_with(ScriptedEngine()), parts, issuer) as app:
        importer = Importer(await Hotel(app, issuer).open_at_once())
        started = await importer.start(kind="page", url=f"{adler.url}/dogs")
        await importer.reaches(started, "preview")
        [failed] = (await importer.of(started, "/pages"))["items"]

    assert failed["state"] == "failed"
    assert adler.asked == []


async def test_a_discarded_import_leaves_its_articles(importer: Importer) -> None:
    started = await importer.start(kind="files", files=[file("dogs.md", f"# Dogs\n\nDogs are welcome. {LONG}")])
    await importer.reaches(started, "preview")
    await importer.do(started, "accept")
    await importer.reaches(started, "done")

    assert (await importer.client.delete(f"/knowledge/imports/{started['id']}")).status_code == 204

    assert [one["title"] for one in await importer.articles()] == ["Dogs"]
    assert (await importer.client.get(f"/knowledge/imports/{started['id']}")).status_code == 404


async def test_one_hotel_sees_nothing_of_anothers_imports(
    importer: Importer, desk: RunningService, issuer: TokenIssuer
) -> None:
    started = await importer.start(kind="files", files=[file("dogs.md", f"# Dogs\n\nDogs are welcome. {LONG}")])
    await importer.reaches(started, "preview")
    other = Importer(await Hotel(desk, issuer).open_at_once())

    assert (await other.client.get("/knowledge/imports")).json()["items"] == []
    assert (await other.client.get(f"/knowledge/imports/{started['id']}")).status_code == 404
    assert (await other.client.post(f"/knowledge/imports/{started['id']}/accept")).status_code == 404
