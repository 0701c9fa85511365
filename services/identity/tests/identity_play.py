"""The words of identity's tests: a desk (the running service), hotels made for one test, and people who are signed in."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from servicekit.testing import RunningService, eventually

PASSWORD = "three old kettles sing"
CLIENT_SECRET = "a secret of the gateway, for tests"
Json = dict[str, Any]  # Any: JSON


@dataclass
class Person:
    """Somebody with an account, signed in."""

    id: UUID
    email: str
    session: Json
    """The answer to the sign-in."""
    api: httpx.AsyncClient
    desk: "Desk"

    @property
    def claims(self) -> Json:
        """What the access token says."""
        return claims_of(self.session["access_token"])

    @property
    def refresh_token(self) -> str:
        """The refresh token of the sign-in."""
        return self.session["refresh_token"]

    async def is_refused(self) -> bool:
        """Wait until the access token no longer holds; revocation is promised within 5 seconds."""

        async def refused() -> bool:
            return (await self.api.get("/me")).status_code == 401

        return await eventually(refused, timeout=5)


@dataclass
class Hotel:
    """A hotel with its admin."""

    id: UUID
    slug: str
    view: Json
    admin: Person
    desk: "Desk"

    async def member(self, role: str = "staff", **more: str) -> Person:
        """One more member, signed in."""
        user = {"email": f"{role}.{secrets.token_hex(4)}@{self.slug}.example", "role": role, **more}
        return await self.desk.add(self.admin.api, "/users", user)


@dataclass
class Desk:
    """The running service, the superadmin's client, and one without a token."""

    app: RunningService
    root: httpx.AsyncClient
    anybody: httpx.AsyncClient

    async def sign_in(self, email: str, password: str = PASSWORD, **more: str) -> httpx.Response:
        """Ask for tokens."""
        return await self.anybody.post("/tokens", json={"email": email, "password": password, **more})

    async def refresh(self, refresh_token: str) -> httpx.Response:
        """Ask for the next tokens."""
        return await self.anybody.post("/tokens/refresh", json={"refresh_token": refresh_token})

    async def person(self, email: str, password: str = PASSWORD, **more: str) -> Person:
        """Somebody, signed in."""
        session = body(await self.sign_in(email, password, **more), 201)
        api = self.app.client(session["access_token"])
        return Person(UUID(session["user"]["id"]), email, session, api, self)

    async def add(self, api: httpx.AsyncClient, path: str, user: Json) -> Person:
        """A new member, signed in."""
        body(await api.post(path, json={"name": "Kim Kessler", "password": PASSWORD, **user}), 201)
        return await self.person(user["email"])

    async def hotel(self, **settings: Any) -> Hotel:  # Any: JSON
        """A new hotel with an admin."""
        view = body(await self.root.post("/hotels", json=hotel_settings(**settings)), 201)
        admin = {"email": f"admin@{view['slug']}.example", "name": "Ada Ahorn", "role": "admin"}
        return Hotel(
            UUID(view["id"]), view["slug"], view, await self.add(self.root, f"/hotels/{view['id']}/users", admin), self
        )


def hotel_settings(**settings: Any) -> Json:  # Any: JSON
    """What a valid POST /hotels holds."""
    return {
        "slug": f"hotel-{secrets.token_hex(4)}",
        "name": "Hotel Test",
        "time_zone": "Europe/Vienna",
        "default_language": "de",
        "languages": ["de", "en"],
        **settings,
    }


def body(answer: httpx.Response, status: int = 200) -> Json:
    """The JSON of an answer that must have that status."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    return answer.json()


def refusal(answer: httpx.Response, status: int) -> str:
    """The slug of a problem that must have that status."""
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()["type"].removeprefix("urn:frontdesk:problem:")


def claims_of(token: str) -> Json:
    """What a token says, unchecked."""
    return jwt.decode(token, options={"verify_signature": False})


def new_key() -> str:
    """A signing key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_of(private_pem: str) -> str:
    """The public half of a key, PEM."""
    key = load_pem_private_key(private_pem.encode(), None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
