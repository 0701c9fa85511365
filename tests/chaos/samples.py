"""A small round in which all is well, for tests that break one thing of it."""

from dataclasses import dataclass, field

from chaos.facts import Conversation, Entry, Escalation, Event, Facts, Json, Message, Record, Turn

CONVERSATIONS = "frontdesk.conversation.conversation.v1"
ESCALATIONS = "frontdesk.escalation.escalation.v1"
AUDIT = "frontdesk.audit.recorded.v1"
HOTEL = "hotel"
CREATED, HANDED_OVER = "frontdesk.escalation.created.v1", "frontdesk.turn.handed_over.v1"
SHOWN = frozenset({CREATED, HANDED_OVER, "frontdesk.message.sent.v1", "frontdesk.conversation.started.v1"})


@dataclass(slots=True)
class Story:
    """Facts and journals of one round."""

    facts: Facts = field(default_factory=Facts)
    guests: list[Json] = field(default_factory=list[Json])
    staff: list[Json] = field(default_factory=list[Json])

    def event(self, event: Event) -> None:
        """Committed, published, handled by whom it is for, seen by staff where they see its type."""
        offset = len(self.facts.records)
        self.facts.events.append(event)
        self.facts.records.append(
            Record(event.topic, 0, offset, event.key, event.id, event.type, event.version, at=float(offset))
        )
        for consumer in self.facts.reactions.get(event.type, ()):
            self.facts.handled.setdefault(consumer, set()).add(event.id)
        if event.kind == "audit.recorded":
            self.facts.audited.append(event.id)
        if event.type in self.facts.shown:
            self.staff.append(
                {
                    "t": float(offset),
                    "who": "sam",
                    "what": "saw",
                    "id": event.id,
                    "type": event.type,
                    "hotel": event.hotel,
                    "version": event.version,
                    "conversation": event.payload.get("conversation_id"),
                    "escalation": event.payload.get("escalation_id"),
                }
            )

    def saw(self, message: Message) -> None:
        """The guest's line brought it."""
        self.guests.append(
            {
                "t": 0.0,
                "who": "g0",
                "what": "saw",
                "conversation": message.conversation,
                "of": message.conversation,
                "seq": message.seq,
                "id": message.id,
                "sender": message.sender,
            }
        )


def sent(version: int, message: Message) -> Event:
    """The event of a message."""
    payload = {
        "conversation_id": message.conversation,
        "message_id": message.id,
        "sender": {"kind": message.sender},
        "version": version,
    }
    return _event(version, message.conversation, "message.sent", payload)


def _event(version: int, key: str, kind: str, payload: Json, topic: str = CONVERSATIONS) -> Event:
    service = "escalation" if topic == ESCALATIONS else "conversation"
    return Event(service, version, f"{key}-{version}", topic, key, f"frontdesk.{kind}.v1", HOTEL, payload)


def a_quiet_round() -> Story:
    """A guest asks twice: the first is answered, the second handed over; a member of staff watches."""
    told = Story()
    told.facts.reactions = {HANDED_OVER: ["escalation.on_turn_handed_over"], CREATED: ["conversation.on_created"]}
    told.facts.shown = SHOWN
    told.facts.locks = {"conversation relay": 1, "conversation jobs": 1}
    told.facts.conversations = [Conversation("c", HOTEL, "guest", "waiting_for_staff")]
    told.guests = [
        {"t": 0.0, "who": "g0", "what": "began", "conversation": "c", "guest": "guest", "hotel": "lindenhof"}
    ]
    told.staff = [{"t": 0.0, "who": "sam", "what": "works-at", "hotel": HOTEL}]
    told.event(_event(1, "c", "conversation.started", {"conversation_id": "c", "version": 1}))
    question, answer = Message("c", 1, "m1", "guest", "t1"), Message("c", 2, "m2", "ai", "t1")
    demand, notice = Message("c", 3, "m3", "guest", "t2"), Message("c", 4, "m4", "ai", "t2")
    outcomes = {2: "turn.answered", 4: "turn.handed_over"}
    version = 1
    for message in (question, answer, demand, notice):
        version += 1
        told.facts.messages.append(message)
        if message.sender == "guest":
            told.guests.append({"t": 0.0, "who": "g0", "what": "said", "conversation": "c", "id": message.id})
        told.event(sent(version, message))
        told.saw(message)
        if message.sender == "guest":
            told.guests.append(
                {"t": 0.0, "who": "g0", "what": "acked", "conversation": "c", "id": message.id, "seq": message.seq}
            )
        else:
            version += 1
            payload = {"conversation_id": "c", "turn_id": message.turn, "version": version}
            told.event(_event(version, "c", outcomes[message.seq], payload))
    told.facts.turns = [Turn("t1", "c", "answered", "m2"), Turn("t2", "c", "handed_over", "m4")]
    told.facts.escalations = [Escalation("e", "c", "open")]
    told.facts.timeline = [Entry("e", 1, "created", f"c-{version}")]
    told.event(
        _event(1, "e", "escalation.created", {"escalation_id": "e", "conversation_id": "c", "version": 1}, ESCALATIONS)
    )
    told.event(_event(1, "a", "audit.recorded", {}, AUDIT))
    return told
