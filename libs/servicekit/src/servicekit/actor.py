"""Who is asking: what a verified token says. Apart from `auth`, so that the data half needs no HTTP."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from contracts.actor import ActorKind, ActorRef
from contracts.ids import ApiKeyId, HotelId, SessionId
from contracts.permissions import Role

_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts.

    Attributes:
        kind: user, guest, AI, service or the system.
        id: the user's or guest's id; None for services, the AI and the system.
        hotel_id: the tenant the token names; None for platform work.
        role: for display and approval steps; what is allowed stands in `scopes`.
        scopes: the effective permissions, `resource:action`.
        sid: the sign-in session, which can be revoked on its own.
        issued_at, expires_at: of the token; aware, UTC, with fractions of a second.
        act: whom a service acts for, if anybody; of a user's token: who of the platform acts in their place (RFC 8693, 4.1).
        enrolling: somebody whose hotel asks for a second factor that they do not have yet; until they do, nothing but
            setting one up is open to them.
        subject: the token's `sub`: the id as text, or the service's client id.
        api_key_id: the API key, where a service is an integrator's; it is no person, so `id` is None.
        signed_with: the id of the key that signed the token.
    """

    kind: ActorKind
    id: UUID | None = None
    hotel_id: HotelId | None = None
    role: str | None = None
    scopes: frozenset[str] = field(default_factory=frozenset[str])
    sid: SessionId | None = None
    issued_at: datetime = _EPOCH
    expires_at: datetime = _EPOCH
    act: ActorRef | None = None
    enrolling: bool = False
    subject: str = ""
    api_key_id: ApiKeyId | None = None
    signed_with: str = ""

    def ref(self) -> ActorRef:
        """The reference that events and audit entries carry."""
        return ActorRef(kind=self.kind, id=self.id or self.api_key_id)

    def on_record(self) -> tuple[ActorRef, ActorRef | None]:
        """Who did it and for whom, as the audit log has it: who impersonates a member did it, in the member's place."""
        return (self.act, self.ref()) if self.act is not None and self.impersonated else (self.ref(), self.act)

    @property
    def impersonated(self) -> bool:
        """Whether somebody else acts in this user's place."""
        return self.kind is ActorKind.USER and self.act is not None

    @property
    def key(self) -> str:
        """The actor as one string, for locks and limits: `user:<uuid>`, `service:gateway`."""
        return f"{self.kind.value}:{self.subject or self.id or ''}"

    def may(self, permission: str) -> bool:
        """Whether the token carries `permission`."""
        return str(permission) in self.scopes

    @property
    def is_superadmin(self) -> bool:
        """Whether this is a user of the platform itself."""
        return self.kind is ActorKind.USER and self.role == Role.SUPERADMIN.value


def service_actor(name: str, hotel_id: HotelId | None = None) -> Actor:
    """The actor that a service is when it acts on its own account: in reactions and jobs."""
    return Actor(kind=ActorKind.SERVICE, hotel_id=hotel_id, subject=name)
