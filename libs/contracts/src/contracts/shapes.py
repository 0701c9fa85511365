"""The shape of every event as JSON Schema (2020-12): what a reader of it accepts."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

import contracts.events
from contracts.event import Event, Fact, event_types

Schema = dict[str, Any]  # Any: JSON


class Untitled(GenerateJsonSchema):
    """Leaves out the titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  # Any: one of pydantic_core's many
        return False


def model_schema(model: type[Fact], ref_template: str = "#/$defs/{model}") -> Schema:
    """What a reader of `model` accepts."""
    return model.model_json_schema(mode="validation", schema_generator=Untitled, ref_template=ref_template)


def event_schema(event: type[Event]) -> Schema:
    """The schema of an event, with its topic and the field its key is taken from."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:frontdesk:event:{event.TYPE}",
        "x-topic": event.TOPIC.name,
        "x-key": event.KEY or "event id",
        **model_schema(event),
    }


def events() -> list[type[Event]]:
    """Every event of this package, by type in order. What tests define for themselves is not among them."""
    ours = f"{contracts.events.__name__}."
    return [event for _, event in sorted(event_types().items()) if event.__module__.startswith(ours)]


def event_schemas() -> dict[str, Schema]:
    """The schema of every event, by type, in order."""
    return {event.TYPE: event_schema(event) for event in events()}
