"""Signing in at the gateway: what goes to identity, and which of its refusals the browser sees as they are."""

import json

import httpx
import pytest

from gateway.adapters.services import Services
from gateway.adapters.sessions import Sessions
from gateway.adapters.upstream import Upstream
from gateway.domain.cookie import COOKIE, DEVICE_COOKIE
from gateway.resources import Resources
from gateway.settings import Settings
from servicekit.problems import MEDIA_TYPE
from servicekit.testing import RunningService

TOKENS = {
    "access_token": "access",
    "expires_in": 600,
    "refresh_token": "refresh",
    "user": {"id": "u", "name": "Anna", "email": "anna@lindenhof.example"},
    "hotel": None,
    "role": "admin",
    "scopes": [],
    "device_token": "fdd_what-identity-knows-this-browser-by",
}
SIGN_IN = {"email": "anna@lindenhof.example", "password": "three old kettles sing"}


@pytest.fixture
def asked(gateway: RunningService, monkeypatch: pytest.MonkeyPatch) -> list[httpx.Request]:
    """What an identity service is asked that wants the code 123456 besides the password."""
    asked: list[httpx.Request] = []

    def identity(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        match json.loads(request.content).get("second_factor"):
            case "123456":
                return httpx.Response(201, json=TOKENS)
            case None:
                return refused(401, "second-factor-required")
            case "000000":
                return refused(429, "second-factor-locked", {"retry-after": "30"})
            case _:
                return refused(401, "bad-second-factor")

    behind = Upstream("identity", httpx.AsyncClient(transport=httpx.MockTransport(identity), base_url="http://there"))
    there: Resources = gateway.runtime.resources
    sessions: Sessions = there.sessions
    behind_all = Resources(Services(behind, behind, behind), sessions, there.live, there.api_keys)
    monkeypatch.setattr(gateway.runtime, "resources", behind_all)
    return asked


def refused(status: int, slug: str, headers: dict[str, str] | None = None) -> httpx.Response:
    problem = {"type": f"urn:frontdesk:problem:{slug}", "title": "Refused", "status": status}
    return httpx.Response(status, json=problem, headers={"content-type": MEDIA_TYPE, **(headers or {})})


@pytest.mark.parametrize(
    ("given", "status", "slug"),
    [
        ({}, 401, "second-factor-required"),
        ({"second_factor": "654321"}, 401, "bad-second-factor"),
        ({"second_factor": ""}, 401, "bad-second-factor"),
        ({"second_factor": "000000"}, 429, "second-factor-locked"),
    ],
)
async def test_identitys_question_for_a_second_factor_reaches_the_browser_and_no_cookie_does(
    gateway: RunningService, asked: list[httpx.Request], given: dict[str, str], status: int, slug: str
) -> None:
    answer = await gateway.client().post("/api/session", json=SIGN_IN | given)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:frontdesk:problem:{slug}")
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers.get("retry-after") == ("30" if status == 429 else None)
    assert COOKIE not in answer.cookies
    assert json.loads(asked[0].content) == SIGN_IN | given


async def test_password_and_code_together_open_a_session(gateway: RunningService, asked: list[httpx.Request]) -> None:
    browser = gateway.client()
    answer = await browser.post("/api/session", json=SIGN_IN | {"second_factor": "123456", "hotel": "lindenhof"})
    assert answer.status_code == 201
    assert json.loads(asked[0].content) == SIGN_IN | {"second_factor": "123456", "hotel": "lindenhof"}
    assert "123456" not in answer.text
    assert (await browser.get("/api/session")).json()["user"]["name"] == "Anna"


async def test_a_browser_that_signed_in_before_says_so_the_next_time_also_after_signing_out(
    gateway: RunningService, asked: list[httpx.Request]
) -> None:
    browser = gateway.client()
    answer = await browser.post("/api/session", json=SIGN_IN | {"second_factor": "123456"})
    [cookie] = [line for line in answer.headers.get_list("set-cookie") if line.startswith(DEVICE_COOKIE)]
    assert {"HttpOnly", "SameSite=lax", "Path=/api/session"} <= set(cookie.split("; "))
    assert "fdd_" not in answer.text
    browser.cookies.delete(COOKIE)
    await browser.post("/api/session", json=SIGN_IN | {"second_factor": "123456"})
    assert json.loads(asked[1].content)["device_token"] == TOKENS["device_token"]
    other = {"cookie": f"{DEVICE_COOKIE}={'x' * 401}"}
    assert (await gateway.client().post("/api/session", json=SIGN_IN, headers=other)).status_code == 401
    assert "device_token" not in json.loads(asked[2].content), "what is none of identity's does not spoil the sign-in"


async def test_over_https_every_cookie_is_kept_from_scripts_from_plain_http_and_from_other_sites(
    gateway: RunningService, asked: list[httpx.Request], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the README says; the browser gets no third one."""
    assert Settings.model_fields["cookie_secure"].default is True
    monkeypatch.setattr(gateway.settings, "cookie_secure", True)
    browser = gateway.client()
    answer = await browser.post("/api/session", json=SIGN_IN | {"second_factor": "123456"})
    cookies = {line.partition("=")[0]: set(line.split("; ")[1:]) for line in answer.headers.get_list("set-cookie")}
    flags = {"HttpOnly", "SameSite=lax", "Secure"}
    assert {name: {flag for flag in said if not flag.startswith("Max-Age")} for name, said in cookies.items()} == {
        COOKIE: flags | {"Path=/api"},
        DEVICE_COOKIE: flags | {"Path=/api/session"},
    }
