"""The topic registry: every topic's owner, key, partitions, retention and compaction, defined once, here."""

from dataclasses import dataclass

HOUR_MS = 60 * 60 * 1000
DAY_MS = 24 * HOUR_MS
FOREVER = -1


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. One per ordering need, not one per table.

    Attributes:
        name: full name, version last; a bigger or reshaped topic is a new version plus backfill.
        owner: the service that publishes to it; `*` where every service does.
        key: what the record key is, in words.
        partitions: never changed in place.
        retention_ms: milliseconds a record is kept; FOREVER for compacted topics.
        compacted: True for directory topics: full state per key, readable from the start.
        personal: True only for the directory topics that may carry personal fields.
    """

    name: str
    owner: str
    key: str
    partitions: int = 12
    retention_ms: int = 14 * DAY_MS
    compacted: bool = False
    personal: bool = False

    def config(self) -> dict[str, str]:
        """Kafka's topic configuration that follows from the above."""
        if self.compacted:
            return {
                "cleanup.policy": "compact",
                "max.compaction.lag.ms": str(DAY_MS),  # what was erased is gone from the log within a day
                "retention.ms": str(self.retention_ms),
            }
        return {"cleanup.policy": "delete", "retention.ms": str(self.retention_ms)}

    @property
    def dlq(self) -> str:
        """Name of the dead-letter topic that consumers of this topic write to."""
        return f"{self.name}.dlq"


HOTELS = Topic(
    "frontdesk.identity.hotel.v1", "identity", "hotel id", partitions=3, retention_ms=FOREVER, compacted=True
)
USERS = Topic(
    "frontdesk.identity.user.v1",
    "identity",
    "user id",
    partitions=3,
    retention_ms=FOREVER,
    compacted=True,
    personal=True,
)
MEMBERSHIPS = Topic(
    "frontdesk.identity.membership.v1",
    "identity",
    "hotel id:user id",
    partitions=3,
    retention_ms=FOREVER,
    compacted=True,
    personal=True,
)
GUESTS = Topic(
    "frontdesk.identity.guest.v1",
    "identity",
    "guest id",
    partitions=3,
    retention_ms=FOREVER,
    compacted=True,
    personal=True,
)
SESSIONS = Topic("frontdesk.identity.session.v1", "identity", "user id", partitions=3, retention_ms=DAY_MS)
ACCESS = Topic("frontdesk.identity.access.v1", "identity", "session id", partitions=3, retention_ms=DAY_MS)
SIGNING_KEYS = Topic("frontdesk.identity.signing-key.v1", "identity", "key id", partitions=1, retention_ms=DAY_MS)
CONVERSATIONS = Topic("frontdesk.conversation.conversation.v1", "conversation", "conversation id")
KNOWLEDGE = Topic("frontdesk.conversation.knowledge.v1", "conversation", "article id")
ESCALATIONS = Topic("frontdesk.escalation.escalation.v1", "escalation", "escalation id")
HOTELS_FORGOTTEN = Topic("frontdesk.hotel.forgotten.v1", "*", "hotel id", partitions=3, retention_ms=90 * DAY_MS)
USAGE = Topic("frontdesk.usage.recorded.v1", "*", "event id")
BUDGETS = Topic("frontdesk.usage.budget.v1", "usage", "budget id", partitions=3, retention_ms=FOREVER, compacted=True)
AUDIT = Topic("frontdesk.audit.recorded.v1", "*", "event id")
FORGOTTEN = Topic("frontdesk.guest.forgotten.v1", "*", "guest id", partitions=3)

TOPICS: tuple[Topic, ...] = (
    HOTELS,
    USERS,
    MEMBERSHIPS,
    GUESTS,
    SESSIONS,
    ACCESS,
    SIGNING_KEYS,
    CONVERSATIONS,
    KNOWLEDGE,
    ESCALATIONS,
    HOTELS_FORGOTTEN,
    USAGE,
    BUDGETS,
    AUDIT,
    FORGOTTEN,
)


def topic_by_name(name: str) -> Topic:
    """The registered topic of that name.

    Raises:
        KeyError: no such topic.
    """
    for topic in TOPICS:
        if topic.name == name:
            return topic
    raise KeyError(name)
