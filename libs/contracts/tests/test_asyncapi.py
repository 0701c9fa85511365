"""The AsyncAPI document is well-formed as AsyncAPI 3.0 has it, and says what the registry says.

The rules are those of the specification (https://www.asyncapi.com/docs/reference/specification/v3.0.0) for the objects
that the document uses, and of version 0.5.0 of its Kafka bindings.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from contracts.asyncapi import asyncapi
from contracts.shapes import Schema, events
from contracts.topics import TOPICS

DOCUMENT = asyncapi()
ALLOWED = {
    "document": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "info": {"title", "version", "description", "termsOfService", "contact", "license", "tags", "externalDocs"},
    "channel": {
        *("address", "messages", "title", "summary", "description", "servers", "parameters", "tags"),
        *("externalDocs", "bindings"),
    },
    "operation": {
        *("action", "channel", "title", "summary", "description", "security", "tags", "externalDocs", "bindings"),
        *("traits", "messages", "reply"),
    },
    "message": {
        *("headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags"),
        *("externalDocs", "bindings", "examples", "traits"),
    },
}


def references(value: Any) -> Iterator[str]:  # Any: JSON
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


def at(reference: str) -> Any:  # Any: JSON
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_it_has_the_parts_the_specification_asks_for_and_no_others() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"asyncapi", "info"} <= set(DOCUMENT) <= ALLOWED["document"]
    assert {"title", "version"} <= set(DOCUMENT["info"]) <= ALLOWED["info"]
    assert all(set(channel) <= ALLOWED["channel"] for channel in DOCUMENT["channels"].values())
    assert all(set(message) <= ALLOWED["message"] for message in DOCUMENT["components"]["messages"].values())
    for operation in DOCUMENT["operations"].values():
        assert {"action", "channel"} <= set(operation) <= ALLOWED["operation"]
        assert operation["action"] == "send"


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        assert at(reference) is not None


def test_nothing_that_is_described_is_left_without_use() -> None:
    used = set(references(DOCUMENT))
    for kind, parts in DOCUMENT["components"].items():
        assert {f"#/components/{kind}/{name}" for name in parts} <= used


def test_every_operation_sends_messages_of_its_own_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        channel = operation["channel"]["$ref"]
        assert operation["messages"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_channel_is_its_topic(topic: Any) -> None:
    channel: Schema = DOCUMENT["channels"][topic.name]
    kafka = channel["bindings"]["kafka"]
    assert channel["address"] == kafka["topic"] == topic.name
    assert kafka["partitions"] == topic.partitions
    assert kafka["bindingVersion"] == "0.5.0"
    assert kafka["topicConfiguration"]["cleanup.policy"] == (["compact"] if topic.compacted else ["delete"])
    assert kafka["topicConfiguration"]["retention.ms"] == topic.retention_ms
    assert set(channel["messages"]) == {event.TYPE for event in events() if event.TOPIC is topic}
    senders = [name for name, one in DOCUMENT["operations"].items() if one["channel"]["$ref"].endswith(topic.name)]
    owner = "every-service" if topic.owner == "*" else topic.owner
    assert senders == [f"{owner}.publishes.{topic.name}"]


def test_messages_carry_cloudevents_headers_and_their_schema() -> None:
    for event in events():
        message = DOCUMENT["components"]["messages"][event.TYPE]
        headers = message["headers"]
        assert headers["properties"]["ce_type"] == {"type": "string", "const": event.TYPE}
        assert {name for name in headers["properties"] if name.startswith("ce_")} <= set(headers["required"])
        assert set(at(message["payload"]["$ref"])["properties"]) == set(event.model_fields)
        assert message["bindings"]["kafka"]["key"]["type"] == "string"
