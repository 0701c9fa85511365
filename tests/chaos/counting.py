"""Was anything lost, doubled or out of order? Pure: facts of the databases and topics against what clients wrote down."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from chaos import watching
from chaos.facts import Event, Facts, Json
from chaos.verdict import Defect, Verdict

MOVES = {
    "conversation.started": "ai",
    "conversation.handed_back": "ai",
    "turn.handed_over": "nobody",
    "conversation.escalated": "nobody",
    "conversation.taken_over": "staff",
    "conversation.ended": "over",
}
"""Who has a conversation after this event."""
SILENCED = {"conversation.taken_over", "conversation.ended", "conversation.escalated"}
"""What drops an open turn: the AI does not answer any more."""


def judge(facts: Facts, guests: Sequence[Json], staff: Sequence[Json]) -> Verdict:
    """The verdict on one round.

    Args:
        facts: what databases and topics hold.
        guests: the journal of the guests, in order.
        staff: the journal of the staff, in order.
    """
    verdict = Verdict(
        said=sum(line["what"] == "said" for line in guests)
        + sum(line["what"] == "asked" and line["path"].endswith("/messages") for line in staff),
        acknowledged=sum(line["what"] == "acked" for line in guests)
        + sum(line["what"] == "done" and line["path"].endswith("/messages") for line in staff),
        stored=sum(message.sender in ("guest", "staff") for message in facts.messages),
        turns=len(facts.turns),
        answered=sum(turn.state == "answered" for turn in facts.turns),
        handed_over=sum(turn.state == "handed_over" for turn in facts.turns),
        dropped=sum(turn.state == "dropped" for turn in facts.turns),
        events=len(facts.events),
    )
    _messages(verdict, facts, guests, staff)
    _commands(verdict, facts, staff)
    _events(verdict, facts)
    _topics(verdict, facts)
    _turns(verdict, facts)
    _escalations(verdict, facts)
    _leftovers(verdict, facts)
    watching.guests_saw(verdict, facts, guests)
    watching.staff_saw(verdict, facts, staff)
    return verdict


def _messages(verdict: Verdict, facts: Facts, guests: Sequence[Json], staff: Sequence[Json]) -> None:
    """Acknowledged means stored, once, where it was said to be; and nothing is stored that nobody said."""
    at = {(message.conversation, message.id): message.seq for message in facts.messages}
    for line in guests:
        if line["what"] != "acked":
            continue
        seq = at.get((line["conversation"], line["id"]))
        if seq is None:
            verdict.add(Defect.LOST, [f"message {line['id']} was acknowledged to {line['who']} and is not stored"])
        elif seq != line["seq"]:
            verdict.add(Defect.DISORDER, [f"message {line['id']} was acknowledged as {line['seq']}, stored as {seq}"])
    for line in staff:
        if line["what"] == "done" and line["id"] and (line["conversation"], line["id"]) not in at:
            verdict.add(Defect.LOST, [f"{line['who']}'s message {line['id']} was acknowledged and is not stored"])
    ours = {line["id"] for line in guests if line["what"] == "said"}
    ours |= {line["id"] for line in staff if line["what"] == "asked" and line["id"]}
    stored = Counter(message.id for message in facts.messages)
    verdict.add(Defect.DOUBLED, [f"message {one} is stored {n} times" for one, n in stored.items() if n > 1])
    verdict.add(
        Defect.DOUBLED,
        [
            f"message {m.id} is stored; nobody said it"
            for m in facts.messages
            if m.sender in ("guest", "staff") and m.id not in ours
        ],
    )
    _spoken_in_order(verdict, facts, guests)


def _spoken_in_order(verdict: Verdict, facts: Facts, guests: Sequence[Json]) -> None:
    """A guest's messages stand in the order in which they were said."""
    order = {line["id"]: n for n, line in enumerate(guests) if line["what"] == "said"}
    last: dict[str, int] = {}
    for message in facts.messages:
        if message.id in order:
            if order[message.id] < last.get(message.conversation, -1):
                verdict.add(Defect.DISORDER, [f"message {message.id} is stored after one that was said later"])
            last[message.conversation] = order[message.id]
    seqs: dict[str, list[int]] = defaultdict(list)
    for message in facts.messages:
        seqs[message.conversation].append(message.seq)
    verdict.add(
        Defect.DISORDER,
        [f"the seqs of conversation {c} are {s}" for c, s in seqs.items() if s != list(range(1, len(s) + 1))],
    )


