"""The counting sees each defect that it claims to see, and nothing where nothing is."""

from dataclasses import replace

from chaos.counting import judge
from chaos.facts import Due, Entry, Escalation, Message, Turn
from chaos.samples import CREATED, HANDED_OVER, Story, a_quiet_round, sent
from chaos.verdict import Defect


def findings(told: Story) -> list[tuple[Defect, str]]:
    """What the judge found."""
    return judge(told.facts, told.guests, told.staff).findings


def kinds(told: Story) -> set[Defect]:
    """The kinds of findings."""
    return {kind for kind, _ in findings(told)}


def test_a_quiet_round_is_clean() -> None:
    told = a_quiet_round()
    verdict = judge(told.facts, told.guests, told.staff)
    assert verdict.findings == []
    assert (verdict.said, verdict.acknowledged, verdict.stored) == (2, 2, 2)
    assert (verdict.turns, verdict.answered, verdict.handed_over) == (2, 1, 1)


# Lost


def test_an_acknowledged_message_that_is_not_stored_is_lost() -> None:
    told = a_quiet_round()
    told.facts.messages = [message for message in told.facts.messages if message.id != "m3"]
    assert (Defect.LOST, "message m3 was acknowledged to g0 and is not stored") in findings(told)


def test_an_unacknowledged_message_that_is_not_stored_is_not_lost() -> None:
    told = a_quiet_round()
    told.guests.append({"t": 0.0, "who": "g0", "what": "said", "conversation": "c", "id": "m9"})
    assert findings(told) == []


def test_a_reply_of_staff_that_was_acknowledged_and_is_not_stored_is_lost() -> None:
    told = a_quiet_round()
    path = "/conversations/c/messages"
    told.staff.append({"t": 0.0, "who": "sam", "what": "asked", "path": path, "conversation": "c", "id": "s1"})
    told.staff.append({"t": 0.0, "who": "sam", "what": "done", "path": path, "conversation": "c", "id": "s1"})
    assert kinds(told) == {Defect.LOST}


def test_a_command_that_was_acknowledged_and_did_not_happen_is_lost() -> None:
    told = a_quiet_round()
    path = "/conversations/c/take-over"
    told.staff.append({"t": 0.0, "who": "sam", "what": "asked", "path": path, "conversation": "c", "id": None})
    told.staff.append({"t": 0.0, "who": "sam", "what": "done", "path": path, "conversation": "c", "id": None})
    assert findings(told) == [(Defect.LOST, "take-over of c was acknowledged and did not happen")]


def test_a_stored_message_without_an_event_is_lost_to_the_others() -> None:
    told = a_quiet_round()
    told.facts.events = [event for event in told.facts.events if event.payload.get("message_id") != "m2"]
    assert (Defect.LOST, "message m2 has no event") in findings(told)


def test_an_event_that_never_came_to_its_topic_is_lost() -> None:
    told = a_quiet_round()
    told.facts.records = [record for record in told.facts.records if record.type != CREATED]
    assert [kind for kind, sentence in findings(told) if "not in its topic" in sentence] == [Defect.LOST]


def test_an_event_in_a_topic_that_was_never_committed_is_found() -> None:
    told = a_quiet_round()
    told.facts.records.append(replace(told.facts.records[-1], id="phantom", offset=99, version=None))
    assert [sentence for _, sentence in findings(told)] == [
        "frontdesk.audit.recorded.v1 phantom is in a topic and was never committed"
    ]


def test_an_event_that_a_service_has_not_handled_is_lost() -> None:
    told = a_quiet_round()
    told.facts.handled["escalation.on_turn_handed_over"].clear()
    assert kinds(told) == {Defect.LOST}


def test_a_hand_over_without_an_escalation_is_lost() -> None:
    told = a_quiet_round()
    told.facts.timeline = [Entry("e", 1, "created", None)]
    assert [sentence for _, sentence in findings(told)] == ["the hand-over c-7 of c led to no escalation"]


def test_an_audit_event_without_an_entry_is_lost() -> None:
    told = a_quiet_round()
    told.facts.audited.clear()
    assert kinds(told) == {Defect.LOST}


