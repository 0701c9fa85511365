"""A body that says more than it may: every field of a body is named in the OpenAPI document, and nothing else is taken.

The routes and the shapes of their bodies come from the services' own documents: a new one is covered by itself.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from contracts.permissions import ROLE_PERMISSIONS, Role
from devstack.services import client_secret
from devstack.stack import Stack
from gateway.routes.passing_on import ROUTES
from kit.hotels import ROOT, Hotel, database, documents, open_hotel, own_token, path_at, state_of
from kit.people import PASSWORD, browser
from kit.samples import Json, Operation, fields, resolved, sample

ADMIN = "anna.admin@lindenhof.example"
SMUGGLED: Json = {
    "id": "0190aaaa-0000-7000-8000-0000000000ff",
    "hotel_id": "0190aaaa-0000-7000-8000-0000000000ff",
    "user_id": "0190aaaa-0000-7000-8000-0000000000ff",
    "role": "superadmin",
    "superadmin": True,
    "is_superadmin": True,
    "permissions": ["*"],
    "scopes": ["*"],
    "status": "active",
    "version": 99,
    "created_at": "2020-01-01T00:00:00Z",
    "password_hash": "$argon2id$",
    "purge_after": None,
}
MOST_NAMED = 50
"""So many faults does one answer name."""
PASSED_ON = {f"/api{route.path}" for route in ROUTES}
"""The gateway hands these bodies on unread; their own service's document has them."""
NOT_OURS = {"/webhooks/clerk"}
"""Signed by Clerk, which says more than we read."""


@pytest.fixture(scope="module")
async def hotel(stack: Stack) -> Hotel:
    return await open_hotel(stack, "lindenhof", ADMIN)


async def root_token(stack: Stack) -> str:
    """A superadmin's."""
    async with httpx.AsyncClient(trust_env=False) as http:
        root = await http.post(f"{stack.url('identity')}/tokens", json={"email": ROOT, "password": PASSWORD})
    return root.raise_for_status().json()["access_token"]


async def accounts(stack: Stack) -> list[str]:
    """Every account with its password and ways in, which belong to no hotel."""
    connection = await database(stack, "identity")
    try:
        rows: list[str] = []
        for table in ("users", "credentials", "oidc_identities", "totp", "recovery_codes"):
            rows += [f"{table} {row[0]}" for row in await connection.fetch(f"select to_jsonb(t)::text from {table} t")]
        return sorted(rows)
    finally:
        await connection.close()


def smuggling(schema: Json, document: Json, at: str = "") -> tuple[Any, list[str]]:  # Any: JSON
    """A value that fits the schema, with all that is optional in it, and more in every closed object of it; where more is."""
    if "$ref" in schema:
        return smuggling(resolved(schema, document), document, at)
    for kind in ("anyOf", "oneOf", "allOf"):
        if kind in schema:
            return smuggling(schema[kind][0], document, at)
    if schema.get("type") == "array" and "items" in schema:
        item, inside = smuggling(schema["items"], document, f"{at}/0")
        return [item], inside
    if schema.get("type") != "object" or "properties" not in schema:
        return sample(schema, document, {}, at.rpartition("/")[2]), []
    value: Json = {}
    found: list[str] = []
    for name, part in schema["properties"].items():
        value[name], inside = smuggling(part, document, f"{at}/{name}")
        found += inside
    if schema.get("additionalProperties") is False or not at:
        more = {name: given for name, given in SMUGGLED.items() if name not in value}
        value |= more
        found += [f"{at}/{name}" for name in more]
    return value, found


def bodies(operations: list[Operation]) -> Iterator[tuple[Operation, Json]]:
    """The routes that take JSON, with its schema."""
    for operation in operations:
        content = operation.details.get("requestBody", {}).get("content", {}).get("application/json")
        if content and operation.path not in PASSED_ON | NOT_OURS:
            yield operation, content["schema"]


async def test_what_a_body_has_no_place_for_is_refused_by_name_and_nothing_changes(stack: Stack, hotel: Hotel) -> None:
    before = await state_of(stack, hotel.ids["hotel_id"]), await accounts(stack)
    wrong: list[str] = []
    tried: set[str] = set()
    root = await root_token(stack)
    async with browser(stack.url("gateway")) as http:
        for operation, schema in bodies(await documents(stack)):
            body, places = smuggling(schema, operation.document)
            assert len(places) >= 8, str(operation)
            answer = httpx.Response(401)
            for token in (own_token(operation, hotel), root):
                if answer.status_code in (401, 403):
                    headers = {"authorization": f"Bearer {token}"}
                    url = path_at(stack, operation, hotel.ids)
                    answer = await http.request(operation.method.upper(), url, json=body, headers=headers)
            named = {error["pointer"] for error in answer.json().get("errors", ())}
            if answer.status_code != 422 or (not named >= set(places) and len(named) < MOST_NAMED):
                wrong.append(f"{operation}: {answer.status_code} {answer.text[:300]}")
            tried.add(operation.service)
    assert not wrong, "\n".join(wrong)
    assert tried == {"identity", "conversation", "escalation", "gateway"}
    assert (await state_of(stack, hotel.ids["hotel_id"]), await accounts(stack)) == before


async def test_no_field_that_there_is_gives_an_admin_more_than_they_have(stack: Stack, hotel: Hotel) -> None:
    """A role, a default role, permissions, scopes: wherever a body of identity has a place for one."""
    beyond = min(ROLE_PERMISSIONS[Role.SUPERADMIN] - ROLE_PERMISSIONS[Role.ADMIN])
    too_much: Json = {
        "role": "superadmin",
        "default_role": "superadmin",
        "permissions": [str(beyond)],
        "scopes": [str(beyond)],
    }
    before = await state_of(stack, hotel.ids["hotel_id"]), await accounts(stack)
    tried: set[str] = set()
    async with browser(stack.url("gateway")) as http:
        for operation, schema in bodies(await documents(stack)):
            for name, _ in fields(schema, operation.document):
                if operation.service == "identity" and name in too_much:
                    body = (operation.body(hotel.ids) or {}) | {name: too_much[name]}
                    headers = {"authorization": f"Bearer {hotel.token}"}
                    url = path_at(stack, operation, hotel.ids)
                    answer = await http.request(operation.method.upper(), url, json=body, headers=headers)
                    assert answer.status_code in (403, 422), f"{operation}: {answer.status_code} {answer.text[:200]}"
                    tried.add(name)
    assert tried == set(too_much)
    assert (await state_of(stack, hotel.ids["hotel_id"]), await accounts(stack)) == before


async def test_a_services_token_says_what_its_client_may_whatever_the_form_asks_for(stack: Stack, hotel: Hotel) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "gateway",
        "client_secret": stack.state.secret_text(client_secret("gateway")),
        "audience": "conversation",
        "hotel_id": hotel.ids["hotel_id"],
    }
    more = {"scope": "hotel:delete", "scopes": "hotel:delete", "role": "superadmin", "sub": "root", "kind": "user"}
    said: list[Json] = []
    async with httpx.AsyncClient(base_url=stack.url("identity"), trust_env=False) as http:
        for asked in (form, form | more):
            answer = await http.post("/oauth/token", data=asked)
            claims = jwt.decode(answer.raise_for_status().json()["access_token"], options={"verify_signature": False})
            said.append({name: value for name, value in claims.items() if name not in ("jti", "iat", "exp")})
    assert said[0] == said[1]
    assert "hotel:delete" not in said[0]["scopes"]
    assert said[0]["kind"] == "service"
