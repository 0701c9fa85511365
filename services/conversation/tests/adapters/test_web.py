"""Pages of other people's sites: what comes back, within which limits, and with what consideration."""

import asyncio
import gzip
import time as wall
import tracemalloc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from sites import LOOPBACK, Answering, Asked, Endless, Names, Time, head, known_by, page, redirect, site, slow_drip

from conversation.adapters.fetched import Fetched, NotFetched, NotModified
from conversation.adapters.gunzip import gunzip
from conversation.adapters.web import Limits, Web

MODIFIED = "Wed, 01 May 2024 10:00:00 GMT"


@asynccontextmanager
async def web(time: Time | None = None, limits: Limits | None = None) -> AsyncGenerator[Web]:
    time = time or Time()
    names = Names({"second.example": [["127.0.0.1"]]})
    made = Web(allowed_networks=LOOPBACK, resolve=names, clock=time.clock, sleep=time.sleep, limits=limits)
    try:
        yield made
    finally:
        await made.aclose()


async def fetched(answer: Answering, limits: Limits | None = None) -> Fetched:
    async with site({"/page": answer}) as local, web(limits=limits) as made:
        found = await made.fetch(f"{local.url}/page")
    assert isinstance(found, Fetched)
    return found


async def not_fetched(answer: Answering, limits: Limits | None = None) -> NotFetched:
    async with site({"/page": answer}) as local, web(limits=limits) as made:
        with pytest.raises(NotFetched) as error:
            await made.fetch(f"{local.url}/page")
    return error.value


def robots(text: str) -> Answering:
    return page(text.encode(), "text/plain")


async def test_a_page_comes_with_its_type_and_with_what_tells_whether_it_changed() -> None:
    found = await fetched(page(b"<p>Pool</p>", "Text/HTML; Charset=ISO-8859-1", etag='"a1"', last_modified=MODIFIED))
    assert found.content == b"<p>Pool</p>"
    assert (found.media_type, found.charset) == ("text/html", "iso-8859-1")
    assert (found.etag, found.last_modified) == ('"a1"', MODIFIED)


async def test_a_packed_page_is_unpacked() -> None:
    found = await fetched(page(gzip.compress(b"<p>Po") + gzip.compress(b"ol</p>") + b"\0\0", content_encoding="gzip"))
    assert found.content == b"<p>Pool</p>"


@pytest.mark.parametrize("known", [{"etag": '"a1"'}, {"last_modified": MODIFIED}])
async def test_a_page_that_has_not_changed_is_not_sent_again(known: dict[str, str]) -> None:
    async with site({"/page": known_by('"a1"', MODIFIED)}) as local, web() as made:
        assert isinstance(await made.fetch(f"{local.url}/page", **known), NotModified)
        assert isinstance(await made.fetch(f"{local.url}/page", etag='"a0"'), Fetched)


async def test_an_etag_is_sent_back_byte_for_byte() -> None:
    async with site({"/page": page()}) as local, web() as made:
        await made.fetch(f"{local.url}/page", etag='"caf\xe9"')
    assert local.asked[-1].headers["if-none-match"] == '"caf\xe9"'


async def test_an_etag_that_would_smuggle_in_a_header_is_not_sent() -> None:
    async with site({"/page": page()}) as local, web() as made:
        await made.fetch(f"{local.url}/page", etag='"a"\r\nX-Evil: 1')
    assert "if-none-match" not in local.asked[-1].headers


async def test_an_unasked_for_not_modified_is_no_page() -> None:
    assert (await not_fetched(page(b"", status=304))).reason == "The site sends no page (status 304)"


async def test_a_redirect_leads_to_the_final_address_without_fragment() -> None:
    answers = {"/old": redirect("/newer#top", 301), "/newer": redirect("new?x=1#end", 308), "/new?x=1": page()}
    async with site(answers) as local, web() as made:
        found = await made.fetch(f"{local.url}/old#start")
        assert isinstance(found, Fetched)
        assert found.url == f"{local.url}/new?x=1"
    assert local.targets == ["/old", "/newer", "/new?x=1"]


async def test_a_page_that_redirects_to_itself_is_asked_six_times_and_given_up() -> None:
    async with site({"/page": redirect("/page")}) as local, web() as made:
        with pytest.raises(NotFetched, match="redirects too often"):
            await made.fetch(f"{local.url}/page")
    assert local.targets == ["/page"] * 6


async def test_neither_cookies_nor_anything_else_is_carried_from_page_to_page() -> None:
    async with site({"/page": page(set_cookie="id=1; Path=/"), "/next": page()}) as local, web() as made:
        await made.fetch(f"{local.url}/page")
        await made.fetch(f"{local.url}/next")
    assert set(local.asked[-1].headers) == {"host", "user-agent", "accept", "accept-encoding"}
    assert local.asked[-1].headers["user-agent"] == "frontdesk-import/1.0"


async def test_a_page_that_drips_slowly_is_given_up_when_the_time_is_over() -> None:
    began = wall.monotonic()
    error = await not_fetched(slow_drip(), Limits(fetch_seconds=0.3))
    assert error.reason == "The site did not answer in time"
    assert error.retry
    assert wall.monotonic() - began < 5


async def test_redirects_do_not_add_to_the_time() -> None:
    async def slowly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        await redirect("/page")(asked, writer)

    assert (await not_fetched(slowly, Limits(fetch_seconds=0.5))).reason == "The site did not answer in time"