def test_a_message_that_a_connected_guest_never_saw_is_lost() -> None:
    told = a_quiet_round()
    told.guests = [line for line in told.guests if not (line["what"] == "saw" and line["seq"] == 4)]
    assert findings(told) == [(Defect.LOST, "g0 never saw 4 of c")]


def test_an_event_that_staff_never_saw_is_lost() -> None:
    told = a_quiet_round()
    told.staff = [line for line in told.staff if line.get("type") != HANDED_OVER]
    assert [(kind, sentence[:14]) for kind, sentence in findings(told)] == [(Defect.LOST, "sam never saw ")]


def test_what_a_resync_tells_staff_that_they_missed_is_not_lost() -> None:
    told = a_quiet_round()
    told.staff = [line for line in told.staff if line.get("type") != HANDED_OVER]
    told.staff.append({"t": 1000.0, "who": "sam", "what": "resync", "cursor": "e:1-0"})
    assert findings(told) == []


def test_an_event_of_a_message_that_is_not_stored_is_found() -> None:
    told = a_quiet_round()
    told.event(sent(8, Message("c", 5, "m9", "ai")))
    assert findings(told) == [(Defect.LOST, "an event tells of message m9, which is not stored")]


def test_a_change_of_an_escalation_without_an_event_is_lost_to_the_others() -> None:
    told = a_quiet_round()
    told.facts.timeline.append(Entry("e", 2, "raised", "other"))
    assert findings(told) == [(Defect.LOST, "version 2 of escalation e has no event")]


def test_a_resolution_that_was_acknowledged_and_did_not_happen_is_lost() -> None:
    told = a_quiet_round()
    path = "/escalations/e/resolve"
    told.staff.append({"t": 0.0, "who": "sam", "what": "done", "path": path, "conversation": "c", "id": None})
    assert findings(told) == [(Defect.LOST, "/escalations/e/resolve was acknowledged and did not happen")]


def test_a_guest_who_reads_something_else_than_is_stored_has_lost_something() -> None:
    told = a_quiet_round()
    told.guests.append({"t": 0.0, "who": "g0", "what": "read", "conversation": "c", "messages": [[1, "other"]]})
    assert findings(told) == [(Defect.LOST, "g0 read something else than what c holds")]


def test_a_guest_who_was_shown_what_is_not_stored_has_seen_something_that_was_lost() -> None:
    told = a_quiet_round()
    told.saw(Message("c", 5, "gone", "ai"))
    assert findings(told) == [(Defect.LOST, "g0 saw another message than is stored as 5 of c")]


# Doubled


def test_a_message_that_is_stored_twice_is_doubled() -> None:
    told = a_quiet_round()
    again = Message("c", 5, "m3", "guest", "t2")
    told.facts.messages.append(again)
    told.saw(again)
    assert (Defect.DOUBLED, "message m3 is stored 2 times") in findings(told)


def test_a_message_with_two_events_is_doubled() -> None:
    told = a_quiet_round()
    told.event(sent(8, told.facts.messages[1]))
    assert findings(told) == [(Defect.DOUBLED, "message m2 has 2 events")]


def test_a_change_of_an_escalation_with_two_events_is_doubled() -> None:
    told = a_quiet_round()
    created = next(event for event in told.facts.events if event.type == CREATED)
    told.event(replace(created, id="again"))
    assert (Defect.DOUBLED, "version 1 of escalation e has 2 events") in findings(told)


def test_two_messages_under_one_number_are_doubled() -> None:
    told = a_quiet_round()
    told.saw(Message("c", 4, "other", "ai"))
    assert (Defect.DOUBLED, "g0 saw two messages as 4 of c") in findings(told)


def test_a_message_that_nobody_said_is_found() -> None:
    told = a_quiet_round()
    stranger = Message("c", 5, "x", "guest")
    told.facts.messages.append(stranger)
    told.event(sent(8, stranger))
    told.saw(stranger)
    assert [sentence for _, sentence in findings(told)] == ["message x is stored; nobody said it"]


def test_two_answers_to_one_turn_are_doubled() -> None:
    told = a_quiet_round()
    second = Message("c", 5, "m5", "ai", "t1")
    told.facts.messages.append(second)
    told.event(sent(8, second))
    told.saw(second)
    assert findings(told) == [(Defect.DOUBLED, "turn t1 has 2 replies and 1 outcomes")]


