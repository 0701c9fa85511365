"""Who calls which route with which ids: a hotel that has something of everything, and a fitting token for every kind of route."""

import itertools
import json
import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from devstack.services import client_secret
from devstack.stack import Stack
from kit.hotels import Hotel, open_hotel
from kit.people import PASSWORD, Guest
from servicekit.ids import new_id

Json = dict[str, Any]  # Any: JSON
HOTEL, ADMIN = "lindenhof", "anna.admin@lindenhof.example"
STAFF, ROOT = "sam.staff@lindenhof.example", "root@frontdesk.example"
WHOEVER = "vera.viewer@lindenhof.example"
"""Whose sessions end all the time."""
GUESTS = 6
"""So that one guest's limit per minute is not what most answers are about."""
SUPERADMIN_ROUTES = ("/hotels", "/users/{user_id}/totp/reset", "/signing-keys")
ENDS_SESSIONS = ("/me",)
"""Called with a session of their own each time: some of these end the one that they are called with."""
RENEWED_AFTER = 300
"""Seconds: a long run outlives the ten minutes of a token."""
EMAILS = {"admin": ADMIN, "staff": STAFF, "superadmin": ROOT}
SERVICES = ("conversation", "escalation")
STAFF_ROUTES = ("/conversations", "/escalations")
READ_BY_SERVICES = ("/conversations/{conversation_id}", "/escalations/{escalation_id}")


@dataclass(slots=True)
class Desk:
    """The world that the generated requests find."""

    stack: Stack
    hotel: Hotel
    guests: list[Guest]
    staffed: str
    ended: Guest
    ids: dict[str, str]
    api_key: str = ""
    _turn: "itertools.count[int]" = field(default_factory=itertools.count)
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict[str, tuple[float, str]])

    def token(self, path: str, service: str) -> str:
        """The access token of whoever the route is for. `path` is the template at the service, without `/api`."""
        if path.startswith("/widget/conversations/{conversation_id}/end"):
            return self.ended.token
        if path.startswith("/widget"):
            return self.guests[next(self._turn) % len(self.guests)].token
        if path.startswith(ENDS_SESSIONS):
            return self.signed_in(WHOEVER)["access_token"]
        if path.startswith(SUPERADMIN_ROUTES):
            return self.token_of("superadmin")
        if not path.startswith(STAFF_ROUTES):
            return self.token_of("admin")
        if path in READ_BY_SERVICES and service in SERVICES and next(self._turn) % 2:
            return self.token_of(service)
        return self.token_of("staff")

    def token_of(self, who: str) -> str:
        """A token of one of `EMAILS` or, from the gateway to one, of `SERVICES`; a new one before the last has expired."""
        made, token = self._tokens.get(who, (-math.inf, ""))
        if time.monotonic() - made > RENEWED_AFTER:
            made = time.monotonic()
            token = self.service_token(who) if who in SERVICES else self.signed_in(EMAILS[who])["access_token"]
            self._tokens[who] = made, token
        return token

    def refused(self, token: str) -> None:
        """Somebody withdrew the token, or the key that signed it: the next request has another."""
        self._tokens = {who: made for who, made in self._tokens.items() if made[1] != token}

    def ids_for(self, path: str, token: str) -> Mapping[str, str]:
        """Ids that lead somewhere for the bearer of the token."""
        if path.startswith("/widget"):
            guest = next((one for one in (*self.guests, self.ended) if one.token == token), self.guests[0])
            return self.ids | {"conversation_id": str(guest.conversation_id)}
        if path.startswith("/me/sessions/{"):
            return {"session_id": self._another_session()}
        if path.startswith("/guests/"):
            return self.ids | {"guest_id": self._another_guest(path)}
        return self.ids

    def body_for(self, path: str, body: Json) -> Json | None:
        """A body that gets through where no generated one could: one with a real secret in it."""
        if path in ("/tokens", "/session"):
            return {"email": WHOEVER, "password": PASSWORD}
        if path in ("/tokens/refresh", "/tokens/revoke"):
            return {"refresh_token": self.signed_in(WHOEVER)["refresh_token"]}
        if path == "/tokens/api-key":
            return {"api_key": self.api_key}
        if path == "/me/totp":
            return {"current_password": PASSWORD}
        if path == "/oauth/token":
            return self._client("conversation")
        if path == "/widget/sessions":
            return body | {"hotel": HOTEL}
        if path.endswith("/messages"):
            return body | {"id": str(new_id())}
        return None

    def cookie(self) -> tuple[str, str]:
        """A dashboard session's cookie and its CSRF token."""
        with self._http() as http:
            answer = http.post(
                f"{self.stack.url('gateway')}/api/session", json={"email": WHOEVER, "password": PASSWORD}
            )
            answer.raise_for_status()
            return "; ".join(f"{c.name}={c.value}" for c in http.cookies.jar), answer.json()["csrf_token"]

    def signed_in(self, email: str) -> Json:
        """A new session at identity."""
        with self._http() as http:
            answer = http.post(f"{self.stack.url('identity')}/tokens", json={"email": email, "password": PASSWORD})
        answer.raise_for_status()
        return answer.json()

    def service_token(self, audience: str) -> str:
        """The gateway's own token for a service, in the hotel."""
        with self._http() as http:
            form = self._client(audience) | {"hotel_id": self.hotel.ids["hotel_id"]}
            answer = http.post(f"{self.stack.url('identity')}/oauth/token", data=form)
        answer.raise_for_status()
        return answer.json()["access_token"]

    def _another_session(self) -> str:
        token = self.signed_in(WHOEVER)["access_token"]
        with self._http() as http:
            listed = http.get(f"{self.stack.url('identity')}/me/sessions", headers={"authorization": f"Bearer {token}"})
        listed.raise_for_status()
        return listed.json()["items"][0]["id"]

    def _another_guest(self, path: str) -> str:
        """One of its own for each request, since some of them erase; with what the path reads of it."""
        bearer = {"authorization": f"Bearer {self.signed_in(ADMIN)['access_token']}"}
        with self._http() as http:
            guests = f"{self.stack.url('identity')}/guests"
            made = http.post(guests, json={"name": "Spare Guest"}, headers=bearer)
            made.raise_for_status()
            one: str = made.json()["id"]
            if path.endswith("/erasure"):
                http.delete(f"{guests}/{one}", headers=bearer).raise_for_status()
            elif path.endswith("/export"):
                http.post(f"{guests}/{one}/export", headers=bearer).raise_for_status()
        return one

    def _client(self, audience: str) -> Json:
        secret = self.stack.state.secret_text(client_secret("gateway"))
        grant = {"grant_type": "client_credentials", "client_id": "gateway", "client_secret": secret}
        return grant | {"audience": audience}

    def _http(self) -> httpx.Client:
        return httpx.Client(timeout=15, trust_env=False, headers={"x-forwarded-for": address()})


