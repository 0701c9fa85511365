"""Each kind of break is found and named; what is only added is none."""

import copy
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import Field

from contracts import compat, topics
from contracts.compat import Break, Contracts, Kind, breaks
from contracts.event import Fact, known_only, personal
from contracts.release import release
from contracts.shapes import Schema, model_schema

TYPE = "frontdesk.lamp.lit.v1"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class MoreColour(StrEnum):
    RED = "red"
    BLUE = "blue"
    GREEN = "green"


class Bulb(Fact):
    watts: Annotated[int, Field(ge=0, le=100)]
    maker: Annotated[str, Field(pattern="^[a-z]+$", max_length=20)] | None = None


class Lit(Fact):
    lamp_id: UUID
    colour: Colour
    shades: tuple[Colour, ...] = ()
    guessed: Annotated[tuple[Colour, ...], *known_only(Colour)] = ()
    bulbs: tuple[Bulb, ...] = ()
    by_room: dict[str, Bulb] = Field(default_factory=dict)
    owner: str = personal(default="")
    dimmed: float | None = None


def schema(model: type[Fact]) -> Schema:
    return {"x-topic": topics.HOTELS.name, "x-key": "lamp_id", **model_schema(model)}


def contracts(lit: Schema | None = None, topic: Schema | None = None) -> Contracts:
    return Contracts({topics.HOTELS.name: topic or asdict(topics.HOTELS)}, {TYPE: lit or schema(Lit)})


def changed(change: Callable[[Schema], Any]) -> Contracts:
    lit = copy.deepcopy(schema(Lit))
    change(lit)
    return contracts(lit)


def field(annotation: Any, default: Any = ..., name: str = "colour") -> Contracts:
    """`Lit` with one field replaced or added."""
    body = {"__annotations__": {name: annotation}, "__module__": __name__}
    if default is not ...:
        body[name] = default
    return contracts(schema(type("Lit", (Lit,), body)))


def found(new: Contracts, old: Contracts | None = None) -> set[tuple[str, Kind]]:
    return {(one.field, one.kind) for one in breaks(old or contracts(), new)}


def test_nothing_changed_is_no_break() -> None:
    assert breaks(contracts(), contracts()) == []


@pytest.mark.parametrize(
    "new",
    [
        field(str | None, None, name="mood"),
        field(Annotated[int, Field(ge=3)], 3, name="mood"),
        field(tuple[Bulb, ...], (), name="spares"),
        field(Annotated[tuple[MoreColour, ...], *known_only(MoreColour)], (), name="guessed"),
        changed(lambda lit: lit["$defs"]["Bulb"]["properties"].update(age={"type": "integer"})),
        changed(lambda lit: lit["properties"]["lamp_id"].update(description="other words")),
        changed(lambda lit: lit["$defs"]["Colour"].update(description="other words")),
        Contracts(
            {**contracts().topics, topics.AUDIT.name: asdict(topics.AUDIT)},
            {**contracts().events, "frontdesk.lamp.out.v1": schema(Lit)},
        ),
        contracts(topic={**asdict(topics.HOTELS), "retention_ms": 5}),
    ],
)
def test_what_is_only_added_is_no_break(new: Contracts) -> None:
    assert breaks(contracts(), new) == []


