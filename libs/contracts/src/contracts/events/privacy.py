"""What services answer when a guest is erased: one topic that all of them publish to, keyed by guest id."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from contracts import topics
from contracts.event import Event, Fact, Version
from contracts.ids import GuestId
from contracts.values import Word


class Forgotten(Fact):
    """How many things of a kind a service has emptied or deleted."""

    kind: Word
    count: Annotated[int, Field(ge=0)]


class GuestForgotten(Event, type="guest.forgotten", topic=topics.FORGOTTEN, key="guest_id"):
    """A service keeps nothing of an erased guest any more. What it had already forgotten counts as nothing."""

    guest_id: GuestId
    service: Word
    forgotten: tuple[Forgotten, ...]
    at: AwareDatetime
    version: Version
    """Of the `guest.erased` that this answers."""
