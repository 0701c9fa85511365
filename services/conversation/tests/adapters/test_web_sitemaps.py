"""Sitemaps: which pages a site names itself, through indexes and packed files, and none of another site."""

import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from sites import PUBLIC, Answering, Dial, Names, Site, Time, page, redirect, site

from conversation.adapters.fetched import NotFetched, Refused
from conversation.adapters.sitemaps import read_sitemap, read_time
from conversation.adapters.web import Limits, SitemapEntry, Web

HOTEL = "http://www.hotel.example"
START = f"{HOTEL}/sitemap.xml"
LIMIT = 5_000_000


@asynccontextmanager
async def looking_at(answers: dict[str, Answering], limits: Limits | None = None) -> AsyncGenerator[tuple[Site, Web]]:
    time = Time()
    names = Names({host: [[PUBLIC]] for host in ("hotel.example", "www.hotel.example", "other.example")})
    async with site(answers) as local:
        made = Web(resolve=names, clock=time.clock, sleep=time.sleep, limits=limits, dial=Dial(local))
        try:
            yield local, made
        finally:
            await made.aclose()


def xml(text: str, media_type: str = "application/xml") -> Answering:
    return page(text.encode(), media_type)


def urlset(*urls: str) -> str:
    inner = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inner}</urlset>'


def index(*urls: str) -> str:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{url}</loc></sitemap>' for url in urls)}</sitemapindex>"


async def urls_of(answers: dict[str, Answering], limit: int = 1_000) -> list[str]:
    async with looking_at(answers) as (_, web):
        return [entry.url.removeprefix(HOTEL) for entry in await web.sitemap(START, limit=limit)]


async def test_a_sitemap_names_pages_and_when_they_changed() -> None:
    text = """<?xml version="1.0" encoding="UTF-8"?>
        <s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9">
        <s:url><s:loc> http://www.hotel.example/a?x=1&amp;y=2 </s:loc><s:lastmod>2024-05-01T12:00:00+02:00</s:lastmod></s:url>
        <s:url><image:image><image:loc>http://www.hotel.example/a.jpg</image:loc></image:image>
        <s:loc><![CDATA[http://www.hotel.example/b#pool]]></s:loc></s:url></s:urlset>"""
    async with looking_at({"/sitemap.xml": xml(text)}) as (_, web):
        assert await web.sitemap(START) == (
            SitemapEntry(f"{HOTEL}/a?x=1&y=2", datetime(2024, 5, 1, 10, tzinfo=UTC)),
            SitemapEntry(f"{HOTEL}/b"),
        )


async def test_pages_of_other_sites_are_left_out_and_www_is_the_same_site() -> None:
    pages = urlset(
        f"{HOTEL}/a",
        "https://hotel.example/b",
        "http://other.example/c",
        "http://www.hotel.example.other.example/d",
        "http://127.0.0.1/e",
        "javascript:alert(1)",
        "http://user:secret@www.hotel.example/f",
    )
    assert await urls_of({"/sitemap.xml": xml(pages)}) == ["/a", "https://hotel.example/b"]


async def test_each_page_comes_once_and_no_more_than_asked_for() -> None:
    pages = urlset(*(f"{HOTEL}/{n}" for n in (1, 2, 1, 3, 4)), f"{HOTEL}/2#bar")
    assert await urls_of({"/sitemap.xml": xml(pages)}) == ["/1", "/2", "/3", "/4"]
    assert await urls_of({"/sitemap.xml": xml(pages)}, limit=3) == ["/1", "/2", "/3"]


async def test_an_index_is_followed_two_levels_deep_and_not_three() -> None:
    answers = {
        "/sitemap.xml": xml(index(f"{HOTEL}/one.xml")),
        "/one.xml": xml(index(f"{HOTEL}/two.xml", f"{HOTEL}/pages.xml")),
        "/two.xml": xml(index(f"{HOTEL}/three.xml")),
        "/pages.xml": xml(urlset(f"{HOTEL}/seen")),
        "/three.xml": xml(urlset(f"{HOTEL}/unseen")),
    }
    assert await urls_of(answers) == ["/seen"]


async def test_sitemaps_that_name_themselves_and_each_other_are_read_once() -> None:
    answers = {
        "/sitemap.xml": xml(index(START, f"{HOTEL}/other.xml", f"{HOTEL}/other.xml")),
        "/other.xml": xml(index(START, f"{HOTEL}/other.xml", f"{HOTEL}/pages.xml")),
        "/pages.xml": xml(urlset(f"{HOTEL}/a")),
    }
    async with looking_at(answers) as (local, web):
        assert [entry.url for entry in await web.sitemap(START)] == [f"{HOTEL}/a"]
    assert local.targets == ["/sitemap.xml", "/other.xml", "/pages.xml"]


async def test_an_index_of_thousands_is_read_for_fifty_files() -> None:
    many = index(*(f"{HOTEL}/{n}.xml" for n in range(3_000)))
    async with looking_at({"/sitemap.xml": xml(many)}) as (local, web):
        assert await web.sitemap(START) == ()
    assert len(local.targets) == 50


