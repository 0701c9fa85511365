"""Who did it: the reference to an actor that events and audit entries carry."""

from enum import StrEnum
from uuid import UUID

from contracts.event import Fact


class ActorKind(StrEnum):
    """What kind of somebody acted."""

    USER = "user"
    GUEST = "guest"
    AI = "ai"
    SERVICE = "service"
    SYSTEM = "system"


class ActorRef(Fact):
    """Who caused an event: kind and id, never a name. `id` is None for the AI, services and the system itself."""

    kind: ActorKind
    id: UUID | None = None
