"""On the hotel's page: one script tag that costs nothing until it is opened, and that neither side can spoil for the other."""

import re

import httpx
import pytest
from playwright.async_api import Request, WebSocket, expect

from browser.conftest import Visit
from browser.guest import GuestPage
from browser.host import Site, page, script_tag, strict_policy
from browser.records import Records
from devstack.stack import Stack
from kit.people import Staff, until

SMALL_BYTES = 25 * 1024
LOADER_BYTES = 5 * 1024

HOSTILE_CSS = """
* { all: unset !important; display: none !important; visibility: hidden !important; }
html, body, main, main * { display: block !important; visibility: visible !important; }
front-desk-widget { opacity: 0.01 !important; transform: scale(0) !important; filter: blur(9px) !important; }
button, input, textarea, [part] { font-size: 99px !important; background: red !important; width: 3px !important; }
"""

COMPUTED = """() => [...document.querySelectorAll('html, body, main, h1, p, button, input')].map(each => {
    const style = getComputedStyle(each), box = each.getBoundingClientRect();
    return [each.tagName, ...[...style].map(name => style.getPropertyValue(name)), box.x, box.y, box.width, box.height];
})"""

SHIFTS = """() => new Promise(done => {
    const moved = [];
    new PerformanceObserver(list => {
        for (const entry of list.getEntries()) for (const { node } of entry.sources)
            if (node && !(node.getRootNode() instanceof ShadowRoot)) moved.push(node.nodeName);
    }).observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => setTimeout(() => done(moved), 0));
})"""


async def test_before_it_is_opened_the_widget_opens_no_session_and_no_socket(visit: Visit, stack: Stack) -> None:
    guest = await visit()
    asked: list[Request] = []
    sockets: list[WebSocket] = []
    guest.page.on("request", lambda request: asked.append(request))
    guest.page.on("websocket", lambda socket: sockets.append(socket))
    await guest.page.reload(wait_until="networkidle")
    await guest.has_the_widget()
    ours = [request for request in asked if request.url.startswith(stack.url("conversation"))]
    assert {request.method for request in ours} <= {"GET", "OPTIONS"}
    assert all("/widget/" in request.url for request in ours)
    assert not any("sessions" in request.url or "conversations" in request.url for request in ours)
    assert not sockets
    assert not await guest.kept()


@pytest.mark.parametrize("has_to_ask", [False, True])
async def test_a_tag_that_names_its_hotel_costs_a_page_one_file_and_no_call(
    has_to_ask: bool, visit: Visit, stack: Stack, site: Site
) -> None:
    widget, gateway = stack.url("conversation"), stack.url("gateway")
    guest = await GuestPage.tab((await visit()).page.context)
    asked: list[str] = []
    guest.page.on("request", lambda request: asked.append(request.url))
    tag = script_tag(widget, has_to_ask=has_to_ask, gateway=gateway)
    await guest.page.goto(site.page("/tagged", page(tag)), wait_until="networkidle")
    await guest.has_the_widget()
    assert await guest.of("launcher").get_attribute("aria-label") == "Chat with Hotel Lindenhof"
    assert await guest.of("launcher").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(47, 93, 58)"
    calls = [url for url in asked if url.startswith((widget, gateway)) and not re.search(r"\.js($|\?)", url)]
    assert [url.partition("?")[0] for url in calls] == ([f"{gateway}/widget/opening"] if has_to_ask else [])
    await guest.opens()
    await expect(guest.of("panel")).to_contain_text("An assistant answers")
    assert sum(url.startswith(f"{gateway}/widget/opening") for url in asked) == 1, "the view, when it is shown at last"


