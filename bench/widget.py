"""What the widget costs a hotel's page before anybody opens it: main-thread time with and without its script tag."""

from __future__ import annotations

import asyncio
import json
import math
import re
import statistics
import time
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Route

from bench.report import header, table
from bench.stackside import HOTEL, Bench
from browser.chromium import launched

SLOWDOWN = 4
"""As Lighthouse has it for phones, where it loads the page at full speed and counts every task four times."""
PERMISSIONS = ["local-network-access"]
"""A page that the test hands to Chromium has no address, and without this its calls to another port are refused."""
EMPTY = "<!doctype html><html lang=en><title>Hotel</title><body><p>Rooms with a view.</p>{tag}</body></html>"
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "__metadata"]
SETTLE_SECONDS = 1.2
"""Before somebody moves the pointer, and after: long enough for what the widget does each time."""
SCRIPT_TAG = re.compile(r"<script[^>]*frontdesk\.js[^>]*></script>")

SCRIPT_EVENTS = {"EvaluateScript", "FunctionCall", "v8.compile", "V8.CompileCode"}

Event = dict[str, Any]  # Any: Chromium's trace events


@dataclass(frozen=True, slots=True)
class Way:
    """One way to measure: what the columns call it, how slow the processor is, which page."""

    page: str
    processor: str
    slowdown: int
    empty: bool = False

    def html(self, demo_page: str, *, widget: bool) -> str:
        """The page with its script tag, or without it."""
        tag = SCRIPT_TAG.search(demo_page)
        assert tag, "the page has no script tag to leave out"
        if self.empty:
            return EMPTY.replace("{tag}", tag[0] if widget else "")
        return demo_page if widget else SCRIPT_TAG.sub("", demo_page)


WAYS = (
    Way("demo", f"slowed down {SLOWDOWN}x", SLOWDOWN),
    Way("demo", f"full speed, times {SLOWDOWN}", 1),
    Way("empty", f"full speed, times {SLOWDOWN}", 1, empty=True),
)


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of one load of the page."""

    tasks: float
    """The main thread's own time in all tasks: compiling, running, styling, laying out, painting."""
    script: float
    """The share of it in which the widget's files were evaluated or their functions ran."""
    moved: float
    """Of all tasks, those after somebody has moved the pointer over the page: then the chat is fetched, and not run."""


async def measure(bench: Bench, *, rounds: int, seed: int) -> None:
    """Print the median milliseconds of main-thread tasks while the demo page loads, with and without the widget.

    Both kinds of load take turns in one browser, each with an empty cache: with the processor slowed down 4x; at full
    speed with the result times four; and so on an empty page, where little else differs from load to load. Time is the
    thread's own, so that what else the machine does does not count; the page itself is the same file.
    """
    address = f"{bench.conversation}/demo/{HOTEL}"
    found: dict[Way, list[tuple[Spent, Spent]]] = {way: [] for way in WAYS}
    async with launched() as browser:
        version = browser.version
        await _load(browser, address, WAYS[-1], widget=True)
        for at in range(rounds):
            for way, pairs in found.items():
                order = (True, False) if at % 2 else (False, True)
                loads = {widget: await _load(browser, address, way, widget=widget) for widget in order}
                pairs.append((loads[True], loads[False]))
    header(
        "Main-thread time of the demo page before the widget is opened",
        seed,
        f"{rounds} pairs of loads in turn, empty cache; Chromium {version}, its own slow-down in the first line",
    )
    columns = [
        "page",
        "processor",
        "without, ms",
        "with",
        "added, medians",
        "added, median of pairs",
        "mean of pairs, standard error",
        "in the widget's script",
        "added once the pointer moves",
    ]
    table(columns, [_row(way, pairs) for way, pairs in found.items()])


def _row(way: Way, pairs: list[tuple[Spent, Spent]]) -> list[str]:
    with_, without = ([pair[at] for pair in pairs] for at in (0, 1))
    medians = [statistics.median(load.tasks for load in loads) for loads in (without, with_)]
    moved = [statistics.median(load.moved for load in loads) for loads in (without, with_)]
    added = [one.tasks - other.tasks for one, other in pairs]
    error = statistics.stdev(added) / len(added) ** 0.5 if len(added) > 1 else math.nan
    return [
        way.page,
        way.processor,
        *(f"{each:.1f}" for each in (*medians, medians[1] - medians[0], statistics.median(added))),
        f"{statistics.mean(added):.1f} ± {error:.1f}",
        f"{statistics.median(load.script for load in with_):.1f}",
        f"{moved[1] - moved[0]:.1f}",
    ]


async def _load(browser: Browser, address: str, way: Way, *, widget: bool) -> Spent:
    """One load, from the navigation until all is quiet, in milliseconds of a processor slowed down `SLOWDOWN` times."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, permissions=PERMISSIONS)
    try:
        page = await context.new_page()

        async def served(route: Route) -> None:  # both loads take this detour, so that both pay for it
            answer = await route.fetch()
            await route.fulfill(response=answer, body=way.html(await answer.text(), widget=widget))

        await page.route(address, served)
        throttle = await context.new_cdp_session(page)
        await throttle.send("Emulation.setCPUThrottlingRate", {"rate": way.slowdown})
        await browser.start_tracing(page=page, categories=CATEGORIES)
        await page.goto(address, wait_until="networkidle")
        await asyncio.sleep(SETTLE_SECONDS)  # and ask the page nothing: the asking, too, runs in its main thread
        moved = time.monotonic() * 1e6  # as Chromium's traces have the time
        await page.mouse.move(300, 300, steps=2)
        await asyncio.sleep(SETTLE_SECONDS)
        spent = _busy(json.loads(await browser.stop_tracing())["traceEvents"], moved, SLOWDOWN / way.slowdown)
        assert await page.get_by_test_id("launcher").count() == widget, "the widget is there, or is not"
        return spent
    finally:
        await context.close()


def _busy(events: list[Event], moved: float, times: float) -> Spent:
    """The busiest page's main thread, times so much; other pages are Chromium's spare processes. `moved`: microseconds."""
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    spent: dict[tuple[int, int], list[float]] = {main: [0.0, 0.0] for main in mains}
    script = 0.0
    until: dict[tuple[int, int], float] = dict.fromkeys(mains, 0.0)
    for event in sorted(events, key=lambda each: each.get("ts", 0)):
        thread = event["pid"], event["tid"]
        if thread not in mains:
            continue
        milliseconds = event.get("tdur", event.get("dur", 0)) / 1000
        if event["name"] == "RunTask":
            spent[thread][event["ts"] >= moved] += milliseconds
        elif event["ts"] < moved and _is_widgets(event) and event["ts"] >= until[thread]:  # else counted already
            script += milliseconds
            until[thread] = event["ts"] + event.get("dur", 0)
    before, after = max(spent.values())
    return Spent(before * times, script * times, after * times)


def _is_widgets(event: Event) -> bool:
    return event["name"] in SCRIPT_EVENTS and "/widget/" in str(event.get("args", {}).get("data", {}).get("url"))
