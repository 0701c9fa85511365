"""`make screenshots`: takes the pictures of docs/widget.md again, of every state, on the demo hotel's page, on a real stack.

Without arguments all of them; with names, those: make screenshots ARGS="answered dark".
"""

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, FloatRect, Route

from browser.chromium import launched, profile
from browser.guest import GuestPage
from browser.host import Site, page, script_tag
from browser.records import Records
from browser.states import STATES, Scene
from devstack.stack import Stack
from kit.people import Staff

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images" / "widget"
SAM = "sam.staff@lindenhof.example"
WHOLE_PAGE = {"closed", "answered", "phone"}
"""Pictures of the page with the widget on it; of the others the widget's corner is enough."""
MARGIN = 24.0
LEAST = {"width": 434.0, "height": 180.0}
"""So that one still sees where a lonely button is."""
ANIMATION_MILLISECONDS = 400.0


def main(wanted: Sequence[str]) -> None:
    """Start a stack, take the pictures, say how large they are."""
    names = list(wanted) or list(STATES)
    if unknown := [name for name in names if name not in STATES]:
        raise SystemExit(f"There is no state {', '.join(unknown)}. There are: {', '.join(STATES)}.")
    with tempfile.TemporaryDirectory(prefix="frontdesk-pictures-") as folder, Site() as site:
        Path(folder).chmod(0o755)  # PostgreSQL's account has to get through
        with Stack(
            Path(folder) / "state",
            own_parts=True,
            durable=False,
            settings={
                "gateway": {"FRONTDESK_COOKIE_SECURE": "false"},
            },
        ).running() as stack:
            asyncio.run(_take(stack, site, names))
    sizes = {path.name: path.stat().st_size for path in sorted(FOLDER.glob("*.png"))}
    print(f"{len(names)} pictures taken; {len(sizes)} in {FOLDER.name}/, {sum(sizes.values()) / 1e6:.2f} MB")


async def _take(stack: Stack, site: Site, names: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with launched() as browser, await Staff.signs_in(stack.url("gateway"), SAM) as sam:
        for name in names:
            began = time.monotonic()
            async with AsyncExitStack() as opened:
                guest = await STATES[name](Scene(_arrivals(browser, stack, site, opened), sam, Records(stack)))
                await guest.page.mouse.move(5, 5)
                await guest.page.wait_for_timeout(ANIMATION_MILLISECONDS)
                clip = None if name in WHOLE_PAGE else await _corner(guest)
                await guest.page.screenshot(path=FOLDER / f"{name}.png", clip=clip, animations="disabled", caret="hide")
                print(f"{name}.png ({time.monotonic() - began:.1f} s)")


def _arrivals(browser: Browser, stack: Stack, site: Site, opened: AsyncExitStack) -> Callable[..., Any]:
    """How guests come to the demo page; Any: a coroutine."""
    widget = stack.url("conversation")

    async def arrives(  # Any: Playwright's
        *, language: str = "en", stranger: bool = False, held: str | None = None, **options: Any
    ) -> GuestPage:
        context = await profile(browser, **options)
        opened.push_async_callback(context.close)
        if stranger:
            site.page("/stranger", page(script_tag(widget)))
            return await GuestPage.visits(context, f"{site.stranger}/stranger", held)
        address = f"{widget}/demo/lindenhof"

        async def in_language(route: Route) -> None:
            answer = await route.fetch()
            body = re.sub(r'(<script[^>]*data-hotel="[^"]*")', rf'\1 data-language="{language}"', await answer.text())
            await route.fulfill(response=answer, body=body)

        if language != "en":
            await context.route(address, in_language)
        return await GuestPage.visits(context, address, held)

    return arrives


async def _corner(guest: GuestPage) -> FloatRect:
    """The part of the page with the widget's button and, where it is open, its panel."""
    boxes = [await guest.of(name).bounding_box() for name in ("launcher", "panel") if await guest.of(name).is_visible()]
    seen = [box for box in boxes if box]
    view = guest.page.viewport_size
    assert seen
    assert view
    right = min(float(view["width"]), max(box["x"] + box["width"] for box in seen) + MARGIN)
    bottom = min(float(view["height"]), max(box["y"] + box["height"] for box in seen) + MARGIN)
    left = max(0.0, min(min(box["x"] for box in seen) - MARGIN, right - LEAST["width"]))
    top = max(0.0, min(min(box["y"] for box in seen) - MARGIN, bottom - LEAST["height"]))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


if __name__ == "__main__":
    main(sys.argv[1:])
