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
PASSES = {"slowed down": SLOWDOWN, f"full speed, times {SLOWDOWN}": 1}
PERMISSIONS = ["local-network-access"]
"""A page that the test hands to Chromium has no address, and without this its calls to another port are refused."""
CATEGORIES = ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "__metadata"]
SETTLE_SECONDS = 1.2
"""Before somebody moves the pointer, and after: long enough for what the widget does each time."""
SCRIPT_TAG = re.compile(r"<script[^>]*frontdesk\.js[^>]*></script>")

SCRIPT_EVENTS = {"EvaluateScript", "FunctionCall", "v8.compile", "V8.CompileCode"}

Event = dict[str, Any]  # Any: Chromium's trace events


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

    Both kinds of load take turns in one browser, each with an empty cache, once with the processor slowed down 4x and
    once at full speed with the result times four. Time is the thread's own, so that what else the machine does does not
    count; the page itself is the same file.
    """
    address = f"{bench.conversation}/demo/{HOTEL}"
    found: dict[str, list[tuple[Spent, Spent]]] = {name: [] for name in PASSES}
    async with launched() as browser:
        version = browser.version
        await _load(browser, address, widget=True, slowdown=1)
        for at in range(rounds):
            for name, slowdown in PASSES.items():
                loads = {
                    widget: await _load(browser, address, widget=widget, slowdown=slowdown)
                    for widget in ((True, False) if at % 2 else (False, True))
                }
                found[name].append((loads[True], loads[False]))
    header(
        "Main-thread time of the demo page before the widget is opened",
        seed,
        f"{rounds} pairs of loads in turn, empty cache, processor slowed down {SLOWDOWN}x by Chromium {version}, "
        f"and at full speed with its milliseconds times {SLOWDOWN}",
    )
    columns = [
        "processor",
        "without, ms",
        "with",
        "added, medians",
        "added, median of pairs",
        "mean of pairs, standard error",
        "in the widget's script",
        "added once the pointer moves",
    ]
    table(columns, [_row(name, pairs) for name, pairs in found.items()])


def _row(name: str, pairs: list[tuple[Spent, Spent]]) -> list[str]:
    with_, without = ([pair[at] for pair in pairs] for at in (0, 1))
    medians = [statistics.median(load.tasks for load in loads) for loads in (without, with_)]
    moved = [statistics.median(load.moved for load in loads) for loads in (without, with_)]
    added = [one.tasks - other.tasks for one, other in pairs]
    error = statistics.stdev(added) / len(added) ** 0.5 if len(added) > 1 else math.nan
    return [
        name,
        *(f"{each:.1f}" for each in (*medians, medians[1] - medians[0], statistics.median(added))),
        f"{statistics.mean(added):.1f} ± {error:.1f}",
        f"{statistics.median(load.script for load in with_):.1f}",
        f"{moved[1] - moved[0]:.1f}",
    ]


async def _load(browser: Browser, address: str, *, widget: bool, slowdown: int) -> Spent:
    """One load, from the navigation until all is quiet, in milliseconds of a processor slowed down `SLOWDOWN` times."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, permissions=PERMISSIONS)
    try:
        page = await context.new_page()
        if not widget:
            await page.route(address, _without_script)
        else:
            await page.route(address, _as_it_is)
        throttle = await context.new_cdp_session(page)
        await throttle.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
        await browser.start_tracing(page=page, categories=CATEGORIES)
        await page.goto(address, wait_until="networkidle")
        await asyncio.sleep(SETTLE_SECONDS)  # and ask the page nothing: the asking, too, runs in its main thread
        moved = time.monotonic() * 1e6  # as Chromium's traces have the time
        await page.mouse.move(300, 300)
        await asyncio.sleep(SETTLE_SECONDS)
        spent = _busy(json.loads(await browser.stop_tracing())["traceEvents"], moved, SLOWDOWN / slowdown)
        assert await page.get_by_test_id("launcher").count() == widget, "the widget is there, or is not"
        return spent
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
