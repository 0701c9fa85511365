"""Sync from Clerk: what its webhooks say becomes accounts and memberships, in whichever order they come."""

import base64
import hmac
import json
import random
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from identity_play import PASSWORD, WEBHOOK_SECRETS, Desk, Hotel, Json, body, refusal
from sqlalchemy import text

from identity.jobs import carry_out_clerk


@dataclass
class Clerk:
    """Clerk, which signs and sends; ids are this test's own."""

    desk: Desk
    mark: str = field(default_factory=lambda: secrets.token_hex(4))
    secret: str = WEBHOOK_SECRETS.split(", ")[0]

    def email(self, name: str) -> str:
        return f"{name}.{self.mark}@mail.example"

    def user(
        self, verb: str, at: int, name: str = "mia", *, email: str | None = None, status: str = "verified"
    ) -> Json:
        address = {"id": "i", "email_address": email or self.email(name), "verification": {"status": status}}
        known = {"first_name": name.title(), "email_addresses": [address], "primary_email_address_id": "i"}
        return self.event(f"user.{verb}", at, f"user_{name}{self.mark}", **known)

    def organisation(self, verb: str, at: int) -> Json:
        return self.event(f"organization.{verb}", at, self.org, name="Chain")

    def member(self, verb: str, at: int, name: str = "mia", role: str = "org:member", number: int = 1) -> Json:
        data = {
            "organization": {"id": self.org},
            "public_user_data": {"user_id": f"user_{name}{self.mark}"},
            "role": role,
        }
        return self.event(f"organizationMembership.{verb}", at, f"orgmem_{name}{number}{self.mark}", **data)

    @property
    def org(self) -> str:
        return f"org_{self.mark}"

    @staticmethod
    def event(type: str, at: int, id: str, **data: Any) -> Json:  # Any: JSON
        changed = {"deleted": True} if type.endswith("deleted") else {"updated_at": at}
        return {"type": type, "object": "event", "timestamp": at, "data": {"id": id, **data, **changed}}

    async def send(self, event: object, id: str | None = None, **headers: str) -> httpx.Response:
        content, svix_id, sent = json.dumps(event).encode(), id or f"msg_{secrets.token_hex(8)}", str(int(time.time()))
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        mac = base64.b64encode(hmac.digest(key, f"{svix_id}.{sent}.".encode() + content, "sha256")).decode()
        signed = {"svix-id": svix_id, "svix-timestamp": sent, "svix-signature": f"v1,{mac}"}
        sent_with = {"content-type": "application/json", **signed, **headers}
        return await self.desk.anybody.post("/webhooks/clerk", content=content, headers=sent_with)

    async def say(self, *events: Json) -> None:
        for event in events:
            body(await self.send(event))


async def link(desk: Desk, hotel: Hotel, organisation: str | None) -> None:
    async with desk.app.runtime.db.transaction(hotel.id) as tx:
        statement = text("update hotels set clerk_organisation_id = :organisation where id = :id")
        await tx.execute(statement, {"organisation": organisation, "id": hotel.id})


async def staff_of(hotel: Hotel) -> dict[str, str]:
    """Who works there, by address, and as what."""
    items = body(await hotel.admin.api.get("/users", params={"active": "true"}))["items"]
    return {item["email"]: item["role"] for item in items if item["email"] != hotel.admin.email}


async def account(desk: Desk, email: str) -> Json | None:
    async with desk.app.runtime.db.transaction(None, platform=True, read_only=True) as tx:
        found = (
            (await tx.execute(text("select * from users where email = :email"), {"email": email}))
            .mappings()
            .one_or_none()
        )
    return dict(found) if found else None


