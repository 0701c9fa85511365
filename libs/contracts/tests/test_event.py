"""What holds for every event of this package."""

import re
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import pytest
from pydantic import ValidationError

from contracts import topics
from contracts.event import Event, Fact, event_types, known_only
from contracts.events import EscalationCreated, MessageSent
from contracts.shapes import events
from contracts.topics import TOPICS, topic_by_name

every_event = pytest.mark.parametrize("event", events(), ids=lambda event: event.TYPE)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Palette(Fact):
    colours: Annotated[tuple[Colour, ...], *known_only(Colour)]


@every_event
def test_the_type_is_in_the_past_tense_of_our_words_and_found_again(event: type[Event]) -> None:
    assert re.fullmatch(r"frontdesk\.[a-z]+\.[a-z_]+\.v1", event.TYPE)
    assert event_types()[event.TYPE] is event
    assert event.TOPIC in TOPICS


@every_event
def test_the_key_is_a_field_that_is_always_there(event: type[Event]) -> None:
    if event.KEY is None:
        assert event.TOPIC.key == "event id"
    else:
        assert event.model_fields[event.KEY].is_required()


@every_event
def test_an_event_of_an_aggregate_carries_its_version(event: type[Event]) -> None:
    assert event.KEY is None or event.model_fields["version"].is_required()


@every_event
def test_events_say_in_a_sentence_what_happened(event: type[Event]) -> None:
    assert (event.__doc__ or "").strip().endswith(".")


def test_events_of_one_topic_are_keyed_by_the_same_field() -> None:
    for topic in TOPICS:
        assert len({event.KEY for event in events() if event.TOPIC is topic}) == 1


def test_topics_are_named_once_and_found_by_name() -> None:
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)
    assert all(topic_by_name(topic.name) is topic for topic in TOPICS)
    with pytest.raises(KeyError):
        topic_by_name("frontdesk.nothing.v1")


def test_directories_are_kept_and_the_rest_passes() -> None:
    for topic in TOPICS:
        config = topic.config()
        assert (config["cleanup.policy"] == "compact") == topic.compacted == (config["retention.ms"] == "-1")
        assert ("max.compaction.lag.ms" in config) == topic.compacted


def test_two_events_cannot_have_one_type() -> None:
    with pytest.raises(TypeError, match="two events"):

        class Again(Event, type="message.sent", topic=topics.CONVERSATIONS):  # pyright: ignore[reportUnusedClass] - refused
            pass


def test_an_event_names_its_topic() -> None:
    with pytest.raises(TypeError, match="no topic"):

        class Nowhere(Event, type="test.nowhere"):  # pyright: ignore[reportUnusedClass] - refused
            pass


def test_readers_ignore_fields_that_they_do_not_know() -> None:
    assert Palette.model_validate_json('{"colours": ["red"], "frame": "oak"}') == Palette(colours=(Colour.RED,))


def test_readers_leave_out_members_that_they_do_not_know_where_the_field_says_so() -> None:
    assert Palette.model_validate_json('{"colours": ["red", "green", "blue"]}').colours == (Colour.RED, Colour.BLUE)
    assert Palette.model_validate({"colours": ["green"]}).colours == ()
    with pytest.raises(ValidationError):
        Palette.model_validate_json('{"colours": [3]}')
    with pytest.raises(ValidationError):
        Palette.model_validate_json('{"colours": "red"}')


def test_an_escalation_for_a_reason_of_tomorrow_is_still_an_escalation() -> None:
    some = "01900000-0000-7000-8000-000000000001"
    event = EscalationCreated.model_validate(
        {
            **{
                "escalation_id": some,
                "conversation_id": some,
                "guest_id": some,
                "version": 1,
                "conversation_version": 1,
            },
            **{"reasons": ["upset", "moon_phase"], "priority": 2, "status": "open"},
        }
    )
    assert [reason.value for reason in event.reasons] == ["upset"]


def test_an_event_does_not_change_and_refuses_a_time_without_a_zone() -> None:
    some = UUID("01900000-0000-7000-8000-000000000001")
    fields = {
        **{"conversation_id": some, "message_id": some, "guest_id": some, "seq": 1, "version": 1},
        **{"sender": {"kind": "guest", "id": some}, "sent_at": "2026-06-01T12:00:00Z"},
    }
    event = MessageSent.model_validate(fields)
    assert event.key(some) == str(some)
    with pytest.raises(ValidationError):
        event.seq = 2  # pyright: ignore[reportAttributeAccessIssue] - that is the point
    with pytest.raises(ValidationError):
        MessageSent.model_validate({**fields, "sent_at": "2026-06-01T12:00:00"})
