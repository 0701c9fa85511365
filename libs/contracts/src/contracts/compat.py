"""Whether what is in the code can live beside what was released: `python -m contracts.compat`; exit code 1 on a break.

Two versions run at once, and compacted topics keep old events for years. So within a version of an event type

- a new reader must accept every event an old producer wrote, and
- a reader that was released before must accept every event a new producer writes. It ignores types and fields that it
  does not know, and nothing else.

So adding is allowed (an event, a topic, a field that may be missing), and everything below is a break, in whichever
direction it goes: a constraint that is widened is refused by old readers, one that is narrowed refuses old events.
The way out of a break is a new version of the type (`version=2`), published beside the old one until nobody reads it.

Enum members: adding one is a break too, because an old reader refuses the event and it ends on the dead-letter topic;
unless the field is marked `known_only`, which makes readers leave out members they do not know. Removing a member is
a break where old events may hold it, and harmless where readers leave it out. States and actions, that code acts on,
stay closed.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from contracts import generated
from contracts.event import OPEN_ENUM, PERSONAL
from contracts.shapes import event_schemas
from contracts.topics import TOPICS

RELEASED = generated.PACKAGE / "released"
MANIFEST = "manifest.json"

Schema = dict[str, Any]  # Any: JSON

_CONSTRAINTS = (
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "const"),
    *("minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties", "propertyNames", "patternProperties", "additionalProperties"),
)
_NESTED = ("additionalProperties",)
"""Compared by what is in them."""
_TOPIC_TRAITS = ("owner", "key", "partitions", "compacted")
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class Kind(StrEnum):
    """What kind of break."""

    EVENT_REMOVED = "event removed"
    TOPIC_REMOVED = "topic removed"
    TOPIC_CHANGED = "topic changed"
    MOVED = "event moved to another topic"
    KEY_CHANGED = "key changed"
    FIELD_REMOVED = "field removed"
    FIELD_RETYPED = "field has another type"
    NEWLY_REQUIRED = "field is required, and old events may lack it"
    NO_LONGER_REQUIRED = "field may be missing, and old readers need it"
    CONSTRAINT_CHANGED = "constraint changed"
    ENUM_MEMBER_REMOVED = "enum member removed, and old events may hold it"
    ENUM_MEMBER_ADDED = "enum member added, and old readers refuse it"
    PERSONAL_MARK_CHANGED = "personal mark changed"


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that cannot live beside the release: the event type or topic, the field in it, and what happened."""

    where: str
    field: str
    kind: Kind
    detail: str = ""

    def __str__(self) -> str:
        place = f"{self.where} {self.field}".rstrip()
        return f"{place}: {self.kind.value}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True, slots=True)
class Contracts:
    """Topics by name with their traits, and event schemas by type, as they were or are."""

    topics: dict[str, Schema]
    events: dict[str, Schema]


def current() -> Contracts:
    """What the code says."""
    return Contracts({topic.name: asdict(topic) for topic in TOPICS}, event_schemas())


def versions(released: Path = RELEASED) -> list[str]:
    """The released versions, oldest first."""
    found = [path.parent.name for path in released.glob(f"*/{MANIFEST}") if _VERSION.fullmatch(path.parent.name)]
    return sorted(found, key=numbers)


def numbers(version: str) -> tuple[int, ...]:
    """The parts of a version, for ordering: 0.10.0 comes after 0.9.0."""
    return tuple(int(part) for part in version.split("."))


