"""The AsyncAPI 3.0 document: every topic as a channel, every event as a message, and who sends what."""

from typing import Any

from contracts import generated
from contracts.envelope import CONTENT_TYPE, SPEC_VERSION
from contracts.event import Event
from contracts.shapes import events, model_schema
from contracts.topics import TOPICS, Topic

Json = dict[str, Any]  # Any: JSON

BINDING = "0.5.0"
_TEXT: Json = {"type": "string", "minLength": 1}
_UUID: Json = {"type": "string", "format": "uuid"}


def asyncapi() -> Json:
    """The document, ready to be written as JSON."""
    all_events = events()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "AI front desk events",
            "version": generated.package_version(),
            "description": (
                "CloudEvents 1.0 over Kafka, binary mode: attributes in `ce_` headers, the event as JSON body. "
                "Delivered at least once, in order per key; `ce_id` is the de-duplication key. Readers ignore types "
                "and fields they do not know. Each topic has a dead-letter topic, its name with `.dlq` appended."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic, _of(topic, all_events)) for topic in TOPICS},
        "operations": {_operation_name(topic): _operation(topic, _of(topic, all_events)) for topic in TOPICS},
        "components": {
            "messages": {event.TYPE: _message(event) for event in all_events},
            "schemas": _schemas(all_events),
        },
    }


def _of(topic: Topic, all_events: list[type[Event]]) -> list[type[Event]]:
    return [event for event in all_events if event.TOPIC is topic]


def _channel(topic: Topic, carried: list[type[Event]]) -> Json:
    config: Json = dict(topic.config())
    config["cleanup.policy"] = [config["cleanup.policy"]]
    config["retention.ms"] = int(config["retention.ms"])
    return {
        "address": topic.name,
        "description": (
            f"Keyed by {topic.key}."
            + (" Compacted: full state per key, readable from the start." if topic.compacted else "")
            + (" May carry personal data." if topic.personal else "")
        ),
        "messages": {event.TYPE: {"$ref": f"#/components/messages/{event.TYPE}"} for event in carried},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": config,
                "bindingVersion": BINDING,
            }
        },
    }


def _operation_name(topic: Topic) -> str:
    owner = "every-service" if topic.owner == "*" else topic.owner
    return f"{owner}.publishes.{topic.name}"


def _operation(topic: Topic, carried: list[type[Event]]) -> Json:
    owner = "every service" if topic.owner == "*" else topic.owner
    return {
        "action": "send",
        "summary": f"Published by {owner}, through its outbox.",
        "tags": [{"name": owner}],
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{event.TYPE}"} for event in carried],
    }


def _message(event: type[Event]) -> Json:
    return {
        "name": event.TYPE,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": CONTENT_TYPE,
        "headers": _headers(event),
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"{event.TOPIC.key} ({event.KEY or 'ce_id'})"},
                "bindingVersion": BINDING,
            }
        },
    }


def _headers(event: type[Event]) -> Json:
    """The CloudEvents attributes as Kafka headers, UTF-8 text."""
    source: Json = {"type": "string", "pattern": "^/frontdesk/[a-z][a-z0-9-]*$"}
    if event.TOPIC.owner != "*":
        source = {"type": "string", "const": f"/frontdesk/{event.TOPIC.owner}"}
    return {
        "type": "object",
        "properties": {
            "ce_specversion": {"type": "string", "const": SPEC_VERSION},
            "ce_id": {**_UUID, "description": "unique per event, UUIDv7"},
            "ce_type": {"type": "string", "const": event.TYPE},
            "ce_source": source,
            "ce_time": {"type": "string", "format": "date-time", "description": "when it happened, UTC"},
            "ce_subject": {**_TEXT, "description": "the record key"},
            "content-type": {"type": "string", "const": CONTENT_TYPE},
            "hotel_id": {**_UUID, "description": "the tenant; missing on events of the whole installation"},
            "traceparent": {**_TEXT, "description": "W3C Trace Context of what caused it"},
        },
        "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject", "content-type"],
    }


def _schemas(all_events: list[type[Event]]) -> Json:
    """Every event's schema and the values inside, side by side, each once."""
    found: Json = {}
    for event in all_events:
        schema = model_schema(event, "#/components/schemas/{model}")
        parts: Json = schema.pop("$defs", {})
        for name, part in {**parts, event.__name__: schema}.items():
            if found.setdefault(name, part) != part:
                raise TypeError(f"two different values of events are called {name}")
    return found