async def test_what_is_fetched_is_small_hashed_and_kept(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.url("conversation"), trust_env=False) as http:
        loader = await http.get("/widget/frontdesk.js", headers={"accept-encoding": "gzip"})
        loader_bytes = int(loader.headers["content-length"])
        assert loader_bytes <= LOADER_BYTES
        again = await http.get("/widget/frontdesk.js", headers={"if-none-match": loader.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        manifest = (await http.get("/widget/manifest.json")).json()
        pinned = await http.get(f"/widget/assets/{manifest['loader']['name']}")
        assert pinned.text == loader.text, "a hotel may pin the loader, and with it everything"
        assert "immutable" in pinned.headers["cache-control"]
        [name] = manifest["assets"]
        assert name in loader.text
        assert manifest["assets"][name]["integrity"] in loader.text
        for encoding in ("br", "gzip"):
            asset = await http.get(f"/widget/assets/{name}", headers={"accept-encoding": encoding})
            assert asset.headers["content-encoding"] == encoding
            assert int(asset.headers["content-length"]) + loader_bytes <= SMALL_BYTES
            assert "immutable" in asset.headers["cache-control"]


async def test_a_script_that_is_not_the_one_that_was_built_does_not_run(visit: Visit, stack: Stack) -> None:
    guest = await visit()
    await guest.page.route(
        "**/widget/assets/*", lambda route: route.fulfill(body="window.__xss = 1", content_type="text/javascript")
    )
    await guest.page.context.clear_cookies()
    fresh = await guest.page.context.new_cdp_session(guest.page)
    await fresh.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await guest.page.reload(wait_until="networkidle")
    await guest.of("launcher").click()
    await expect(guest.of("launcher")).to_have_attribute("aria-busy", "true")
    await until(lambda: _complained(guest, "integrity"))
    assert await guest.page.evaluate("() => window.__xss ?? null") is None
    await expect(guest.of("panel")).to_have_count(0)
    await expect(guest.page.locator("#first")).to_be_visible()
    guest.troubles.clear()


async def test_it_works_under_the_strictest_policy_a_hotel_can_have(visit: Visit, stack: Stack, site: Site) -> None:
    widget = stack.url("conversation")
    guest = await visit(site.page("/strict", page(script_tag(widget)), strict_policy(widget)))
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    width = await guest.of("panel").evaluate("e => e.getBoundingClientRect().width")
    assert width > 250, "the styles are there as well"


async def test_where_a_policy_forbids_live_connections_it_goes_on_over_http(
    visit: Visit, stack: Stack, site: Site, sam: Staff, records: Records
) -> None:
    widget = stack.url("conversation")
    policy = {"Content-Security-Policy": f"connect-src {widget}"}
    guest = await visit(site.page("/no-live", page(script_tag(widget)), policy))
    await guest.opens()
    complaint = "Nothing is live here. I want my money back!"
    await guest.says(complaint)
    await guest.sees_replies(1)
    conversation_id = await records.asking(complaint)
    await sam.does(f"/conversations/{conversation_id}/take-over")
    await sam.replies(conversation_id, "It will do.")
    await guest.sees("It will do.", by="staff")
    assert guest.troubles, "the policy was not felt at all"
    guest.troubles.clear()


async def test_the_hotels_styles_can_neither_hide_nor_bend_the_widget(visit: Visit, stack: Stack, site: Site) -> None:
    tag = script_tag(stack.url("conversation"))
    sizes: list[list[float]] = []
    for path, style in (("/plain", ""), ("/hostile", f"<style>{HOSTILE_CSS}</style>")):
        guest = await visit(site.page(path, page(tag, head=style)))
        await guest.opens()
        await guest.says("What time is breakfast?")
        await guest.sees_replies(1)
        sizes.append(
            await guest.of("panel").evaluate(
                "async e => { await Promise.all(e.getAnimations().map(one => one.finished));"
                " const b = e.getBoundingClientRect(), s = getComputedStyle(e);"
                " return [b.x, b.y, b.width, b.height, s.opacity, s.fontSize, s.color, s.backgroundColor]; }"
            )
        )
        assert await guest.of("panel").evaluate(
            "e => e.checkVisibility({opacityProperty: true, visibilityProperty: true})"
        )
    assert sizes[0] == sizes[1]


async def test_the_widget_changes_nothing_of_the_hotels_page_and_shifts_nothing(
    visit: Visit, stack: Stack, site: Site
) -> None:
    body = "<button>Book</button><input value=2>"
    bare = await GuestPage.tab((await visit()).page.context)
    await bare.page.goto(site.page("/bare", page("", body=body)))
    before = await bare.page.evaluate(COMPUTED)
    guest = await visit(site.page("/dressed", page(script_tag(stack.url("conversation")), body=body)))
    assert await guest.page.evaluate(COMPUTED) == before
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    assert await guest.page.evaluate(COMPUTED) == before
    await guest.closes()
    assert await guest.page.evaluate(COMPUTED) == before
    assert await guest.page.evaluate(SHIFTS) == []
    names = "() => Object.getOwnPropertyNames(window)"
    added = set(await guest.page.evaluate(names)) - set(await bare.page.evaluate(names))
    assert added == {"FrontDesk"}


async def test_a_site_that_the_hotel_has_not_allowed_is_told_so_calmly(visit: Visit, stack: Stack, site: Site) -> None:
    site.page("/stranger", page(script_tag(stack.url("conversation"))))
    guest = await visit(f"{site.stranger}/stranger")
    await guest.opens()
    await guest.is_told(re.compile(r"site|website|page|not available", re.IGNORECASE))
    await expect(guest.of("message")).to_have_count(0)
    await expect(guest.page.locator("#first")).to_be_visible()


async def test_a_hotel_colours_it_with_variables(visit: Visit, stack: Stack, site: Site) -> None:
    style = (
        "<style>front-desk-widget { --frontdesk-accent: rgb(120, 10, 90); --frontdesk-on-accent: rgb(255, 254, 253);"
        " --frontdesk-surface: rgb(250, 245, 240); --frontdesk-z-index: 77; }</style>"
    )
    guest = await visit(site.page("/themed", page(script_tag(stack.url("conversation")), head=style)))
    launcher = await guest.of("launcher").evaluate(
        "e => { const s = getComputedStyle(e); return [s.backgroundColor, s.color]; }"
    )
    assert launcher == ["rgb(120, 10, 90)", "rgb(255, 254, 253)"]
    await guest.opens()
    surface = await guest.of("panel").evaluate("e => getComputedStyle(e).backgroundColor")
    assert surface == "rgb(250, 245, 240)"


async def test_the_page_talks_to_it_through_the_public_api(visit: Visit) -> None:
    guest = await visit()
    await guest.page.evaluate(
        """() => {
            window.heard = [];
            for (const event of ['open', 'close', 'message', 'state', 'error'])
                window['off_' + event] = FrontDesk.on(event, () => heard.push(event));
        }"""
    )
    await guest.page.evaluate("() => FrontDesk.open()")
    await expect(guest.of("panel")).to_be_visible()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    await guest.page.evaluate("() => FrontDesk.toggle()")
    await expect(guest.of("panel")).to_be_hidden()
    await guest.page.evaluate("() => { off_open(); FrontDesk.open(); FrontDesk.close(); }")
    heard = await guest.page.evaluate("() => heard")
    assert heard.count("open") == 1
    assert heard.count("close") == 2
    assert "message" in heard
    assert "error" not in heard


async def test_another_identity_is_another_guest(visit: Visit) -> None:
    guest = await visit()
    await guest.page.evaluate(
        "() => FrontDesk.identify({id: 'booking-1', name: 'Clara', email: 'clara@guests.example'})"
    )
    await guest.opens()
    await guest.says("What time is breakfast?")
    await guest.sees_replies(1)
    await guest.page.evaluate("() => FrontDesk.identify({id: 'booking-1', name: 'Clara Moreau'})")
    await guest.sees("What time is breakfast?", by="guest")
    await guest.page.evaluate("() => FrontDesk.identify({id: 'booking-2', name: 'Jonas'})")
    await expect(guest.of("message")).to_have_count(0)
    await guest.says("When can I check in?")
    await guest.sees_replies(1)
    await guest.page.evaluate("() => FrontDesk.identify(null)")
    await expect(guest.of("message")).to_have_count(0)


async def _complained(guest: GuestPage, of: str) -> bool:
    return any(of in trouble for trouble in guest.troubles)
