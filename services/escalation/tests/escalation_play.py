"""Plays the other services and the staff of one hotel: what conversation and identity publish, what people ask for."""

from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

import httpx

from contracts.actor import ActorKind, ActorRef
from contracts.event import Event
from contracts.events import (
    AuditRecorded,
    ConversationEnded,
    ConversationEscalated,
    ConversationHandedBack,
    ConversationStarted,
    ConversationTakenOver,
    MembershipChanged,
    MembershipGranted,
    MembershipRevoked,
    TurnHandedOver,
)
from contracts.ids import ConversationId, GuestId, HotelId, MessageId, TurnId, UserId
from contracts.statuses import ConversationStatus, MembershipStatus
from contracts.values import Channel, HandOverReason, Priority
from escalation.tables import ConversationRow, StaffRow
from servicekit import new_id, utc_now
from servicekit.testing import RunningService, TokenIssuer, eventually

E = TypeVar("E", bound=Event)
Json = dict[str, Any]  # Any: JSON as the service answers it
OPEN = ["open", "reopened", "assigned", "in_progress", "waiting_for_guest"]


class Conversation:
    """A guest's conversation as its service publishes it: every event one version later."""

    def __init__(self, hotel: "Hotel") -> None:
        self.hotel = hotel
        self.id = ConversationId(new_id())
        self.guest_id = GuestId(new_id())
        self.version = 0

    def _next(self) -> int:
        self.version += 1
        return self.version

    async def starts(self) -> "Conversation":
        """The guest opens it."""
        await self.hotel.publish(
            ConversationStarted(
                conversation_id=self.id,
                guest_id=self.guest_id,
                channel=Channel.WIDGET,
                language="en",
                version=self._next(),
            )
        )
        return self

    def handed_over(
        self, *reasons: HandOverReason, priority: Priority = Priority.NORMAL, version: int | None = None
    ) -> TurnHandedOver:
        """The AI passes a turn on."""
        return TurnHandedOver(
            conversation_id=self.id,
            guest_id=self.guest_id,
            turn_id=TurnId(new_id()),
            message_id=MessageId(new_id()),
            reasons=reasons or (HandOverReason.GUEST_ASKED,),
            priority=priority,
            confidence=0.2,
            language="en",
            attempt=1,
            waited_ms=40,
            version=version or self._next(),
        )

    def escalated(self, by: UserId, priority: Priority = Priority.NORMAL) -> ConversationEscalated:
        """A member of staff asks for somebody."""
        return ConversationEscalated(
            conversation_id=self.id,
            guest_id=self.guest_id,
            by=ActorRef(kind=ActorKind.USER, id=by),
            priority=priority,
            version=self._next(),
        )

    def taken_over(self, by: UserId) -> ConversationTakenOver:
        """Staff own it."""
        return ConversationTakenOver(
            conversation_id=self.id,
            guest_id=self.guest_id,
            user_id=by,
            status=ConversationStatus.WITH_STAFF,
            version=self._next(),
        )

    def handed_back(self, by: UserId) -> ConversationHandedBack:
        """The AI owns it again."""
        return ConversationHandedBack(
            conversation_id=self.id,
            guest_id=self.guest_id,
            by=ActorRef(kind=ActorKind.USER, id=by),
            status=ConversationStatus.OPEN,
            version=self._next(),
        )

    def ended(self) -> ConversationEnded:
        """The guest closes it."""
        return ConversationEnded(
            conversation_id=self.id,
            guest_id=self.guest_id,
            by=ActorRef(kind=ActorKind.GUEST, id=self.guest_id),
            version=self._next(),
        )

    async def is_known(self, *, version: int = 1, over: bool = False) -> None:
        """This service has heard of it, up to that version."""

        async def known() -> bool:
            async with self.hotel.desk.runtime.db.transaction(self.hotel.id) as tx:
                row = await tx.find(ConversationRow, self.id)
            return row is not None and row.version >= version and (row.ended_at is not None) == over

        await eventually(known)

    async def escalation(self, **wanted: object) -> Json:
        """Its newest escalation, once that has these values."""

        async def found() -> Json | None:
            listed = await self.escalations()
            if not listed:
                return None
            assert {name: listed[0][name] for name in wanted} == wanted
            return listed[0]

        return await eventually(found)  # pyright: ignore[reportReturnType]  # eventually gives something true

    async def escalations(self) -> list[Json]:
        """All of its escalations, newest first."""
        answer = await self.hotel.viewer.get("/escalations", params={"conversation_id": str(self.id)})
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def in_queue(self, *reasons: HandOverReason) -> Json:
        """Handed over just now, and in the queue."""
        await self.hotel.publish(self.handed_over(*reasons))
        return await self.escalation(status="open")


