"""What a round left behind, as plain values: rows, records, and what clients wrote down. No I/O; `gather` fills it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message."""

    conversation: str
    seq: int
    id: str
    sender: str
    turn: str | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation of the round."""

    id: str
    hotel: str
    guest: str
    status: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What the AI was asked."""

    id: str
    conversation: str
    state: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Escalation:
    """A conversation that needed a person."""

    id: str
    conversation: str
    status: str

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it any more."""
        return self.status in ("resolved", "closed")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an escalation's timeline."""

    escalation: str
    version: int
    what: str
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An outbox row."""

    service: str
    seq: int
    id: str
    topic: str
    key: str
    type: str
    hotel: str | None
    payload: Json
    published: bool = True

    @property
    def version(self) -> int | None:
        """The aggregate's, where the event has one."""
        return self.payload.get("version")

    @property
    def kind(self) -> str:
        """`message.sent` of `frontdesk.message.sent.v1`."""
        return self.type.removeprefix("frontdesk.").rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic."""

    topic: str
    partition: int
    offset: int
    key: str
    id: str
    type: str
    version: int | None
    at: float
    """When the broker appended it, seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Due:
    """A row of a service's table of due things."""

    service: str
    kind: str
    object: str
    lease_is_past: bool


@dataclass(slots=True)
class Facts:
    """Everything a verdict is made of.

    Attributes:
        handled: by consumer (`escalation.on_turn_handed_over`) the events in its inbox.
        reactions: by CloudEvents type the consumers that must have handled it.
        audited: events with an entry in identity's audit log; one element an entry.
        shown: CloudEvents types that every member of staff of the hotel sees live.
        dead: records in dead-letter topics that came in this round, by topic.
        locks: by `service lock` how many sessions hold that advisory lock.
        unquiet: what was still going on when waiting for quiet was given up.
    """

    conversations: list[Conversation] = field(default_factory=list[Conversation])
    messages: list[Message] = field(default_factory=list[Message])
    turns: list[Turn] = field(default_factory=list[Turn])
    escalations: list[Escalation] = field(default_factory=list[Escalation])
    timeline: list[Entry] = field(default_factory=list[Entry])
    events: list[Event] = field(default_factory=list[Event])
    records: list[Record] = field(default_factory=list[Record])
    due: list[Due] = field(default_factory=list[Due])
    handled: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    reactions: Mapping[str, list[str]] = field(default_factory=dict[str, list[str]])
    audited: list[str] = field(default_factory=list[str])
    shown: frozenset[str] = frozenset()
    dead: Mapping[str, int] = field(default_factory=dict[str, int])
    locks: Mapping[str, int] = field(default_factory=dict[str, int])
    unquiet: list[str] = field(default_factory=list[str])