def _commands(verdict: Verdict, facts: Facts, staff: Sequence[Json]) -> None:
    """A command that staff gave once had its effect once, and one that was carried out had it."""
    for verb, kind in (("take-over", "conversation.taken_over"), ("hand-back", "conversation.handed_back")):
        asked = Counter(line["conversation"] for line in staff if _is(line, "asked", verb))
        done = {line["conversation"] for line in staff if _is(line, "done", verb)}
        came = Counter(
            event.key
            for event in facts.events
            if event.kind == kind and (verb == "take-over" or event.payload["by"]["kind"] == "user")
        )
        verdict.add(
            Defect.DOUBLED,
            [f"{verb} of {c} happened {n} times, asked {asked[c]} times" for c, n in came.items() if n > asked[c]],
        )
        if verb == "take-over":
            verdict.add(Defect.LOST, [f"{verb} of {c} was acknowledged and did not happen" for c in done - set(came)])
    over = {escalation.id for escalation in facts.escalations if escalation.is_over}
    for line in staff:
        if _is(line, "done", "resolve") and line["path"].split("/")[-2] not in over:
            verdict.add(Defect.LOST, [f"{line['path']} was acknowledged and did not happen"])


def _is(line: Json, what: str, verb: str) -> bool:
    return line["what"] == what and line["path"].endswith(f"/{verb}")


def _events(verdict: Verdict, facts: Facts) -> None:
    """Every stored thing has its event, every event its thing, once; every event reached everybody it is for."""
    sent = Counter((e.key, e.payload["message_id"]) for e in facts.events if e.kind == "message.sent")
    stored = {(message.conversation, message.id) for message in facts.messages}
    verdict.add(Defect.LOST, [f"message {one} has no event" for c, one in stored if not sent[c, one]])
    verdict.add(Defect.DOUBLED, [f"message {one} has {n} events" for (_, one), n in sent.items() if n > 1])
    verdict.add(
        Defect.LOST,
        [f"an event tells of message {one}, which is not stored" for c, one in sent if (c, one) not in stored],
    )
    told = Counter((e.payload["escalation_id"], e.version) for e in facts.events if e.kind.startswith("escalation."))
    happened = {(entry.escalation, entry.version) for entry in facts.timeline}
    verdict.add(
        Defect.LOST, [f"version {v} of escalation {one} has no event" for one, v in happened if not told[one, v]]
    )
    verdict.add(
        Defect.DOUBLED, [f"version {v} of escalation {one} has {n} events" for (one, v), n in told.items() if n > 1]
    )
    published = {record.id for record in facts.records}
    for event in facts.events:
        if event.id not in published:
            why = "marked as published, " if event.published else "never published, "
            verdict.add(Defect.LOST, [f"{event.kind} {event.id} of {event.service} is {why}not in its topic"])
            continue
        verdict.add(
            Defect.LOST,
            [
                f"{consumer} has not handled {event.kind} {event.id}"
                for consumer in facts.reactions.get(event.type, ())
                if event.id not in facts.handled.get(consumer, ())
            ],
        )
    entries = Counter(facts.audited)
    for event in facts.events:
        if event.kind == "audit.recorded" and event.id in published and entries[event.id] != 1:
            defect = Defect.DOUBLED if entries[event.id] else Defect.LOST
            verdict.add(defect, [f"audit event {event.id} has {entries[event.id]} entries"])


def _topics(verdict: Verdict, facts: Facts) -> None:
    """Nothing is in a topic that was not committed; what came first came in order."""
    known = {event.id for event in facts.events}
    raw = Counter(record.id for record in facts.records)
    verdict.repeats["in topics"] += sum(n - 1 for n in raw.values())
    verdict.add(
        Defect.LOST,
        [f"{r.type} {r.id} is in a topic and was never committed" for r in facts.records if r.id not in known],
    )
    seen: set[str] = set()
    newest: dict[tuple[str, str], int] = {}
    for record in sorted(facts.records, key=lambda r: (r.topic, r.partition, r.offset)):
        if record.id in seen or record.version is None:
            continue
        seen.add(record.id)
        if record.version <= newest.get((record.topic, record.key), 0):
            verdict.add(
                Defect.DISORDER,
                [
                    f"{record.type} of {record.key} has version {record.version} after {newest[record.topic, record.key]}"
                ],
            )
        newest[record.topic, record.key] = record.version
    committed: dict[tuple[str, str, str], int] = {}
    for event in facts.events:
        key = (event.service, event.topic, event.key)
        if event.version is not None:
            if event.version <= committed.get(key, 0):
                verdict.add(Defect.DISORDER, [f"{event.kind} of {event.key} was committed after a later version"])
            committed[key] = event.version


