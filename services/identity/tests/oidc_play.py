"""A real OpenID provider on this machine, which can be made to do wrong, and a browser that signs in with it.

The provider is `oidc-provider-mock`. Around it, at the wire, stands what it lacks: it checks PKCE, signs with keys that
rotate, and tells in its tokens what a test wants told.
"""

import hashlib
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from json import dumps, loads
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from identity_play import DASHBOARD, Desk, Hotel, Json, body
from jwt.algorithms import RSAAlgorithm
from oidc_provider_mock import app as provider_app
from werkzeug.serving import make_server

Answer = Callable[..., Any]  # Any: WSGI


@dataclass
class Key:
    """What an issuer signs with."""

    kid: str = field(default_factory=lambda: secrets.token_hex(4))
    private: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def jwk(self) -> Json:
        """The public half."""
        return {**RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, "use": "sig"}


class Issuer:
    """The provider, as a WSGI application around the library's.

    Attributes:
        claims: changes what the ID token says before it is signed.
        sign: makes the token of the claims.
        token_error: what the token endpoint answers instead of tokens.
        metadata: changes what the issuer says of itself.
        keys: those it publishes; the first signs.
        names_itself: sends `iss` along with the code.
        asked: paths that were asked for.
    """

    def __init__(self) -> None:
        self.client_id = f"desk-{secrets.token_hex(4)}"
        self.keys = [Key()]
        self.reset()
        self._inner = provider_app()
        self._challenges: dict[str, str] = {}
        self.url = ""

    def reset(self) -> None:
        """Do right."""
        self.claims: Callable[[Json], None] = lambda claims: None
        self.sign: Callable[[Json], str] = self._signed
        self.token_error: tuple[str, Json] | None = None
        self.metadata: Json = {}
        self.delay_seconds = 0.0
        self.asked: list[str] = []
        self.secrets: list[str] = []

    def _signed(self, claims: Json) -> str:
        return jwt.encode(claims, self.keys[0].private, algorithm="RS256", headers={"kid": self.keys[0].kid})

    def __call__(self, environ: dict[str, Any], start_response: Answer) -> Iterable[bytes]:  # Any: WSGI
        path = environ["PATH_INFO"]
        self.asked.append(path)
        time.sleep(self.delay_seconds)
        if path == "/jwks":
            return _json(start_response, "200 OK", {"keys": [key.jwk for key in self.keys]})
        if path == "/.well-known/openid-configuration":
            return _json(start_response, "200 OK", {**self._inside(environ)[1], **self.metadata})
        if path == "/oauth2/token":
            return self._token(environ, start_response)
        if path == "/redirect":
            start_response("302 Found", [("Location", "http://127.0.0.1:9/"), ("Content-Length", "0")])
            return [b""]
        if path == "/large":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"a": "', *([b"x" * 65536] * 8), b'"}']
        return self._inner(environ, start_response)

    def _token(self, environ: dict[str, Any], start_response: Answer) -> Iterable[bytes]:  # Any: WSGI
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.secrets.append(b64decode(environ.get("HTTP_AUTHORIZATION", "Basic ").removeprefix("Basic ")).decode())
        if self.token_error is not None:
            return _json(start_response, *self.token_error)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if self._challenges.pop(form.get("code", ""), "") != urlsafe_b64encode(digest).decode().rstrip("="):
            return _json(start_response, "400 Bad Request", {"error": "invalid_grant"})
        status, answer = self._inside({**environ, "wsgi.input": BytesIO(body)})
        if "id_token" in answer:
            claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
            self.claims(claims)
            answer["id_token"] = self.sign(claims)
        return _json(start_response, status, answer)

    def _inside(self, environ: dict[str, Any]) -> tuple[str, Json]:  # Any: WSGI
        said: list[str] = []

        def start_response(status: str, *_: object) -> Callable[[bytes], object]:
            said.append(status)
            return lambda _: None

        body = b"".join(self._inner(environ, start_response))
        return said[0], loads(body)

    def sign_in(self, url: str, subject: str) -> str:
        """What a person does there: choose who they are. The address that their browser is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["code_challenge_method"] == "S256"
        answer = httpx.post(url, data={"sub": subject}, trust_env=False)
        assert answer.status_code == 302, answer.text
        back = answer.headers["location"]
        self._challenges[parse_qs(urlsplit(back).query)["code"][0]] = asked["code_challenge"]
        return back

    def person(self, subject: str, **claims: object) -> str:
        """Make somebody known there."""
        httpx.put(f"{self.url}/users/{subject}", json=claims, trust_env=False).raise_for_status()
        return subject


def _json(start_response: Answer, status: str, body: Json) -> list[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [dumps(body).encode()]


@contextmanager
def running_issuer() -> Generator[Issuer]:
    """An issuer, at an address of its own."""
    issuer = Issuer()
    server = make_server("127.0.0.1", 0, issuer, threaded=True)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.05), daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class Browser:
    """A browser, with the cookies that it was given."""

    api: httpx.AsyncClient
    issuer: Issuer

    @classmethod
    def new(cls, desk: Desk, issuer: Issuer) -> "Browser":
        """One that knows nothing."""
        return cls(desk.app.client(), issuer)

    async def start(self, connection_id: str, return_to: str = "/inbox", *, fresh: bool = False) -> httpx.Response:
        """Press the button."""
        asked = {"return_to": return_to} | ({"fresh": "true"} if fresh else {})
        return await self.api.get(f"/oidc/{connection_id}/start", params=asked)

    async def back_from(self, connection_id: str, subject: str, *, fresh: bool = False) -> str:
        """Sign in at the issuer; the address to come back by."""
        started = await self.start(connection_id, fresh=fresh)
        assert started.status_code == 302, started.text
        return self.issuer.sign_in(started.headers["location"], subject)

    async def come_back(self, address: str) -> str:
        """Follow the issuer's redirect; what the dashboard is told."""
        answer = await self.api.get(address)
        assert answer.status_code == 303, answer.text
        where, _, said = answer.headers["location"].partition("#")
        assert where.startswith(DASHBOARD)
        return said

    async def arrive(self, connection_id: str, subject: str, *, fresh: bool = False) -> str:
        """The whole way; what the dashboard is told."""
        return await self.come_back(await self.back_from(connection_id, subject, fresh=fresh))

    async def exchange(self, said: str, **more: str) -> httpx.Response:
        """Fetch the session of a one-time code."""
        assert said.startswith("oidc_code="), said
        command = {"code": said.removeprefix("oidc_code="), **more}
        return await self.api.post("/tokens/oidc", json=command)


async def connect(desk: Desk, hotel: Hotel | None, issuer: Issuer, *, confirmed: bool = True, **more: object) -> Json:
    """A connection, of the hotel or of the platform."""
    api = hotel.admin.api if hotel else desk.root
    domains = [domain_of(hotel)] if hotel else []
    command = {
        "name": "Chain",
        "issuer": issuer.url,
        "client_id": issuer.client_id,
        "client_secret": "s:e/c",
        "domains": domains,
    }
    made = body(await api.post("/oidc-connections", json=command | more), 201)
    if hotel and confirmed:
        path = f"/oidc-connections/{made['id']}/confirm-domains"
        made = body(await desk.root.post(path, json={"domains": made["domains"]}))
    return made


def domain_of(hotel: Hotel) -> str:
    """The hotel's own domain."""
    return f"{hotel.slug}.example"


def someone(issuer: Issuer, email: str, **claims: object) -> str:
    """A new person at the issuer, with an address that it verified."""
    subject = f"sub-{secrets.token_hex(4)}"
    return issuer.person(subject, **{"email": email, "email_verified": True, "name": "Mia Moser", **claims})
