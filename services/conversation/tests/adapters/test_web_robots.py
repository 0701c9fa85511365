"""What a site's robots.txt asks is done: what to leave alone, how slowly to ask, and nothing when nobody knows."""

import time as wall
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from sites import LOOPBACK, Answering, Site, Time, page, redirect, site, slow_drip

from conversation.adapters.fetched import Fetched, NotFetched
from conversation.adapters.robots import MAX_READ_BYTES, Rules
from conversation.adapters.web import Limits, Web
from conversation.adapters.web_address import read_address

FORBIDDEN = "The site's robots.txt does not allow it"


@asynccontextmanager
async def looking_at(
    answers: dict[str, Answering], time: Time | None = None, limits: Limits | None = None
) -> AsyncGenerator[tuple[Site, Web]]:
    time = time or Time()
    made = Web(allowed_networks=LOOPBACK, clock=time.clock, sleep=time.sleep, limits=limits)
    try:
        async with site({"/page": page(), "/other": page(), **answers}) as local:
            yield local, made
    finally:
        await made.aclose()


def robots(*lines: str) -> Answering:
    return page("\n".join(lines).encode(), "text/plain")


def times_read(local: Site) -> int:
    return sum(asked.target == "/robots.txt" for asked in local.asked)


async def test_a_page_that_robots_are_to_leave_alone_is_not_asked_for() -> None:
    async with looking_at({"/robots.txt": robots("User-agent: *", "Disallow: /page")}) as (local, web):
        with pytest.raises(NotFetched) as error:
            await web.fetch(f"{local.url}/page")
        assert (error.value.reason, error.value.retry) == (FORBIDDEN, False)
        assert isinstance(await web.fetch(f"{local.url}/other"), Fetched)
    assert local.targets == ["/other"]


async def test_what_is_said_to_us_by_name_counts_before_what_is_said_to_all() -> None:
    lines = "User-agent: *", "Disallow: /", "", "User-Agent: Frontdesk-Import", "Disallow: /other"
    async with looking_at({"/robots.txt": robots(*lines)}) as (local, web):
        await web.fetch(f"{local.url}/page")
        with pytest.raises(NotFetched, match=FORBIDDEN):
            await web.fetch(f"{local.url}/other")


async def test_a_redirect_to_a_page_that_is_to_be_left_alone_is_not_followed() -> None:
    answers = {"/old": redirect("/page"), "/robots.txt": robots("User-agent: *", "Disallow: /page")}
    async with looking_at(answers) as (local, web):
        with pytest.raises(NotFetched, match=FORBIDDEN):
            await web.fetch(f"{local.url}/old")
    assert local.targets == ["/old"]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_a_site_without_rules_allows_all(status: int) -> None:
    async with looking_at({"/robots.txt": page(status=status)}) as (local, web):
        assert isinstance(await web.fetch(f"{local.url}/page"), Fetched)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_site_whose_rules_cannot_be_read_now_allows_nothing_until_later(status: int) -> None:
    async with looking_at({"/robots.txt": page(status=status, retry_after="90")}) as (local, web):
        with pytest.raises(NotFetched, match=r"robots\.txt could not be read") as error:
            await web.fetch(f"{local.url}/page")
    assert (error.value.retry, error.value.retry_after_seconds) == (True, 90)
    assert local.targets == []


async def test_rules_that_drip_slowly_are_given_up_with_the_page() -> None:
    began = wall.monotonic()
    async with looking_at({"/robots.txt": slow_drip()}, limits=Limits(fetch_seconds=0.3)) as (local, web):
        with pytest.raises(NotFetched) as error:
            await web.fetch(f"{local.url}/page")
    assert error.value.retry
    assert local.targets == []
    assert wall.monotonic() - began < 5


async def test_rules_are_read_once_an_hour() -> None:
    time = Time()
    async with looking_at({"/robots.txt": robots("User-agent: *", "Disallow: /other")}, time) as (local, web):
        await web.fetch(f"{local.url}/page")
        time.now += 3_000
        await web.fetch(f"{local.url}/page")
        assert times_read(local) == 1
        local.answers["/robots.txt"] = robots("User-agent: *", "Disallow: /page")
        time.now += 700
        with pytest.raises(NotFetched, match=FORBIDDEN):
            await web.fetch(f"{local.url}/page")
        assert times_read(local) == 2


async def test_a_site_that_was_down_is_asked_again_after_a_minute_and_not_for_each_page() -> None:
    time = Time()
    async with looking_at({"/robots.txt": page(status=500)}, time) as (local, web):
        for _ in range(3):
            with pytest.raises(NotFetched):
                await web.fetch(f"{local.url}/page")
        assert times_read(local) == 1
        local.answers["/robots.txt"] = robots()
        time.now += 61
        assert isinstance(await web.fetch(f"{local.url}/page"), Fetched)


@pytest.mark.parametrize(
    ("asked", "pause"), [("3", 3.0), ("0.5", 0.5), ("0", 0.2), ("600", 10.0), ("inf", 0.2), ("soon", 0.2)]
)
async def test_the_pause_that_a_site_asks_for_is_kept_up_to_ten_seconds(asked: str, pause: float) -> None:
    time = Time()
    async with looking_at({"/robots.txt": robots("User-agent: *", f"Crawl-delay: {asked}")}, time) as (local, web):
        await web.fetch(f"{local.url}/page")
        await web.fetch(f"{local.url}/other")
    assert time.pauses == pytest.approx([pause, pause])


async def test_rules_that_lie_elsewhere_are_followed_there() -> None:
    answers = {"/robots.txt": redirect("/rules.txt"), "/rules.txt": robots("User-agent: *", "Disallow: /page")}
    async with looking_at(answers) as (local, web):
        with pytest.raises(NotFetched, match=FORBIDDEN):
            await web.fetch(f"{local.url}/page")


async def test_rules_that_redirect_into_a_private_network_allow_nothing() -> None:
    async with looking_at({"/robots.txt": redirect("http://10.0.0.7/robots.txt")}) as (local, web):
        with pytest.raises(NotFetched, match="private network"):
            await web.fetch(f"{local.url}/page")
    assert local.targets == []


@pytest.mark.parametrize("name", ["User-agent: robot{n}", "useragent robot{n}", "User agent : robot{n} # no. {n}"])
def test_rules_for_thousands_of_robots_are_read_in_no_time(name: str) -> None:
    agents = "\n".join(name.format(n=n) for n in range(10_000))
    rules = "\n".join(f"Disallow: /{n}" for n in range(10_000))
    text = f"{agents}\n{rules}\nUser-agent: *\nDisallow: /page"
    assert len(text) < MAX_READ_BYTES
    began = wall.process_time()
    read = Rules(text.encode())
    assert not read.allow(read_address("http://hotel.example/page"))
    assert read.allow(read_address("http://hotel.example/7"))
    assert wall.process_time() - began < 5