def _turns(verdict: Verdict, facts: Facts) -> None:
    """Every turn is answered once, or handed over, or was silenced; every message the AI should answer has a turn."""
    replies = Counter(message.turn for message in facts.messages if message.sender == "ai" and message.turn)
    told = Counter(
        event.payload["turn_id"] for event in facts.events if event.kind in ("turn.answered", "turn.handed_over")
    )
    of_conversation: dict[str, list[Event]] = defaultdict(list)
    for event in facts.events:
        if event.topic == "frontdesk.conversation.conversation.v1":
            of_conversation[event.key].append(event)
    for turn in facts.turns:
        match turn.state:
            case "open":
                verdict.add(Defect.ORPHAN, [f"turn {turn.id} is still open"])
            case "dropped":
                if not any(e.kind in SILENCED for e in of_conversation[turn.conversation]):
                    verdict.add(Defect.LOST, [f"turn {turn.id} was dropped and nobody had asked for silence"])
            case _:
                if replies[turn.id] != 1 or told[turn.id] != 1:
                    defect = Defect.DOUBLED if max(replies[turn.id], told[turn.id]) > 1 else Defect.LOST
                    verdict.add(defect, [f"turn {turn.id} has {replies[turn.id]} replies and {told[turn.id]} outcomes"])
    turns = {turn.id for turn in facts.turns}
    with_turn = {message.id for message in facts.messages if message.turn in turns}
    for events in of_conversation.values():
        owner = ""
        for event in sorted(events, key=lambda e: e.version or 0):
            owner = MOVES.get(event.kind, owner)
            if event.kind == "message.sent" and event.payload["sender"]["kind"] == "guest" and owner == "ai":
                message_id = event.payload["message_id"]
                if message_id not in with_turn:
                    verdict.add(Defect.LOST, [f"message {message_id} was the AI's to answer and has no turn"])


def _escalations(verdict: Verdict, facts: Facts) -> None:
    """One open escalation at most for a conversation, and one exactly when it waits or is with staff for that reason."""
    going_on = Counter(e.conversation for e in facts.escalations if not e.is_over)
    verdict.add(Defect.DOUBLED, [f"conversation {c} has {n} open escalations" for c, n in going_on.items() if n > 1])
    because = Counter((entry.because, entry.what) for entry in facts.timeline if entry.because)
    verdict.add(Defect.DOUBLED, [f"event {one} {what} twice" for (one, what), n in because.items() if n > 1])
    acted_on = {entry.because for entry in facts.timeline}
    verdict.add(
        Defect.LOST,
        [
            f"the hand-over {event.id} of {event.key} led to no escalation"
            for event in facts.events
            if event.kind == "turn.handed_over" and event.id not in acted_on
        ],
    )
    for conversation in facts.conversations:
        if conversation.status == "waiting_for_staff" and not going_on[conversation.id]:
            verdict.add(Defect.ORPHAN, [f"conversation {conversation.id} waits and has no escalation"])
        if conversation.status in ("open", "ended") and going_on[conversation.id]:
            verdict.add(
                Defect.ORPHAN, [f"conversation {conversation.id} is {conversation.status}, its escalation is not over"]
            )


def _leftovers(verdict: Verdict, facts: Facts) -> None:
    """Nothing is left behind: leases, due things, locks, dead letters."""
    open_turns = {turn.id for turn in facts.turns if turn.state == "open"}
    for due in facts.due:
        if due.lease_is_past:
            verdict.add(Defect.ORPHAN, [f"{due.kind} {due.object} of {due.service} has a lease that has run out"])
        elif due.kind == "turn" and due.object not in open_turns:
            verdict.add(Defect.ORPHAN, [f"turn {due.object} is due and not open"])
    verdict.add(Defect.ORPHAN, [f"{n} sessions hold the lock {lock}" for lock, n in facts.locks.items() if n != 1])
    verdict.add(Defect.DEAD, [f"{n} dead letters of {topic}" for topic, n in facts.dead.items()])
    verdict.add(Defect.ORPHAN, [f"not quiet in time: {what}" for what in facts.unquiet])
