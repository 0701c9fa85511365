"""All services behind the gateway in one place."""

from dataclasses import dataclass

from gateway.adapters.upstream import Upstream


@dataclass(frozen=True, slots=True)
class Services:
    """The services that the gateway composes from and passes requests on to."""

    identity: Upstream
    conversation: Upstream
    escalation: Upstream

    def named(self, name: str) -> Upstream:
        """The service of that name."""
        return {"identity": self.identity, "conversation": self.conversation, "escalation": self.escalation}[name]
