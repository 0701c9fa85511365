"""What a service does when others publish: a register of functions by event.

reactions = Reactions()

@reactions.on(ConversationTakenOver)
async def on_taken_over(event: ConversationTakenOver, tx: Transaction) -> None: ...
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from contracts.event import Event
from contracts.topics import Topic
from servicekit.transaction import Transaction

Handle = Callable[[Any, Transaction], Awaitable[None]]  # Any: the event class that `on` names


@dataclass(frozen=True, slots=True)
class Reaction:
    """One function for one event.

    Attributes:
        name: under which the inbox remembers what it has handled; stable, or everything is handled again.
        platform: whether it runs in platform scope although the event belongs to a hotel.
        forgotten_too: whether it is called for hotels that are forgotten, too.
    """

    name: str
    event: type[Event]
    handle: Handle
    platform: bool = False
    forgotten_too: bool = False


class Reactions:
    """A service's reactions; `Service(reactions=...)` runs them in the worker."""

    def __init__(self) -> None:
        self._by_type: dict[str, list[Reaction]] = {}

    def on(
        self, *events: type[Event], platform: bool = False, name: str | None = None, forgotten_too: bool = False
    ) -> Callable[[Handle], Handle]:
        """Call the function with each of these events, in one transaction of the event's hotel, with effect once.

        `tx.actor` is the service, `tx.envelope` the event's. An event without a hotel, or `platform=True`, runs in
        platform scope. What may heal (a lost connection, a deadlock, `NotYet`) is tried again for as long as it takes;
        anything else a few times, and then the record goes to the dead letters. Events of one key come in order;
        compare versions all the same, since a redriven dead letter comes late.

        Args:
            events: classes of `contracts.events`.
            platform: see every hotel's rows of the tables that allow it.
            name: the reaction's name in the inbox; the function's name if not given.
            forgotten_too: also of hotels that this service has forgotten (see `forgetting`).
        """

        def register(handle: Handle) -> Handle:
            for event in events:
                called = name or getattr(handle, "__name__", "reaction")
                known = self._by_type.setdefault(event.TYPE, [])
                if any(reaction.name == called for reaction in known):
                    raise ValueError(f"two reactions to {event.TYPE} are called {called}")
                known.append(Reaction(called, event, handle, platform, forgotten_too))
            return handle

        return register

    def joined(self, other: "Reactions") -> "Reactions":
        """These and the other's, in a register of its own."""
        both = Reactions()
        for register in (self, other):
            for name, known in register._by_type.items():
                both._by_type.setdefault(name, []).extend(known)
        return both

    def to(self, type: str) -> list[Reaction]:
        """The reactions to a CloudEvents type, in the order they were registered."""
        return self._by_type.get(type, [])

    def topics(self) -> list[Topic]:
        """The topics to read, each once, by name."""
        found = {
            reaction.event.TOPIC.name: reaction.event.TOPIC for known in self._by_type.values() for reaction in known
        }
        return [found[name] for name in sorted(found)]
