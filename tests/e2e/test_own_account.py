"""One's own account at the public address, as a browser uses it: where am I signed in, and a second factor that a hotel asks for."""

import re
import time

import httpx
from pyotp.totp import TOTP

from devstack.stack import Stack
from kit.browsers import FIREFOX, SAFARI, body, browser, slug
from kit.hotels import new_hotel
from kit.people import PASSWORD


async def test_i_see_where_i_am_signed_in_and_sign_out_there(stack: Stack) -> None:
    _, email = await new_hotel(stack)
    async with browser(stack, email, FIREFOX) as desktop, browser(stack, email, SAFARI) as phone:
        me = body(await desktop.get("/api/me"))
        assert (me["user"]["email"], me["role"]) == (email, "admin")
        assert "user:write" in me["scopes"]
        listed = body(await desktop.get("/api/me/sessions"))["items"]
        shown = {(item["browser"], item["system"], item["current"]) for item in listed}
        assert shown == {("Firefox", "Linux", True), ("Safari", "iOS", False)}
        assert all(re.fullmatch(r"127\.\d+\.\d+\.0/24", item["network"]) for item in listed)
        foreign = await desktop.post("/api/me/sessions/revoke-others", headers={"x-csrf-token": "guessed"})
        assert (foreign.status_code, slug(foreign)) == (403, "csrf-token-missing")
        body(await desktop.post("/api/me/sessions/revoke-others"), 204)
        until = time.monotonic() + 5
        while (gone := await phone.get("/api/me")).status_code != 401:
            assert time.monotonic() < until, f"the phone is still let in: {gone.status_code}"
        body(await desktop.get("/api/me"))
        [here] = body(await desktop.get("/api/me/sessions"))["items"]
        assert here["current"]


async def test_a_hotel_asks_for_a_second_factor_and_a_browser_sets_one_up(stack: Stack) -> None:
    hotel_id, email = await new_hotel(stack)
    async with browser(stack, email, FIREFOX) as desktop:
        body(await desktop.patch(f"/api/hotels/{hotel_id}", json={"require_second_factor": True}))
        view = body(await desktop.post("/api/session/refresh"))
        assert (view["second_factor_needed"], view["scopes"]) == (True, [])
        for answer in (await desktop.get("/api/inbox"), await desktop.get("/api/me/sessions")):
            assert (answer.status_code, slug(answer)) == (403, "second-factor-needed")
        secret = body(await desktop.post("/api/me/totp", json={"current_password": PASSWORD}))["secret"]
        assert (
            len(body(await desktop.post("/api/me/totp/confirm", json={"code": TOTP(secret).now()}))["recovery_codes"])
            == 10
        )
        view = body(await desktop.post("/api/session/refresh"))
        assert not view["second_factor_needed"]
        assert "user:write" in view["scopes"]
        assert body(await desktop.get("/api/session")) == view
        body(await desktop.get("/api/inbox"))
    async with httpx.AsyncClient(base_url=stack.url("gateway"), trust_env=False) as another:
        refused = await another.post("/api/session", json={"email": email, "password": PASSWORD})
        assert (refused.status_code, slug(refused)) == (401, "second-factor-required")