async def test_no_further_sitemap_is_read_when_there_are_enough_pages() -> None:
    answers = {
        "/sitemap.xml": xml(index(f"{HOTEL}/one.xml", f"{HOTEL}/two.xml")),
        "/one.xml": xml(urlset(f"{HOTEL}/a", f"{HOTEL}/b")),
    }
    async with looking_at(answers) as (local, web):
        assert len(await web.sitemap(START, limit=2)) == 2
    assert "/two.xml" not in local.targets


@pytest.mark.parametrize("media_type", ["application/gzip", "application/octet-stream", "application/xml"])
async def test_a_packed_sitemap_is_unpacked(media_type: str) -> None:
    answers = {
        "/sitemap.xml": xml(index(f"{HOTEL}/pages.xml.gz")),
        "/pages.xml.gz": page(gzip.compress(urlset(f"{HOTEL}/a").encode()), media_type),
    }
    assert await urls_of(answers) == ["/a"]


async def test_a_sitemap_that_is_a_gzip_bomb_is_stopped() -> None:
    bomb = page(gzip.compress(urlset(*(f"{HOTEL}/{'a' * 900}" for _ in range(2_000))).encode()), "application/gzip")
    async with looking_at({"/sitemap.xml": bomb}, Limits(body_bytes=100_000)) as (_, web):
        with pytest.raises(NotFetched, match="larger than what can be imported"):
            await web.sitemap(START)


async def test_a_plain_text_sitemap_has_an_address_on_each_line() -> None:
    text = f"\ufeff{HOTEL}/a\r\n\r\n  {HOTEL}/b\n# comment\nhttp://other.example/c"
    assert await urls_of({"/sitemap.xml": xml(text, "text/plain")}) == ["/a", "/b"]


async def test_a_further_sitemap_that_is_gone_is_left_out_and_one_that_is_down_is_an_error() -> None:
    answers = {
        "/sitemap.xml": xml(index(f"{HOTEL}/gone.xml", "http://10.0.0.7/x.xml", f"{HOTEL}/pages.xml")),
        "/pages.xml": xml(urlset(f"{HOTEL}/a")),
    }
    assert await urls_of(answers) == ["/a"]
    with pytest.raises(NotFetched) as error:
        await urls_of({**answers, "/gone.xml": page(status=503)})
    assert error.value.retry


async def test_a_sitemap_that_has_moved_to_the_sites_new_name_names_pages_there() -> None:
    answers = {
        "/sitemap.xml": redirect("http://other.example/map.xml"),
        "/map.xml": xml(urlset("http://other.example/a", f"{HOTEL}/b")),
    }
    assert await urls_of(answers) == ["http://other.example/a"]


async def test_a_sitemap_that_is_to_be_left_alone_is() -> None:
    with pytest.raises(NotFetched, match="does not allow"):
        await urls_of(
            {"/robots.txt": page(b"User-agent: *\nDisallow: /sitemap", "text/plain"), "/sitemap.xml": xml("")}
        )


@pytest.mark.parametrize("media_type", ["text/html", "image/png", "application/pdf"])
async def test_what_is_no_sitemap_by_its_type_is_not_read(media_type: str) -> None:
    with pytest.raises(NotFetched, match="kind"):
        await urls_of({"/sitemap.xml": xml(urlset(f"{HOTEL}/a"), media_type)})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"Welcome",
        b"<html><body>Not found</body></html>",
        b"<urlset><url>",
        b"<urlset>&unknown;</urlset>",
        b'<?xml version="1.0" encoding="klingon"?><urlset/>',
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><urlset><url><loc>&f;</loc></url></urlset>',
        b"<urlset>" + b"<a>" * 1_000 + b"</a>" * 1_000 + b"</urlset>",
        b"\x1f\x8bdamaged",
    ],
)
def test_what_is_no_sitemap_is_an_error(content: bytes) -> None:
    with pytest.raises(NotFetched):
        read_sitemap(content, LIMIT)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-05-01", datetime(2024, 5, 1, tzinfo=UTC)),
        ("2024-05", datetime(2024, 5, 1, tzinfo=UTC)),
        ("2024", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-05-01T12:00Z", datetime(2024, 5, 1, 12, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_when_a_page_changed_is_read_as_far_as_it_is_a_date(text: str, time: datetime | None) -> None:
    assert read_time(text) == time


async def test_the_sitemaps_of_a_site_are_those_its_robots_txt_names() -> None:
    lines = (
        f"Sitemap: {START}\nsitemap: /news.xml\nSitemap: {START}\nSitemap: http://other.example/x.xml\nSitemap: ftp://x"
    )
    async with looking_at({"/robots.txt": page(lines.encode(), "text/plain")}) as (_, web):
        assert await web.sitemaps_of(f"{HOTEL}/rooms") == (START, f"{HOTEL}/news.xml")
    async with looking_at({}) as (_, web):
        assert await web.sitemaps_of(HOTEL) == ()


async def test_a_sitemap_in_our_own_network_is_refused() -> None:
    web = Web()
    with pytest.raises(Refused):
        await web.sitemap("http://127.0.0.1/sitemap.xml")
    with pytest.raises(Refused):
        await web.sitemaps_of("http://127.0.0.1/")
    await web.aclose()