@pytest.mark.parametrize(
    ("new", "at", "kind"),
    [
        (changed(lambda lit: lit["properties"].pop("shades")), "shades", Kind.FIELD_REMOVED),
        (changed(lambda lit: lit["$defs"]["Bulb"]["properties"].pop("maker")), "bulbs[].maker", Kind.FIELD_REMOVED),
        (changed(lambda lit: lit["$defs"]["Bulb"]["properties"].pop("maker")), "by_room{}.maker", Kind.FIELD_REMOVED),
        (field(str, name="lamp_id"), "lamp_id", Kind.FIELD_RETYPED),
        (field(UUID | None, name="lamp_id"), "lamp_id", Kind.FIELD_RETYPED),
        (field(float, 1.0, name="dimmed"), "dimmed", Kind.FIELD_RETYPED),
        (field(tuple[str, ...], (), name="bulbs"), "bulbs", Kind.FIELD_RETYPED),
        (field(str, name="mood"), "mood", Kind.NEWLY_REQUIRED),
        (field(float | None, name="dimmed"), "dimmed", Kind.NEWLY_REQUIRED),
        (changed(lambda lit: lit["$defs"]["Bulb"]["required"].append("maker")), "bulbs[].maker", Kind.NEWLY_REQUIRED),
        (field(Colour, Colour.RED), "colour", Kind.NO_LONGER_REQUIRED),
        (changed(lambda lit: lit["$defs"]["Bulb"]["properties"]["watts"].update(maximum=60)), "bulbs[].watts", Kind.CONSTRAINT_CHANGED),
        (changed(lambda lit: lit["$defs"]["Bulb"]["properties"]["watts"].update(maximum=200)), "bulbs[].watts", Kind.CONSTRAINT_CHANGED),
        (changed(lambda lit: lit["$defs"]["Bulb"]["properties"]["watts"].pop("minimum")), "bulbs[].watts", Kind.CONSTRAINT_CHANGED),
        (
            changed(lambda lit: lit["$defs"]["Bulb"]["properties"]["maker"]["anyOf"][0].update(pattern="^a$")),
            "bulbs[].maker",
            Kind.CONSTRAINT_CHANGED,
        ),
        (
            changed(lambda lit: lit["$defs"]["Bulb"]["properties"]["maker"]["anyOf"][0].update(maxLength=10)),
            "bulbs[].maker",
            Kind.CONSTRAINT_CHANGED,
        ),
        (changed(lambda lit: lit["properties"]["bulbs"].update(minItems=1)), "bulbs", Kind.CONSTRAINT_CHANGED),
        (changed(lambda lit: lit["$defs"]["Bulb"].update(additionalProperties=False)), "bulbs[]", Kind.CONSTRAINT_CHANGED),
        (changed(lambda lit: lit["$defs"]["Colour"].pop("enum")), "colour", Kind.CONSTRAINT_CHANGED),
        (field(MoreColour), "colour", Kind.ENUM_MEMBER_ADDED),
        (field(tuple[MoreColour, ...], (), name="shades"), "shades[]", Kind.ENUM_MEMBER_ADDED),
        (changed(lambda lit: lit["$defs"]["Colour"]["enum"].remove("blue")), "colour", Kind.ENUM_MEMBER_REMOVED),
        (field(str, "", name="owner"), "owner", Kind.PERSONAL_MARK_CHANGED),
        (field(float | None, personal(default=None), name="dimmed"), "dimmed", Kind.PERSONAL_MARK_CHANGED),
        (changed(lambda lit: lit.update({"x-topic": topics.AUDIT.name})), "", Kind.MOVED),
        (changed(lambda lit: lit.update({"x-key": "owner"})), "", Kind.KEY_CHANGED),
        (Contracts(contracts().topics, {}), "", Kind.EVENT_REMOVED),
        (Contracts({}, contracts().events), "", Kind.TOPIC_REMOVED),
        (contracts(topic={**asdict(topics.HOTELS), "partitions": 6}), "partitions", Kind.TOPIC_CHANGED),
        (contracts(topic={**asdict(topics.HOTELS), "key": "slug"}), "key", Kind.TOPIC_CHANGED),
        (contracts(topic={**asdict(topics.HOTELS), "compacted": False}), "compacted", Kind.TOPIC_CHANGED),
        (contracts(topic={**asdict(topics.HOTELS), "personal": True}), "personal", Kind.PERSONAL_MARK_CHANGED),
    ],
)  # fmt: skip
def test_a_break_is_found_and_its_field_named(new: Contracts, at: str, kind: Kind) -> None:
    assert (at, kind) in found(new)


def test_every_kind_of_break_is_shown_above() -> None:
    cases: Any = next(mark for mark in test_a_break_is_found_and_its_field_named.pytestmark)  # type: ignore[attr-defined] # pyright: ignore[reportFunctionMemberAccess] - set by pytest
    assert {kind for _, _, kind in cases.args[1]} == set(Kind)


def test_marking_a_set_as_open_does_not_excuse_the_members_added_with_it() -> None:
    marked = field(Annotated[tuple[MoreColour, ...], *known_only(MoreColour)], (), name="shades")
    assert found(marked) == {("shades[]", Kind.ENUM_MEMBER_ADDED)}


def test_a_break_is_printed_with_type_field_and_what_happened() -> None:
    one = Break(TYPE, "bulbs[].watts", Kind.CONSTRAINT_CHANGED, "maximum: 100 -> 60")
    assert str(one) == "frontdesk.lamp.lit.v1 bulbs[].watts: constraint changed (maximum: 100 -> 60)"


def test_before_the_first_release_everything_may_change(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compat.main(tmp_path) == 0
    assert "nothing is released yet" in capsys.readouterr().out


def test_the_newest_release_is_the_one_with_the_highest_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release("0.9.0", "0" * 40, Contracts({}, {}), tmp_path)
    release("0.10.0", "0" * 40, compat.current(), tmp_path)
    assert compat.versions(tmp_path) == ["0.9.0", "0.10.0"]
    assert compat.main(tmp_path) == 0
    assert "compatible with 0.10.0" in capsys.readouterr().out


def test_the_command_prints_each_break_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = compat.current()
    sent = copy.deepcopy(now.events["frontdesk.message.sent.v1"])
    sent["properties"]["mood"] = {"type": "string"}
    release("0.1.0", "0" * 40, Contracts(now.topics, {**now.events, "frontdesk.message.sent.v1": sent}), tmp_path)
    assert compat.main(tmp_path) == 1
    said = capsys.readouterr().out
    assert "frontdesk.message.sent.v1 mood: field removed" in said
    assert "1 breaks since 0.1.0" in said


def test_what_is_released_here_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    assert compat.main() == 0, capsys.readouterr().out