def test_two_open_escalations_of_a_conversation_are_doubled() -> None:
    told = a_quiet_round()
    told.facts.escalations.append(Escalation("e2", "c", "open"))
    assert findings(told) == [(Defect.DOUBLED, "conversation c has 2 open escalations")]


def test_a_reaction_that_had_its_effect_twice_is_doubled() -> None:
    told = a_quiet_round()
    told.facts.timeline.append(Entry("e0", 1, "created", told.facts.timeline[0].because))
    assert (Defect.DOUBLED, "event c-7 created twice") in findings(told)


def test_a_command_that_was_given_once_and_happened_twice_is_doubled() -> None:
    told = a_quiet_round()
    path = "/conversations/c/take-over"
    told.staff.append({"t": 0.0, "who": "sam", "what": "asked", "path": path, "conversation": "c", "id": None})
    for version in (8, 9):
        taken = sent(version, Message("c", 0, "-", "staff"))
        told.event(replace(taken, type="frontdesk.conversation.taken_over.v1", payload={"version": version}))
    assert findings(told) == [(Defect.DOUBLED, "take-over of c happened 2 times, asked 1 times")]


def test_a_message_that_a_guest_saw_under_two_numbers_is_doubled() -> None:
    told = a_quiet_round()
    told.saw(Message("c", 5, "m4", "ai"))
    assert Defect.DOUBLED in kinds(told)


def test_a_record_that_came_twice_is_counted_apart_and_no_defect() -> None:
    told = a_quiet_round()
    told.facts.records.append(replace(told.facts.records[0], offset=99))
    verdict = judge(told.facts, told.guests, told.staff)
    assert verdict.is_clean
    assert verdict.repeats["in topics"] == 1


def test_a_frame_that_came_again_after_a_reconnect_is_counted_apart_and_no_defect() -> None:
    told = a_quiet_round()
    told.saw(Message("c", 4, "m4", "ai", "t2"))
    verdict = judge(told.facts, told.guests, told.staff)
    assert verdict.is_clean
    assert verdict.repeats["at guests"] == 1


# Out of order


def test_a_guest_who_sees_a_later_message_first_sees_disorder() -> None:
    told = a_quiet_round()
    seen = [line for line in told.guests if line["what"] == "saw"]
    a, b = told.guests.index(seen[1]), told.guests.index(seen[2])
    told.guests[a], told.guests[b] = told.guests[b], told.guests[a]
    assert Defect.DISORDER in kinds(told)


def test_messages_that_are_stored_in_another_order_than_said_are_disorder() -> None:
    told = a_quiet_round()
    said = [line for line in told.guests if line["what"] == "said"]
    a, b = told.guests.index(said[0]), told.guests.index(said[1])
    told.guests[a], told.guests[b] = told.guests[b], told.guests[a]
    assert kinds(told) == {Defect.DISORDER}


def test_a_gap_in_the_numbers_of_a_conversation_is_disorder() -> None:
    told = a_quiet_round()
    told.facts.messages[-1] = replace(told.facts.messages[-1], seq=6)
    assert Defect.DISORDER in kinds(told)


def test_a_topic_in_which_a_version_goes_backwards_is_disorder() -> None:
    told = a_quiet_round()
    first, second, *rest = told.facts.records
    told.facts.records = [replace(second, offset=0), replace(first, offset=1), *rest]
    assert kinds(told) == {Defect.DISORDER}


def test_a_late_repeat_of_an_early_record_is_no_disorder() -> None:
    told = a_quiet_round()
    told.facts.records.append(replace(told.facts.records[0], offset=99))
    assert findings(told) == []


def test_a_message_that_was_acknowledged_under_another_number_is_disorder() -> None:
    told = a_quiet_round()
    acked = next(line for line in told.guests if line["what"] == "acked" and line["id"] == "m3")
    acked["seq"] = 2
    assert findings(told) == [(Defect.DISORDER, "message m3 was acknowledged as 2, stored as 3")]