class Member:
    """A member of staff with a client of their own."""

    def __init__(self, hotel: "Hotel", name: str, role: str) -> None:
        self.hotel = hotel
        self.name = name
        self.role = role
        self.id = UserId(new_id())
        self.version = 0
        self.joined_at = utc_now()

    def _state(self, status: MembershipStatus) -> Json:
        self.version += 1
        return {
            "membership_key": f"{self.hotel.id}:{self.id}",
            "hotel_id": self.hotel.id,
            "user_id": self.id,
            "display_name": self.name,
            "role": self.role,
            "status": status,
            "changed_at": self.joined_at if status is MembershipStatus.ACTIVE else utc_now(),
            "version": self.version,
        }

    async def joins(self) -> "Member":
        """Identity says so, and this service has heard."""
        await self.hotel.publish(MembershipGranted(**self._state(MembershipStatus.ACTIVE)))
        await self._is_known_as(MembershipStatus.ACTIVE)
        self.client = self.hotel.client(self.role, self.id)  # tokens from before the membership do not hold
        return self

    def renamed(self, name: str) -> MembershipChanged:
        """The hotel shows another name from now on."""
        return MembershipChanged(**self._state(MembershipStatus.ACTIVE)).model_copy(update={"display_name": name})

    async def leaves(self) -> None:
        """Identity says so, and this service has heard."""
        await self.hotel.publish(MembershipRevoked(**self._state(MembershipStatus.REVOKED)))
        await self._is_known_as(MembershipStatus.REVOKED)

    async def _is_known_as(self, status: MembershipStatus) -> None:
        async def known() -> bool:
            async with self.hotel.desk.runtime.db.transaction(self.hotel.id) as tx:
                row = await tx.find(StaffRow, (self.hotel.id, self.id))
            return row is not None and row.status == status

        await eventually(known)

    async def does(
        self, what: str, escalation: Json | UUID, body: Json | None = None, **headers: str
    ) -> httpx.Response:
        """POST /escalations/{id}/{what}."""
        one = escalation["id"] if isinstance(escalation, dict) else escalation
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None and what != "resolve":
            return await self.client.post(f"/escalations/{one}/{what}", headers=sent)
        return await self.client.post(f"/escalations/{one}/{what}", json=body or {}, headers=sent)

    async def assigns(self, escalation: Json, to: "Member", **headers: str) -> httpx.Response:
        """POST /escalations/{id}/assign."""
        return await self.does("assign", escalation, {"assignee_id": str(to.id)}, **headers)


class Hotel:
    """One hotel, new for each test: nobody else's rows."""

    def __init__(self, desk: RunningService, issuer: TokenIssuer) -> None:
        self.desk = desk
        self.issuer = issuer
        self.id = HotelId(new_id())
        self.viewer = self.client("viewer")

    def client(self, role: str, user_id: UserId | None = None) -> httpx.AsyncClient:
        """Somebody of that role."""
        return self.desk.client(self.issuer.token(hotel_id=self.id, user_id=user_id or new_id(), role=role))

    async def publish(self, *events: Event) -> None:
        """Other services publish, in this order."""
        for event in events:
            await self.desk.publish(event, self.id)

    async def member(self, name: str = "Sam", role: str = "staff") -> Member:
        """An active member of staff."""
        return await Member(self, name, role).joins()

    def conversation(self) -> Conversation:
        """A conversation that this service has not heard of yet."""
        return Conversation(self)

    async def heard_of_conversation(self) -> Conversation:
        """A conversation that has started, and this service knows it."""
        conversation = await self.conversation().starts()
        await conversation.is_known()
        return conversation

    async def get(self, escalation: Json) -> Json:
        """GET /escalations/{id}."""
        answer = await self.viewer.get(f"/escalations/{escalation['id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def event(self, kind: type[E], version: int | None = None) -> E:
        """What this service published for this hotel: the newest of that class, or the one of that version."""

        async def found() -> E | None:
            events = await self.desk.events(kind, hotel_id=self.id)
            wanted = [event for event in events if version is None or getattr(event, "version", None) == version]
            return wanted[-1] if wanted else None

        return await eventually(found)  # pyright: ignore[reportReturnType]  # eventually gives something true

    async def audited(self, escalation: Json) -> list[str]:
        """What identity hears that was done to it, in order; one entry for each version."""

        async def all_of_them() -> list[str]:
            records = await self.desk.events(AuditRecorded, hotel_id=self.id)
            actions = [record.action for record in records if record.object_id == escalation["id"]]
            assert len(actions) == (await self.get(escalation))["version"]
            return actions

        return await eventually(all_of_them)

    async def queue(self, **params: object) -> list[Json]:
        """GET /escalations/queue."""
        answer = await self.viewer.get(
            "/escalations/queue", params={name: str(value) for name, value in params.items()}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def timeline(self, escalation: Json) -> list[Json]:
        """GET /escalations/{id}/timeline."""
        answer = await self.viewer.get(f"/escalations/{escalation['id']}/timeline")
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


def names(items: Sequence[Json], field: str = "what") -> list[str]:
    """One field of every item."""
    return [item[field] for item in items]
