"""A hotel with something of everything in it, every route there is, and what a hotel's rows come to."""

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from devstack.stack import Stack
from kit.people import PASSWORD, Guest, until
from kit.samples import Operation, operations
from servicekit.ids import new_id

ROOT = "root@frontdesk.example"
"""The demo's superadmin."""
SERVICES = ("identity", "conversation", "escalation")
CHASSIS_TABLES = {"outbox", "inbox", "due", "alembic_version", "idempotency_keys"}
PLATFORM_TABLES = CHASSIS_TABLES | {"audit_entries", "audit_links", "audit_chains", "audit_checkpoints"}
"""Not compared: every attempt may leave its own trace there (an audit entry of the hotel that tried, for example)."""


class Hotel:
    """One hotel with something of everything in it."""

    def __init__(self, slug: str, admin: str) -> None:
        self.slug = slug
        self.admin = admin
        self.token = ""
        self.ids: dict[str, str] = {}
        self.guest: Guest


async def sign_in(http: httpx.AsyncClient, stack: Stack, hotel: Hotel) -> dict[str, Any]:
    """A new session of the hotel's admin; some routes end the one they are called with."""
    answer = await http.post(f"{stack.url('identity')}/tokens", json={"email": hotel.admin, "password": PASSWORD})
    answer.raise_for_status()
    hotel.token = answer.json()["access_token"]
    return answer.json()


async def open_hotel(stack: Stack, slug: str, admin: str) -> Hotel:
    """Signed in as its admin, with a conversation, a message, an escalation, an article, a guest, a user, an invitation, a role
    and a view."""
    hotel = Hotel(slug, admin)
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
        signed_in = await sign_in(http, stack, hotel)
        hotel.guest = await Guest.arrives(stack.url("conversation"), slug)
        await hotel.guest.asks("I want a refund!")
        http.headers["authorization"] = f"Bearer {hotel.token}"

        async def escalation() -> dict[str, Any] | None:
            found = await http.get(
                f"{stack.url('escalation')}/escalations", params={"conversation_id": str(hotel.guest.conversation_id)}
            )
            items = found.json()["items"]
            return items[0] if items else None

        escalated = await until(escalation, what="the escalation")
        curious = await Guest.arrives(stack.url("conversation"), slug)
        await curious.asks("Do you have a helipad?")

        async def gap() -> dict[str, Any] | None:
            listed = await http.get(f"{stack.url('conversation')}/knowledge/gaps")
            items = listed.json()["items"]
            return items[0] if items else None

        left_open = await until(gap, what="the gap")
        articles = (await http.get(f"{stack.url('conversation')}/articles")).json()["items"]
        faq = {"kind": "files", "files": [{"name": "faq.md", "content": "IyBEb2dzCgpEb2dzIGFyZSB3ZWxjb21lLg=="}]}
        imported = await http.post(f"{stack.url('conversation')}/knowledge/imports", json=faq)
        sessions = (await http.get(f"{stack.url('identity')}/me/sessions")).json()
        members = (await http.get(f"{stack.url('identity')}/users")).json()["items"]
        # Not the admin: whoever ends their own membership is out as soon as that is felt everywhere.
        colleague = next(member["id"] for member in members if member["id"] != signed_in["user"]["id"])
        someone = {"email": f"{uuid4().hex}@{slug}.example", "name": "Ina Invited", "role": "viewer"}
        invitation = await http.post(f"{stack.url('identity')}/invitations", json=someone)
        key = {"name": "Bookings", "scopes": ["guest:read"]}
        made = await http.post(f"{stack.url('identity')}/api-keys", json=key)
        made.raise_for_status()
        hotel.ids = {
            "invitation_id": invitation.json()["id"],
            "hotel_id": signed_in["hotel"]["id"],
            "user_id": colleague,
            "assignee_id": colleague,
            "guest_id": str(hotel.guest.guest_id),
            "conversation_id": str(hotel.guest.conversation_id),
            "escalation_id": escalated["id"],
            "article_id": articles[0]["id"],
            "version": "1",
            "message_id": (await hotel.guest.messages())[0]["id"],
            "gap_id": left_open["id"],
            "import_id": imported.raise_for_status().json()["id"],
            "api_key_id": made.json()["key"]["id"],
            "kid": "k" * 43,  # of the platform, and no secret
            "slug": slug,
        }
        connection = {"name": "Chain", "issuer": "https://login.example.com", "client_id": "desk"}
        made = await http.post(f"{stack.url('identity')}/oidc-connections", json=connection)
        hotel.ids["connection_id"] = made.raise_for_status().json()["id"]
        hotel.ids["identity_id"] = await _identity_of(stack, signed_in["user"]["id"])
        hotel.ids["impersonation_id"] = await _impersonation_of(stack, signed_in["hotel"]["id"], colleague)
        mark = secrets.token_hex(4)
        role = {"name": f"role-{mark}", "display_name": "Spare", "permissions": []}
        view = {"list_kind": "guests", "name": f"View {mark}", "filter": {}}
        for path, body, name, key in (("/roles", role, "role_name", "name"), ("/me/views", view, "view_id", "id")):
            made = await http.post(f"{stack.url('identity')}{path}", json=body)
            made.raise_for_status()
            hotel.ids[name] = made.json()[key]
        listed = sessions["items"] if isinstance(sessions, dict) else sessions
        if listed:
            hotel.ids["session_id"] = listed[0]["id"]

        async def guest_row() -> bool:
            known = await http.get(f"{stack.url('identity')}/guests/{hotel.ids['guest_id']}")
            return known.status_code == 200

        await until(guest_row, what="identity's row of the guest")
    return hotel