async def test_people_come_change_and_go_as_at_clerk(desk: Desk, hotel: Hotel) -> None:
    clerk = Clerk(desk)
    await link(desk, hotel, clerk.org)
    await clerk.say(clerk.organisation("created", 1), clerk.user("created", 2), clerk.member("created", 3))
    mia = clerk.email("mia")
    assert await staff_of(hotel) == {mia: "staff"}
    [found] = body(await hotel.admin.api.get("/users", params={"clerk_id": f"user_mia{clerk.mark}"}))["items"]
    assert (found["email"], found["name"]) == (mia, "Mia")
    assert body(await desk.root.get("/users", params={"clerk_id": f"user_mia{clerk.mark}"}))["items"][0]["email"] == mia
    assert body(await hotel.admin.api.get("/users", params={"clerk_id": "user_nobody"}))["items"] == []
    await clerk.say(clerk.member("updated", 4, role="org:admin"))
    assert await staff_of(hotel) == {mia: "admin"}
    await clerk.say(clerk.user("updated", 5, email=clerk.email("maria")))
    assert await staff_of(hotel) == {clerk.email("maria"): "admin"}
    await clerk.say(clerk.member("deleted", 6))
    assert await staff_of(hotel) == {}
    await clerk.say(clerk.member("created", 7, number=2, role="org:concierge"))
    assert await staff_of(hotel) == {clerk.email("maria"): "viewer"}
    await clerk.say(clerk.user("deleted", 8))
    assert await staff_of(hotel) == {}
    gone = await account(desk, clerk.email("maria"))
    assert (gone or {})["status"] == "inactive"


async def test_any_order_and_repetition_of_deliveries_ends_in_the_same_state(desk: Desk, hotel: Hotel) -> None:
    chance, first = random.Random(20260501), None
    for _ in range(3):
        clerk = Clerk(desk)
        await link(desk, hotel, clerk.org)
        events = [
            clerk.organisation("created", 1),
            clerk.user("created", 2),
            clerk.user("updated", 3, email=clerk.email("maria")),
            clerk.member("created", 4),
            clerk.member("updated", 6, role="org:admin"),
            clerk.user("created", 2, "jo"),
            clerk.member("created", 4, "jo"),
            clerk.member("deleted", 5, "jo"),
            clerk.user("created", 2, "kim"),
            clerk.member("created", 4, "kim"),
            clerk.user("deleted", 7, "kim"),
            clerk.user("created", 2, "lee"),
            clerk.member("created", 4, "lee"),
        ]
        if first is not None:
            events += chance.choices(events, k=5)
            chance.shuffle(events)
        await clerk.say(*events)
        there = {email.replace(clerk.mark, ""): role for email, role in (await staff_of(hotel)).items()}
        ours = {email: role for email, role in there.items() if email.count(".@")}
        first = first or ours
        assert ours == first == {"maria.@mail.example": "admin", "lee.@mail.example": "staff"}
        kim = await account(desk, clerk.email("kim"))
        assert kim is None or kim["status"] == "inactive"


async def test_the_same_delivery_is_taken_in_once(desk: Desk, hotel: Hotel) -> None:
    clerk = Clerk(desk)
    await link(desk, hotel, clerk.org)
    await clerk.say(clerk.user("created", 1))
    assert body(await clerk.send(clerk.member("created", 2), "msg_one" + clerk.mark))["followed"]
    await clerk.say(clerk.member("deleted", 3))
    body(await clerk.send(clerk.member("created", 2), "msg_one" + clerk.mark))
    assert await staff_of(hotel) == {}


async def test_an_address_that_another_of_clerks_people_has_waits_until_they_gave_it_up(desk: Desk) -> None:
    clerk = Clerk(desk)
    await clerk.say(clerk.user("created", 1))
    taken = clerk.user("created", 3, "jo", email=clerk.email("mia"))
    for _ in range(2):
        assert refusal(await clerk.send(taken, "msg_jo" + clerk.mark), 409) == "clerk-address-taken"
    await clerk.say(clerk.user("updated", 2, email=clerk.email("maria")))
    body(await clerk.send(taken, "msg_jo" + clerk.mark))
    there = await account(desk, clerk.email("mia"))
    assert (there or {})["clerk_id"] == f"user_jo{clerk.mark}"


async def test_an_account_that_exists_is_linked_by_a_verified_address_alone_and_the_platforms_never(
    desk: Desk, hotel: Hotel
) -> None:
    clerk, member = Clerk(desk), await hotel.member("staff")
    await clerk.say(clerk.user("created", 1, email=member.email, status="unverified"))
    assert (await account(desk, member.email) or {})["clerk_id"] is None
    await clerk.say(
        clerk.user("updated", 2, email=member.email), clerk.user("created", 1, "r", email="root@platform.example")
    )
    assert (await account(desk, member.email) or {})["clerk_id"] == f"user_mia{clerk.mark}"
    assert (await account(desk, "root@platform.example") or {})["clerk_id"] is None
    await clerk.say(clerk.user("deleted", 3))
    assert (await desk.sign_in(member.email, PASSWORD)).status_code == 201, "the account lives on without Clerk"