def test_a_guest_who_sees_a_gap_that_is_filled_later_sees_disorder_twice() -> None:
    told = a_quiet_round()
    frames = [line for line in told.guests if line["what"] == "saw"]
    told.guests = [line for line in told.guests if line not in frames[1:]] + [frames[2], frames[1], frames[3]]
    assert [sentence for _, sentence in findings(told)] == ["g0 saw 3 of c after 1", "g0 saw 2 of c after 3"]


def test_versions_that_were_committed_backwards_are_disorder() -> None:
    told = a_quiet_round()
    told.facts.events[0], told.facts.events[1] = told.facts.events[1], told.facts.events[0]
    assert [sentence for _, sentence in findings(told)] == [
        "conversation.started of c was committed after a later version"
    ]


def test_a_stream_on_which_a_version_goes_backwards_is_disorder() -> None:
    told = a_quiet_round()
    seen = [n for n, line in enumerate(told.staff) if line["what"] == "saw"]
    told.staff[seen[0]], told.staff[seen[1]] = told.staff[seen[1]], told.staff[seen[0]]
    assert findings(told) == [(Defect.DISORDER, "sam saw version 1 of c after 2")]


# Left behind


def test_an_open_turn_is_orphaned() -> None:
    told = a_quiet_round()
    told.facts.turns.append(Turn("t3", "c", "open"))
    assert findings(told) == [(Defect.ORPHAN, "turn t3 is still open")]


def test_a_question_without_a_turn_is_lost() -> None:
    told = a_quiet_round()
    told.facts.messages[0] = replace(told.facts.messages[0], turn=None)
    assert findings(told) == [(Defect.LOST, "message m1 was the AI's to answer and has no turn")]


def test_a_turn_that_was_dropped_though_nobody_asked_for_silence_is_lost() -> None:
    told = a_quiet_round()
    told.facts.turns.append(Turn("t3", "c", "dropped"))
    assert kinds(told) == {Defect.LOST}


def test_a_conversation_that_waits_without_an_escalation_is_orphaned() -> None:
    told = a_quiet_round()
    told.facts.escalations = [Escalation("e", "c", "resolved")]
    assert findings(told) == [(Defect.ORPHAN, "conversation c waits and has no escalation")]


def test_an_escalation_whose_conversation_the_ai_has_again_is_orphaned() -> None:
    told = a_quiet_round()
    told.facts.conversations = [replace(told.facts.conversations[0], status="open")]
    assert kinds(told) == {Defect.ORPHAN}


def test_a_lease_that_ran_out_and_a_due_thing_of_nothing_are_orphaned() -> None:
    told = a_quiet_round()
    told.facts.due = [
        Due("conversation", "reminder", "r", lease_is_past=True),
        Due("conversation", "turn", "t1", False),
    ]
    assert [kind for kind, _ in findings(told)] == [Defect.ORPHAN, Defect.ORPHAN]


def test_a_lock_that_nobody_or_two_hold_is_found() -> None:
    told = a_quiet_round()
    told.facts.locks = {"conversation relay": 2}
    assert (Defect.ORPHAN, "2 sessions hold the lock conversation relay") in findings(told)


def test_a_dead_letter_is_found() -> None:
    told = a_quiet_round()
    told.facts.dead = {"frontdesk.escalation.escalation.v1.dlq": 1}
    assert kinds(told) == {Defect.DEAD}


def test_what_was_still_going_on_when_waiting_ended_is_found() -> None:
    told = a_quiet_round()
    told.facts.unquiet = ["3 events in conversation's outbox"]
    assert kinds(told) == {Defect.ORPHAN}


# Hotels


def test_an_event_of_another_hotel_on_the_stream_is_a_leak() -> None:
    told = a_quiet_round()
    told.staff[-1] = {**told.staff[-1], "hotel": "elsewhere"}
    assert kinds(told) == {Defect.LEAKED}


def test_a_message_of_another_conversation_on_a_guests_line_is_a_leak() -> None:
    told = a_quiet_round()
    told.guests.append({**told.guests[-1], "what": "saw", "of": "d", "id": "x", "seq": 1, "sender": "guest"})
    assert kinds(told) == {Defect.LEAKED}
