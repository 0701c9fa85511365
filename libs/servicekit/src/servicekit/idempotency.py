"""Idempotency-Key (IETF draft-ietf-httpapi-idempotency-key-header): the same request again gets the same answer.

The answer is a row of the transaction that did the work, so there is never one without the other.
"""

import json
import re
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import Invalid
from servicekit.actor import Actor
from servicekit.problems import Malformed
from servicekit.transaction import Transaction

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_NO_HOTEL = UUID(int=0)
_KEY = re.compile(r'^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{1,255}))$')
"""A structured-field string (RFC 9651), or the same without its quotes, as most clients send it."""
_SECRET = re.compile(rb"password|secret|token", re.IGNORECASE)
_KEPT_HEADERS = frozenset({"content-type", "etag", "location", "link"})

_FIND = text(
    "select request_hash, status, headers, body from idempotency_keys"
    " where hotel_id = :hotel_id and actor = :actor and route = :route and key = :key"
    " and created_at > now() - interval '24 hours'"
)
_STORE = text(
    "insert into idempotency_keys (hotel_id, actor, route, key, request_hash, status, headers, body, created_at)"
    " values (:hotel_id, :actor, :route, :key, :request_hash, :status, cast(:headers as jsonb), :body, now())"
    " on conflict (hotel_id, actor, route, key) do update set request_hash = excluded.request_hash,"
    " status = excluded.status, headers = excluded.headers, body = excluded.body, created_at = excluded.created_at"
)
_PURGE = text("delete from idempotency_keys where created_at < now() - interval '24 hours'")


class KeyReused(Invalid):
    """The key came before with another request."""

    slug, title = "idempotency-key-reused", "This Idempotency-Key was used for another request"


class Replay(Exception):
    """Not an error: the answer is known. The edge sends it instead of running the route."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


@dataclass(frozen=True, slots=True)
class Claim:
    """A key that this transaction holds; its answer is to be stored."""

    hotel_id: UUID
    actor: str
    route: str
    key: str
    request_hash: bytes

    @property
    def values(self) -> dict[str, object]:
        """The primary key, as SQL parameters."""
        return {"hotel_id": self.hotel_id, "actor": self.actor, "route": self.route, "key": self.key}

    @property
    def lock(self) -> int:
        """A 64-bit advisory lock of this key's own."""
        named = "\x1f".join((str(self.hotel_id), self.actor, self.route, self.key)).encode()
        return int.from_bytes(blake2b(named, digest_size=8, person=b"idempotency").digest(), "big", signed=True)


def key_of(request: Request) -> str | None:
    """The request's key, without quotes.

    Raises:
        Malformed: the header holds no such key.
    """
    value = request.headers.get(HEADER)
    if value is None:
        return None
    found = _KEY.match(value.strip())
    if found is None:
        raise Malformed("Idempotency-Key is 1 to 255 printable ASCII characters", pointer="header:idempotency-key")
    return found[1] or found[2]


async def claim(request: Request, tx: Transaction, actor: Actor) -> Claim | None:
    """Take the request's key for this transaction; whoever comes with the same one waits for its end.

    Raises:
        Replay: it was answered before, and how.
        KeyReused: it was used for another request.
        Malformed: the header holds no key.
    """
    key = key_of(request)
    if key is None:
        return None
    body = _without_secrets(await request.body())
    condition = "".join(f"if-match: {value}\n" for value in request.headers.getlist("if-match"))  # an empty one counts
    asked = sha256(f"{request.method} {request.url.path}?{request.url.query}\n{condition}".encode() + body).digest()
    taken = Claim(tx.hotel_id or _NO_HOTEL, actor.key, f"{request.method} {route_of(request)}", key, asked)
    await tx.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": taken.lock})
    row = (await tx.execute(_FIND, taken.values)).first()
    if row is None:
        return taken
    if bytes(row.request_hash) != asked:
        raise KeyReused("send a new key for a new request", pointer="header:idempotency-key")
    headers: dict[str, str] = {**row.headers, REPLAYED: "true"}
    raise Replay(Response(bytes(row.body), status_code=row.status, headers=headers))


async def store(tx: Transaction, taken: Claim, response: Response) -> None:
    """Keep the answer in the transaction that earned it. Refusals raise, roll back, and are not kept: they may change."""
    if "no-store" in response.headers.get("cache-control", ""):
        return  # the route says that nobody keeps this answer: it holds a secret
    body: Any = getattr(response, "body", None)  # Any: a streamed answer has none
    if not isinstance(body, bytes):
        raise TypeError("an answer that is streamed cannot be kept for an Idempotency-Key")
    headers = {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS}
    await tx.execute(
        _STORE,
        {
            **taken.values,
            "request_hash": taken.request_hash,
            "status": response.status_code,
            "headers": json.dumps(headers),
            "body": body,
        },
    )


def _without_secrets(body: bytes) -> bytes:
    """What of the body is hashed: a password would be open to guessing for as long as the hash is kept."""
    if not _SECRET.search(body):
        return body
    try:
        return json.dumps(_blank(json.loads(body)), sort_keys=True).encode()
    except (ValueError, RecursionError):
        return b""  # not JSON: the route refuses it, and nothing is kept


def _blank(value: Any) -> Any:  # Any: JSON
    if isinstance(value, dict):
        found: dict[str, Any] = value  # Any: JSON
        return {name: None if _SECRET.search(name.encode()) else _blank(item) for name, item in found.items()}
    return [_blank(item) for item in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]  # any JSON


def route_of(request: Request) -> str:
    """The route's template, e.g. `/escalations/{escalation_id}`."""
    scope: Any = request.scope  # Any: FastAPI keeps the included route's full path in the scope
    context = scope.get("fastapi", {}).get("effective_route_context")
    return str(
        getattr(context, "path_format", None) or getattr(scope.get("route"), "path_format", "") or request.url.path
    )


async def purge(connection: AsyncConnection) -> int:
    """Delete what is older than 24 hours; as the worker role. How many there were."""
    return (await connection.execute(_PURGE)).rowcount
