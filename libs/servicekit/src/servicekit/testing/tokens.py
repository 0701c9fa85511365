"""Plays identity's signing in tests: an ES256 key, its JWKS on a local port, and any token a test wants."""

import json
import threading
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from contracts.actor import ActorRef
from contracts.permissions import ROLE_PERMISSIONS, Role
from servicekit.auth import USER_AUDIENCE
from servicekit.ids import new_id

ISSUER = "frontdesk-identity"


class TokenIssuer:
    """Plays identity's signing: an ES256 key, its JWKS on a local port, and any token a test wants."""

    def __init__(self) -> None:
        self.kid = "test-1"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.fetched = 0
        self.healthy = True
        issuer = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetched += 1
                body = json.dumps(issuer.jwks()).encode()
                self.send_response(200 if issuer.healthy else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def rotate(self) -> None:
        """From now on sign with a new key, under a new id; the old one is withdrawn."""
        self.kid = f"test-{uuid4().hex[:6]}"
        self.key = ec.generate_private_key(ec.SECP256R1())

    def jwks(self) -> dict[str, Any]:  # Any: JSON
        """The public key as a JWKS document."""
        public: dict[str, Any] = json.loads(ECAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "ES256"}]}

    def sign(self, claims: dict[str, Any], **headers: str) -> str:  # Any: JSON
        """Sign any claims."""
        return jwt.encode(claims, self.key, algorithm="ES256", headers={"kid": self.kid, **headers})

    def token(
        self,
        *,
        hotel_id: UUID | None = None,
        user_id: UUID | None = None,
        role: str = "staff",
        scopes: list[str] | None = None,
        sid: UUID | None = None,
        audience: str = USER_AUDIENCE,
        lives_seconds: float = 600,
        **claims: Any,  # Any: JSON
    ) -> str:
        """A member of staff's access token; the scopes are those of the role unless given."""
        now = time.time()
        allowed = [str(scope) for scope in sorted(ROLE_PERMISSIONS[Role(role)])] if role in set(Role) else []
        body: dict[str, Any] = {
            "iss": ISSUER,
            "aud": audience,
            "sub": str(user_id or new_id()),
            "kind": "user",
            "role": role,
            "scopes": allowed if scopes is None else scopes,
            "sid": str(sid or new_id()),
            "iat": now,
            "exp": now + lives_seconds,
            **({"hotel_id": str(hotel_id)} if hotel_id else {}),
            **claims,
        }
        return self.sign({name: value for name, value in body.items() if value is not None})

    def service_token(
        self,
        service: str,
        audience: str,
        *,
        hotel_id: UUID | None = None,
        scopes: list[str] | None = None,
        act: ActorRef | None = None,
    ) -> str:
        """The token of a service that calls another."""
        acting = act.model_dump(mode="json") if act else None
        return self.token(
            hotel_id=hotel_id,
            role="",
            scopes=scopes or [],
            audience=audience,
            sub=service,
            kind="service",
            sid=None,
            act=acting,
        )

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="session")
def issuer() -> Generator[TokenIssuer]:
    """Signs the tokens of this test session."""
    made = TokenIssuer()
    yield made
    made.stop()