def load(version: str, released: Path = RELEASED) -> Contracts:
    """What was released as `version`."""
    folder = released / version
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    schemas = {
        name: json.loads((folder / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
        for name in manifest["events"]
    }
    return Contracts(manifest["topics"], schemas)


def breaks(old: Contracts, new: Contracts) -> list[Break]:
    """Everything in `new` that cannot live beside `old`."""
    return [*_topic_breaks(old, new), *_event_breaks(old, new)]


def _topic_breaks(old: Contracts, new: Contracts) -> Iterator[Break]:
    for name, before in old.topics.items():
        after = new.topics.get(name)
        if after is None:
            yield Break(name, "", Kind.TOPIC_REMOVED)
            continue
        for trait in _TOPIC_TRAITS:
            if before[trait] != after[trait]:
                yield Break(name, trait, Kind.TOPIC_CHANGED, f"{before[trait]} -> {after[trait]}")
        if before["personal"] != after["personal"]:
            yield Break(name, "personal", Kind.PERSONAL_MARK_CHANGED)


def _event_breaks(old: Contracts, new: Contracts) -> Iterator[Break]:
    for name, before in old.events.items():
        after = new.events.get(name)
        if after is None:
            yield Break(name, "", Kind.EVENT_REMOVED)
            continue
        if before["x-topic"] != after["x-topic"]:
            yield Break(name, "", Kind.MOVED, f"{before['x-topic']} -> {after['x-topic']}")
        if before["x-key"] != after["x-key"]:
            yield Break(name, "", Kind.KEY_CHANGED, f"{before['x-key']} -> {after['x-key']}")
        yield from _Comparison(name, before, after).object("", before, after)


class _Comparison:
    """Compares two schemas of one event, following references in each."""

    def __init__(self, type: str, old: Schema, new: Schema) -> None:
        self.type = type
        self.old = old.get("$defs", {})
        self.new = new.get("$defs", {})

    def object(self, at: str, old: Schema, new: Schema) -> Iterator[Break]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name, field in before.items():
            path = f"{at}.{name}" if at else name
            if name not in after:
                yield Break(self.type, path, Kind.FIELD_REMOVED)
                continue
            if name in needs - needed:
                yield Break(self.type, path, Kind.NEWLY_REQUIRED)
            if name in needed - needs:
                yield Break(self.type, path, Kind.NO_LONGER_REQUIRED)
            yield from self.value(path, field, after[name])
        for name in after:
            if name not in before and name in needs:
                yield Break(self.type, f"{at}.{name}" if at else name, Kind.NEWLY_REQUIRED)

    def value(self, at: str, old: Schema, new: Schema, *, open_enum: bool = False) -> Iterator[Break]:
        before, after = _resolved(old, self.old), _resolved(new, self.new)
        open_enum = open_enum or bool(before.get(OPEN_ENUM) and after.get(OPEN_ENUM))
        if bool(before.get(PERSONAL)) != bool(after.get(PERSONAL)):
            yield Break(self.type, at, Kind.PERSONAL_MARK_CHANGED)
        if _shape(before, self.old) != _shape(after, self.new):
            yield Break(self.type, at, Kind.FIELD_RETYPED, f"{_shape(before, self.old)} -> {_shape(after, self.new)}")
            return
        for name in _CONSTRAINTS:
            if isinstance(before.get(name), dict) and isinstance(after.get(name), dict) and name in _NESTED:
                continue
            if before.get(name) != after.get(name):
                detail = f"{name}: {before.get(name, 'none')} -> {after.get(name, 'none')}"
                yield Break(self.type, at, Kind.CONSTRAINT_CHANGED, detail)
        yield from self.members(at, before, after, open_enum=open_enum)
        if before.get("type") == "object":
            yield from self.object(at, before, after)
        for suffix, one, other in self.parts(before, after):
            yield from self.value(f"{at}{suffix}", one, other, open_enum=open_enum)

    def members(self, at: str, old: Schema, new: Schema, *, open_enum: bool) -> Iterator[Break]:
        if ("enum" in old) != ("enum" in new):
            yield Break(self.type, at, Kind.CONSTRAINT_CHANGED, "enum: " + ("removed" if "enum" in old else "added"))
            return
        before, after = set(old.get("enum", ())), set(new.get("enum", ()))
        if open_enum:
            return
        for member in sorted(before - after, key=str):
            yield Break(self.type, at, Kind.ENUM_MEMBER_REMOVED, str(member))
        for member in sorted(after - before, key=str):
            yield Break(self.type, at, Kind.ENUM_MEMBER_ADDED, str(member))

    def parts(self, old: Schema, new: Schema) -> Iterator[tuple[str, Schema, Schema]]:
        """The schemas inside, side by side, with what they add to the path; the shapes are known to agree."""
        for name, suffix in (("items", "[]"), ("additionalProperties", "{}")):
            if isinstance(old.get(name), dict):
                yield suffix, old[name], new[name]
        for n, (before, after) in enumerate(zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=True)):
            yield f"[{n}]", before, after
        for name in ("anyOf", "oneOf", "allOf"):
            before = sorted(old.get(name, ()), key=lambda part: _shape(part, self.old))
            after = sorted(new.get(name, ()), key=lambda part: _shape(part, self.new))
            yield from (("", *pair) for pair in zip(before, after, strict=True))


def _resolved(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """`schema` with its reference followed; what stands beside the reference stays."""
    while "$ref" in schema:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**definitions[schema["$ref"].removeprefix("#/$defs/")], **beside}
    return schema


def _shape(schema: Schema, definitions: dict[str, Schema]) -> str:
    """The type in short, without constraints: `string(uuid)`, `array[string]`, `object`, `null | string`."""
    schema = _resolved(schema, definitions)
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            joint = " & " if name == "allOf" else " | "
            return joint.join(sorted(_shape(part, definitions) for part in schema[name]))
    kind = str(schema.get("type", "any"))
    if "format" in schema:
        kind = f"{kind}({schema['format']})"
    if "prefixItems" in schema:
        return f"{kind}[{', '.join(_shape(part, definitions) for part in schema['prefixItems'])}]"
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            return f"{kind}[{_shape(schema[name], definitions)}]"
    return kind


def main(released: Path = RELEASED) -> int:
    """Compares the code with the newest release, and says so."""
    known = versions(released)
    if not known:
        sys.stdout.write("nothing is released yet: everything may still change\n")
        return 0
    found = breaks(load(known[-1], released), current())
    for one in found:
        sys.stdout.write(f"{one}\n")
    if found:
        sys.stdout.write(f"{len(found)} breaks since {known[-1]}; a break is a new version of the type\n")
        return 1
    sys.stdout.write(f"compatible with {known[-1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
