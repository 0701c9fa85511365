"""What the widget costs a hotel's page before anybody opens it: main-thread time with and without its script tag."""

from __future__ import annotations

import json
import re
import statistics
from typing import Any

from playwright.async_api import Browser, Route

from bench.report import header, table
from bench.stackside import HOTEL, Bench
from browser.chromium import launched

SLOWDOWN = 4
CATEGORIES = ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"]
SETTLE_SECONDS = 1.5
SCRIPT_TAG = re.compile(r"<script[^>]*frontdesk\.js[^>]*></script>")

Event = dict[str, Any]  # Any: Chromium's trace events


async def measure(bench: Bench, *, rounds: int, seed: int) -> None:
    """Print the median milliseconds of main-thread tasks while the demo page loads, with and without the widget.

    Both kinds of load take turns in one browser, each with an empty cache and the processor slowed down 4x. A task's
    time includes compiling, running, styling and painting; the page itself is the same file.
    """
    address = f"{bench.conversation}/demo/{HOTEL}"
    spent: dict[str, list[float]] = {"with": [], "without": []}
    async with launched() as browser:
        version = browser.version
        await _load(browser, address, widget=True)
        for _ in range(rounds):
            for kind, milliseconds in spent.items():
                milliseconds.append(await _load(browser, address, widget=kind == "with"))
    header(
        "Main-thread time of the demo page before the widget is opened",
        seed,
        f"{rounds} loads of each kind in turn, empty cache, processor slowed down {SLOWDOWN}x by Chromium {version}",
    )
    medians = {kind: statistics.median(found) for kind, found in spent.items()}
    rows = [[kind, f"{medians[kind]:.1f}", f"{min(found):.1f}", f"{max(found):.1f}"] for kind, found in spent.items()]
    rows.append(["added", f"{medians['with'] - medians['without']:.1f}", "", ""])
    print(table(["the script tag", "median ms", "least", "most"], rows))


async def _load(browser: Browser, address: str, *, widget: bool) -> float:
    """Milliseconds that the main thread of the page's process was busy, from the navigation until all is quiet."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = await context.new_page()
        if not widget:
            await page.route(address, _without_script)
        else:
            await page.route(address, _as_it_is)
        throttle = await context.new_cdp_session(page)
        await throttle.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
        await browser.start_tracing(page=page, categories=CATEGORIES)
        await page.goto(address, wait_until="networkidle")
        if widget:
            await page.get_by_test_id("launcher").wait_for()
        await page.wait_for_timeout(SETTLE_SECONDS * 1000)
        return _busy(json.loads(await browser.stop_tracing())["traceEvents"])
    finally:
        await context.close()


async def _without_script(route: Route) -> None:
    answer = await route.fetch()
    text = await answer.text()
    assert SCRIPT_TAG.search(text), "the page has no script tag to leave out"
    await route.fulfill(response=answer, body=SCRIPT_TAG.sub("", text))


async def _as_it_is(route: Route) -> None:
    """The same detour, so that both loads pay for it."""
    answer = await route.fetch()
    await route.fulfill(response=answer, body=await answer.text())


def _busy(events: list[Event]) -> float:
    """Milliseconds of tasks on the busiest page's main thread; other pages are Chromium's spare processes."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    total: dict[tuple[int, int], float] = dict.fromkeys(mains, 0.0)
    for event in events:
        if event["name"] == "RunTask" and (event["pid"], event["tid"]) in mains:
            total[event["pid"], event["tid"]] += event.get("dur", 0) / 1000
    return max(total.values())