async def test_whoever_comes_back_to_clerk_gets_their_account_back(desk: Desk, hotel: Hotel) -> None:
    clerk = Clerk(desk)
    await link(desk, hotel, clerk.org)
    mia = clerk.email("mia")
    await clerk.say(clerk.user("created", 1), clerk.member("created", 2), clerk.user("deleted", 3))
    await clerk.say(clerk.user("created", 4, "again", email=mia), clerk.member("created", 5, "again", role="org:admin"))
    assert await staff_of(hotel) == {mia: "admin"}


async def test_a_hotel_that_is_linked_later_gets_its_people_then(desk: Desk, hotel: Hotel) -> None:
    clerk = Clerk(desk)
    await clerk.say(clerk.user("created", 1), clerk.member("created", 2))
    assert await staff_of(hotel) == {}
    await link(desk, hotel, clerk.org)
    await carry_out_clerk(desk.app.runtime)
    assert await staff_of(hotel) == {clerk.email("mia"): "staff"}
    await clerk.say(clerk.organisation("deleted", 3))
    assert await staff_of(hotel) == {}


async def test_a_membership_ends_with_its_sessions(desk: Desk, hotel: Hotel) -> None:
    clerk, member = Clerk(desk), await hotel.member("staff")
    await link(desk, hotel, clerk.org)
    await clerk.say(
        clerk.user("created", 1, email=member.email), clerk.member("created", 2), clerk.member("deleted", 3)
    )
    assert refusal(await desk.refresh(member.refresh_token), 401) == "session-over"
    assert await member.is_refused()


async def test_what_clerk_did_not_sign_or_does_not_follow_changes_nothing(desk: Desk) -> None:
    clerk = Clerk(desk)
    event = clerk.user("created", 1)
    assert refusal(await clerk.send(event, **{"svix-signature": "v1,AAAA"}), 401) == "bad-signature"
    assert refusal(await clerk.send(event, **{"svix-timestamp": "1614265330"}), 401) == "bad-signature"
    assert refusal(await desk.anybody.post("/webhooks/clerk", json=event), 401) == "bad-signature"
    foreign = Clerk(desk, clerk.mark, "whsec_" + base64.b64encode(b"x" * 24).decode())
    assert refusal(await foreign.send(event), 401) == "bad-signature"
    assert body(await clerk.send(clerk.event("session.created", 1, "sess_1")))["followed"] is False
    assert refusal(await clerk.send({"type": "user.created", "data": {}}), 422) == "bad-event"
    assert refusal(await clerk.send([1]), 422) == "bad-event"
    assert refusal(await clerk.send(clerk.user("created", 1, "x" * 300_000)), 413) == "content-too-large"
    assert await account(desk, clerk.email("mia")) is None
    await Clerk(desk, clerk.mark, WEBHOOK_SECRETS.split(", ")[1]).say(event)
    assert await account(desk, clerk.email("mia")) is not None, "the other secret signs too"


async def test_the_audit_log_names_clerk_and_no_person(desk: Desk, hotel: Hotel) -> None:
    clerk = Clerk(desk)
    await link(desk, hotel, clerk.org)
    await clerk.say(clerk.user("created", 1), clerk.member("created", 2))
    found = await account(desk, clerk.email("mia"))
    assert found
    async with desk.app.runtime.worker_db.transaction(None, read_only=True) as tx:
        written = await tx.scalars(
            text("select payload::text from outbox where type like '%audit%' and payload::text like :id"),
            {"id": f"%{found['id']}%"},
        )
    entries = [json.loads(entry) for entry in written]
    assert {entry["action"] for entry in entries} >= {"membership.grant"}
    assert all(entry["actor"] == {"kind": "service", "id": None} for entry in entries)
    assert all(clerk.email("mia") not in json.dumps(entry) for entry in entries)
