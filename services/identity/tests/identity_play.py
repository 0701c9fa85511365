"""The words of identity's tests: a desk (the running service), hotels made for one test, and people who are signed in."""

import secrets
from base64 import b32decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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
from sqlalchemy import text

from identity.domain.second_factor import code_of, step_of
from servicekit import Transaction
from servicekit.testing import RunningService, eventually

PASSWORD = "three old kettles sing"
SECRET_KEY = urlsafe_b64encode(bytes(range(32))).decode()
DASHBOARD = "https://desk.example"
WEBHOOK_SECRETS = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw, whsec_plJ3nmyCDGBKInavdOK15jsl"
"""The two that Svix publishes its examples with."""
CLIENT_SECRET = "a secret of the gateway, for tests"
Json = dict[str, Any]  # Any: JSON
_HELD_UP = text(
    "select count(*) from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()"
)


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


@dataclass
class Clock:
    """What time the service thinks it is, as far as its transactions go."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Authenticator:
    """An authenticator app, whose clock is the service's."""

    secret: str
    clock: Clock
    recovery_codes: list[str] = field(default_factory=list[str])

    def code(self, steps: int = 0) -> str:
        """The six digits of now, or of so many half minutes later."""
        return code_of(b32decode(self.secret), step_of(self.clock.now) + steps)

    def wrong_code(self) -> str:
        """Six digits that no step around now has."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(10)) if code not in near)


async def until_held_up(tx: Transaction) -> None:
    """Wait until somebody waits for a lock of this database."""

    async def waits() -> bool:
        return await tx.scalar(_HELD_UP) > 0

    assert await eventually(waits, timeout=5)


async def with_app(person: Person, clock: Clock) -> Authenticator:
    """Give somebody a second factor; the next code of the app is a fresh one."""
    enrolled = body(await person.api.post("/me/totp", json={"current_password": PASSWORD}))
    app = Authenticator(enrolled["secret"], clock)
    confirmed = body(await person.api.post("/me/totp/confirm", json={"code": app.code()}))
    app.recovery_codes = confirmed["recovery_codes"]
    clock.pass_(30)
    return app


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