async def new_hotel(stack: Stack) -> tuple[str, str]:
    """A hotel of one test's own, with an admin: its id, and the admin's address."""
    async with httpx.AsyncClient(base_url=stack.url("identity"), trust_env=False) as api:
        root = await api.post("/tokens", json={"email": ROOT, "password": PASSWORD})
        api.headers["authorization"] = f"Bearer {root.raise_for_status().json()['access_token']}"
        hotel = {
            "slug": f"own-{secrets.token_hex(4)}",
            "name": "Own Inn",
            "time_zone": "Europe/Vienna",
            "default_language": "en",
            "languages": ["en"],
        }
        hotel_id = (await api.post("/hotels", json=hotel)).raise_for_status().json()["id"]
        admin = {"email": f"ada@{hotel['slug']}.example", "name": "Ada", "role": "admin", "password": PASSWORD}
        (await api.post(f"/hotels/{hotel_id}/users", json=admin)).raise_for_status()
        return hotel_id, admin["email"]


async def documents(stack: Stack) -> list[Operation]:
    """Every operation of every service behind the gateway, and the gateway's whole document."""
    found: list[Operation] = []
    async with httpx.AsyncClient(timeout=15, trust_env=False) as http:
        for service in (*SERVICES, "gateway"):
            answer = await http.get(f"{stack.url(service)}/openapi.json")
            answer.raise_for_status()
            found += operations(service, answer.json())
    return found


def own_token(operation: Operation, hotel: Hotel) -> str:
    """The hotel's token of the kind that the route expects: the guest's or the admin's."""
    return hotel.guest.token if operation.path.startswith("/widget") else hotel.token


def path_at(stack: Stack, operation: Operation, ids: Mapping[str, str]) -> str:
    """The route's URL with these ids in it."""
    path = operation.path
    for name in operation.parameters("path"):
        assert name in ids, f"{operation}: say in open_hotel() what a {name} is, so that this route is tried"
        path = path.replace(f"{{{name}}}", ids[name])
    return f"{stack.url(operation.service)}{path}"


async def attempt(
    http: httpx.AsyncClient, stack: Stack, operation: Operation, ids: Mapping[str, str], token: str | None
) -> httpx.Response:
    """Call the route with these ids wherever it takes an id."""
    return await http.request(
        operation.method.upper(),
        path_at(stack, operation, ids),
        params=operation.query(ids),
        json=operation.body(ids),
        headers={"authorization": f"Bearer {token}"} if token else {},
    )


FOLLOWS = "attention_signs"
"""Follows events of articles in its own time, whoever asks for something meanwhile."""


async def state_of(stack: Stack, hotel_id: str) -> dict[str, str]:
    """A digest of every row of the hotel in every tenant table of every database."""
    digests: dict[str, str] = {}
    for service in SERVICES:
        connection = await database(stack, service)
        try:
            tables = await connection.fetch(
                "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'hotel_id'"
            )
            for (table,) in tables:
                if table in PLATFORM_TABLES or table == FOLLOWS:
                    continue
                rows = await connection.fetch(
                    f'select to_jsonb(t)::text as row from "{table}" t where hotel_id::text = $1 order by 1', hotel_id
                )
                digests[f"{service}.{table}"] = hashlib.sha256("\n".join(r["row"] for r in rows).encode()).hexdigest()
        finally:
            await connection.close()
    return digests


async def _identity_of(stack: Stack, user_id: str) -> str:
    """One more way to sign in for somebody, as if an issuer had vouched for them."""
    connection = await database(stack, "identity")
    try:
        return str(
            await connection.fetchval(
                "insert into oidc_identities (id, user_id, issuer, subject, linked_at)"
                " values (gen_random_uuid(), $1, 'https://login.example.com', gen_random_uuid()::text, now()) returning id",
                user_id,
            )
        )
    finally:
        await connection.close()


async def _impersonation_of(stack: Stack, hotel_id: str, user_id: str) -> str:
    """A colleague whom somebody of the platform stands in for; a real one takes a superadmin with a second factor."""
    connection = await database(stack, "identity")
    try:
        return str(
            await connection.fetchval(
                "insert into impersonations (id, hotel_id, version, created_at, updated_at, user_id, superadmin_id, reason,"
                " started_at, expires_at)"
                " select $1, $2, 1, now(), now(), $3, id, 'to help', now(), now() + interval '14 minutes' from users where email = $4"
                " returning id",
                new_id(),
                hotel_id,
                user_id,
                ROOT,
            )
        )
    finally:
        await connection.close()


async def database(stack: Stack, service: str) -> Any:  # Any: asyncpg has no types
    """A connection that sees every row."""
    name = stack.database_urls(service)["app"].rsplit("/", 1)[1]
    return await asyncpg.connect(f"{stack.part_urls.postgres.rsplit('/', 1)[0]}/{name}")