def address() -> str:
    """Somebody else's address every time (RFC 2544's range for such tests): limits per address are not what is tried."""
    return f"198.{random.randint(18, 19)}.{random.randint(0, 255)}.{random.randint(1, 254)}"


async def open_desk(stack: Stack) -> Desk:
    """The demo hotel with guests, a conversation that staff have, spare people, articles and a spare hotel to be changed."""
    hotel = await open_hotel(stack, HOTEL, ADMIN)
    guests = [await Guest.arrives(stack.url("conversation"), HOTEL) for _ in range(GUESTS)]
    staffed, ended = [await Guest.arrives(stack.url("conversation"), HOTEL) for _ in range(2)]
    desk = Desk(stack, hotel, guests, str(staffed.conversation_id), ended, dict(hotel.ids))
    desk.ids["conversation_id"] = desk.staffed
    with httpx.Client(timeout=15, trust_env=False) as http:

        def made(url: str, kind: str, body: Json) -> Json:
            answer = http.post(url, json=body, headers={"authorization": f"Bearer {desk.token_of(kind)}"})
            assert answer.is_success, answer.text
            return answer.json()

        identity, conversation = stack.url("identity"), stack.url("conversation")
        made(f"{conversation}/conversations/{desk.staffed}/take-over", "staff", {})
        mark = new_id().hex[-12:]
        spare = {"slug": f"spare-{mark}", "name": "Spare House", "time_zone": "Europe/Vienna", "default_language": "en"}
        desk.ids["hotel_id"] = made(f"{identity}/hotels", "superadmin", spare | {"languages": ["en"]})["id"]
        person = {"email": f"spare-{mark}@lindenhof.example", "name": "Spare", "password": PASSWORD, "role": "viewer"}
        variant = {"language": "en", "title": "Spare article", "body": "Nobody asks about it."}
        desk.ids["article_id"] = made(f"{conversation}/articles", "admin", {"variants": [variant]})["id"]
        key = {"name": "Spare", "scopes": ["guest:read"]}
        desk.api_key = made(f"{identity}/api-keys", "admin", key)["secret"]
        desk.ids["user_id"] = made(f"{identity}/users", "admin", person)["id"]
    return desk


def readable(body: object) -> str:
    """The start of a body for a report."""
    return json.dumps(body, default=str, ensure_ascii=False)[:400]
