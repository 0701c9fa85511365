"""Service to service: client credentials, and the keys that anybody verifies tokens with."""

import json
from base64 import b64encode
from typing import Any
from uuid import uuid4

import httpx
import jwt
import pytest
from identity_play import CLIENT_SECRET, Desk, Hotel, body, claims_of, refusal

FORM = {"grant_type": "client_credentials", "audience": "identity"}
BASIC = httpx.BasicAuth("gateway", CLIENT_SECRET.replace(" ", "+"))


async def ask(desk: Desk, auth: Any = BASIC, **form: str) -> httpx.Response:  # Any: httpx's auth types
    return await desk.anybody.post("/oauth/token", data={**FORM, **form}, auth=auth)


async def test_a_service_gets_a_token_for_one_other_service_in_one_hotel(desk: Desk, standing_hotel: Hotel) -> None:
    act = {"kind": "user", "id": str(standing_hotel.admin.id)}
    answer = await ask(desk, audience="conversation", hotel_id=str(standing_hotel.id), act=json.dumps(act))
    assert answer.headers["cache-control"] == "no-store"
    token = body(answer)
    claims = claims_of(token["access_token"])
    assert (claims["aud"], claims["sub"], claims["kind"]) == ("conversation", "gateway", "service")
    assert (claims["hotel_id"], claims["act"]) == (str(standing_hotel.id), act)
    assert token["scope"].split(" ") == claims["scopes"] != []
    assert token["expires_in"] == claims["exp"] - claims["iat"] == 600


async def test_the_secret_may_stand_in_the_form(desk: Desk) -> None:
    body(await ask(desk, None, client_id="gateway", client_secret=CLIENT_SECRET))


async def test_the_token_opens_what_the_client_is_for_and_nothing_else(desk: Desk, standing_hotel: Hotel) -> None:
    token = body(await ask(desk, hotel_id=str(standing_hotel.id)))["access_token"]
    api = desk.app.client(token)
    assert body(await api.get(f"/hotels/{standing_hotel.id}"))["slug"] == standing_hotel.slug
    assert refusal(await api.get("/guests"), 403) == "missing-permission"
    assert refusal(await api.get("/me"), 403) == "forbidden"
    other = body(await ask(desk, audience="conversation", hotel_id=str(standing_hotel.id)))["access_token"]
    assert refusal(await desk.app.client(other).get(f"/hotels/{standing_hotel.id}"), 401) == "unauthenticated"


@pytest.mark.parametrize(
    ("auth", "form", "status", "error"),
    [
        (httpx.BasicAuth("gateway", "wrong"), {}, 401, "invalid_client"),
        (httpx.BasicAuth("mallory", CLIENT_SECRET), {}, 401, "invalid_client"),
        (None, {}, 401, "invalid_client"),
        (BASIC, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (BASIC, {"audience": "payroll"}, 400, "invalid_target"),
        (BASIC, {"hotel_id": "lindenhof"}, 400, "invalid_request"),
        (BASIC, {"hotel_id": str(uuid4())}, 400, "invalid_request"),
        (BASIC, {"act": "somebody"}, 400, "invalid_request"),
    ],
)
async def test_a_refusal_has_the_shape_of_rfc_6749(
    desk: Desk, auth: Any, form: dict[str, str], status: int, error: str
) -> None:  # Any: httpx's auth types
    answer = await ask(desk, auth, **form)
    assert body(answer, status)["error"] == error
    assert answer.json()["error_description"]
    assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_a_form_that_cannot_be_read_is_refused(desk: Desk) -> None:
    api = desk.anybody
    bad_header = {"authorization": "Basic " + b64encode(b"\xff\xfe").decode()}
    for content, headers in (
        (b"audience=%ff", {}),
        (b"audience=a&audience=b", {}),
        (b"{}", {"content-type": "application/json"}),
        (b"", bad_header),
    ):
        kind = {"content-type": "application/x-www-form-urlencoded", **headers}
        answer = await api.post("/oauth/token", content=content, headers=kind)
        assert answer.json()["error"] in ("invalid_request", "invalid_client"), content


async def test_anybody_verifies_a_token_with_the_published_keys(desk: Desk, standing_hotel: Hotel) -> None:
    answer = await desk.anybody.get("/.well-known/jwks.json")
    keys = jwt.PyJWKSet.from_dict(body(answer))
    token = standing_hotel.admin.session["access_token"]
    key = keys[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["ES256"], audience="frontdesk")["sub"] == str(standing_hotel.admin.id)
    assert answer.headers["cache-control"] == "public, max-age=300"
    again = await desk.anybody.get("/.well-known/jwks.json", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
