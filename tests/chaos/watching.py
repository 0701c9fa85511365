"""Did who was connected see everything, in order, and only what is theirs? The client's half of the counting. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from chaos.facts import Facts, Json
from chaos.verdict import Defect, Verdict

SLACK_SECONDS = 0.5
"""What came to a topic that long before a `resync` may be among what the resync speaks of."""


def guests_saw(verdict: Verdict, facts: Facts, guests: Sequence[Json]) -> None:
    """Each guest, in each conversation: every message once after de-duplication by seq, without gap or inversion."""
    stored: dict[str, dict[int, str]] = defaultdict(dict)
    for message in facts.messages:
        stored[message.conversation][message.seq] = message.id
    owner: dict[str, str] = {}
    last: dict[str, int] = defaultdict(int)
    shown: dict[str, dict[int, str]] = defaultdict(dict)
    for line in guests:
        match line["what"]:
            case "began":
                owner[line["conversation"]] = line["who"]
            case "saw":
                conversation, seq, message = line["conversation"], line["seq"], line["id"]
                if line["of"] != conversation or owner.get(conversation) != line["who"]:
                    verdict.add(Defect.LEAKED, [f"{line['who']} saw message {message} of conversation {line['of']}"])
                    continue
                known = shown[conversation]
                if seq <= last[conversation]:
                    verdict.repeats["at guests"] += 1
                    if known.get(seq, message) != message:
                        verdict.add(Defect.DOUBLED, [f"{line['who']} saw two messages as {seq} of {conversation}"])
                    if seq not in known:
                        verdict.add(
                            Defect.DISORDER, [f"{line['who']} saw {seq} of {conversation} after {last[conversation]}"]
                        )
                elif seq != last[conversation] + 1:
                    verdict.add(
                        Defect.DISORDER, [f"{line['who']} saw {seq} of {conversation} after {last[conversation]}"]
                    )
                known[seq] = message
                last[conversation] = max(last[conversation], seq)
            case "read":
                expected = [[seq, stored[line["conversation"]].get(seq)] for seq, _ in line["messages"]]
                if line["messages"] != expected:
                    verdict.add(
                        Defect.LOST, [f"{line['who']} read something else than what {line['conversation']} holds"]
                    )
            case _:
                pass
    for conversation, messages in stored.items():
        known, who = shown[conversation], owner.get(conversation, "nobody")
        missing = sorted(seq for seq in messages if seq not in known)
        if missing:
            verdict.add(Defect.LOST, [f"{who} never saw {_spans(missing)} of {conversation}"])
        verdict.add(
            Defect.LOST,
            [
                f"{who} saw another message than is stored as {seq} of {conversation}"
                for seq, shown_id in known.items()
                if messages.get(seq) != shown_id
            ],
        )
        twice = [one for one, n in Counter(known.values()).items() if n > 1]
        verdict.add(Defect.DOUBLED, [f"{who} saw message {one} twice in {conversation}" for one in twice])


def staff_saw(verdict: Verdict, facts: Facts, staff: Sequence[Json]) -> None:
    """Each colleague: every event of their hotel, but for those that a `resync` told them they had missed."""
    hotel: dict[str, str] = {}
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    resynced: dict[str, float] = {}
    newest: dict[tuple[str, str], int] = {}
    for line in staff:
        who = line["who"]
        match line["what"]:
            case "works-at":
                hotel[who] = line["hotel"]
            case "resync":
                verdict.resyncs += 1
                resynced[who] = line["t"]
            case "saw":
                if line["hotel"] != hotel.get(who):
                    verdict.add(Defect.LEAKED, [f"{who} saw {line['type']} of another hotel"])
                seen[who][line["id"]] += 1
                if seen[who][line["id"]] > 1 or line["version"] is None:
                    continue
                key = (who, str(line["escalation"] if ".escalation." in line["type"] else line["conversation"]))
                if line["version"] <= newest.get(key, 0):
                    verdict.add(
                        Defect.DISORDER, [f"{who} saw version {line['version']} of {key[1]} after {newest[key]}"]
                    )
                newest[key] = line["version"]
            case _:
                pass
    verdict.repeats["at staff"] += sum(n - 1 for counts in seen.values() for n in counts.values())
    came = {record.id: record.at for record in reversed(facts.records)}
    for who, where in hotel.items():
        for event in facts.events:
            if event.hotel != where or event.type not in facts.shown or event.id in seen[who]:
                continue
            if came.get(event.id, 0.0) > resynced.get(who, 0.0) + SLACK_SECONDS:
                verdict.add(Defect.LOST, [f"{who} never saw {event.kind} {event.id}"])


def _spans(numbers: Sequence[int]) -> str:
    """`3, 5 to 9` of 3, 5, 6, 7, 8, 9."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join(" to ".join(map(str, span)) for span in spans)