async def test_a_pause_that_a_site_asks_for_does_not_use_up_the_time() -> None:
    time = Time()

    async def really(seconds: float) -> None:
        await asyncio.sleep(0.3)
        await time.sleep(seconds)

    async with site({"/page": page(), "/robots.txt": robots("User-agent: *\nCrawl-delay: 5")}) as local:
        made = Web(allowed_networks=LOOPBACK, clock=time.clock, sleep=really, limits=Limits(fetch_seconds=0.25))
        assert isinstance(await made.fetch(f"{local.url}/page"), Fetched)
        await made.aclose()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip bomb"])
async def test_an_endless_page_is_stopped_in_the_middle(packed: bool) -> None:
    endless = Endless(packed)
    error = await not_fetched(endless)
    assert error.reason == "It is larger than what can be imported"
    assert not error.retry
    assert endless.sent_bytes < 50_000_000


def test_unpacking_a_bomb_takes_little_more_memory_than_the_limit() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(NotFetched, match="larger"):
            gunzip(bomb, 1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


async def test_a_page_is_as_large_as_the_limit_and_not_a_byte_larger() -> None:
    limits = Limits(body_bytes=1_000)
    for content_encoding, pack in (("", bytes), ("gzip", gzip.compress)):
        at_limit, over = pack(b"x" * 1_000), pack(b"x" * 1_001)
        assert len((await fetched(page(at_limit, content_encoding=content_encoding), limits)).content) == 1_000
        assert "larger" in (await not_fetched(page(over, content_encoding=content_encoding), limits)).reason


@pytest.mark.parametrize("body", [b"\x1f\x8b not gzip", gzip.compress(b"x" * 1_000)[:-9]], ids=["garbage", "cut off"])
async def test_a_damaged_page_is_no_page(body: bytes) -> None:
    error = await not_fetched(page(body, content_encoding="gzip"))
    assert error.reason == "It arrived damaged"
    assert error.retry


async def test_a_page_that_breaks_off_is_no_page() -> None:
    async def half(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head(200, {"content-type": "text/html", "content-length": "100"}) + b"half")

    error = await not_fetched(half)
    assert error.reason == "The connection to the site broke off"
    assert error.retry


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "deflate"])
async def test_a_packing_that_was_not_asked_for_is_refused(encoding: str) -> None:
    assert "packed" in (await not_fetched(page(b"x", content_encoding=encoding))).reason


@pytest.mark.parametrize("media_type", ["image/png", "application/zip", "application/xml", "text/javascript", ""])
async def test_what_is_no_page_or_document_is_not_read(media_type: str) -> None:
    error = await not_fetched(page(media_type=media_type))
    assert "kind" in error.reason
    assert not error.retry


@pytest.mark.parametrize(
    ("status", "reason", "retry"),
    [
        (404, "There is no such page (any more)", False),
        (410, "There is no such page (any more)", False),
        (403, "The site does not let us read it (status 403)", False),
        (418, "The site sends no page (status 418)", False),
        (206, "The site sends no page (status 206)", False),
        (408, "The site sends no page (status 408)", True),
        (429, "The site asks us to come back later", True),
        (503, "The site has a fault (status 503)", True),
    ],
)
async def test_each_status_is_said_in_words_and_whether_it_may_heal(status: int, reason: str, retry: bool) -> None:
    error = await not_fetched(page(status=status))
    assert (error.reason, error.retry, error.retry_after_seconds) == (reason, retry, None)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("9" * 400, 3_600),
        ("Wed, 01 May 2024 10:02:00 GMT", 120),
        ("Wed, 01 May 2024 09:00:00 GMT", 0),
        ("Thu, 02 May 2024 10:00:00 GMT", 3_600),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_a_busy_site_says_when_to_come_back(said: str, seconds: float | None) -> None:
    assert (await not_fetched(page(status=429, retry_after=said, date=MODIFIED))).retry_after_seconds == seconds


async def test_who_sends_something_else_than_http_is_no_site() -> None:
    async def noise(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")

    assert (await not_fetched(noise)).retry


async def test_a_site_is_asked_one_thing_at_a_time_with_a_pause_between() -> None:
    time = Time()

    async def briefly(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        await page()(asked, writer)

    async with site({f"/{n}": briefly for n in range(5)}) as local, web(time) as made:
        await asyncio.gather(*(made.fetch(f"{local.url}/{n}") for n in range(5)))
    assert (local.most_at_once, len(local.asked)) == (1, 6)
    assert time.pauses == pytest.approx([0.2] * 5)


async def test_two_sites_do_not_wait_for_each_other() -> None:
    async with site({"/page": slow_drip()}) as slow, site({"/page": page()}) as quick, web() as made:
        waiting = asyncio.ensure_future(made.fetch(f"{slow.url}/page"))
        await slow.when_asked("/page")
        elsewhere = quick.url.replace("127.0.0.1", "second.example")
        async with asyncio.timeout(5):
            assert isinstance(await made.fetch(f"{elsewhere}/page"), Fetched)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def test_a_fetch_that_is_cancelled_frees_its_site() -> None:
    async with site({"/slow": slow_drip(), "/page": page()}) as local, web() as made:
        waiting = asyncio.ensure_future(made.fetch(f"{local.url}/slow"))
        await local.when_asked("/slow")
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(5):
            assert isinstance(await made.fetch(f"{local.url}/page"), Fetched)
