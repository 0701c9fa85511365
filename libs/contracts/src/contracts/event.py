"""What every event is: a frozen pydantic model with a type name, a topic and a key, found again by its type."""

from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

from contracts.topics import Topic

PERSONAL = "x-personal"
"""Key in a field's JSON Schema that marks personal data."""

OPEN_ENUM = "x-open-enum"
"""Key in a field's JSON Schema: readers leave out members they do not know, so members may be added."""

E = TypeVar("E", bound=Enum)


def personal(**kwargs: Any) -> Any:  # Any: pydantic's own return type for a field definition
    """A field that holds personal data; allowed only in events of topics with `personal=True`."""
    return Field(json_schema_extra={PERSONAL: True}, **kwargs)


def known_only(members: type[E]) -> tuple[BeforeValidator, FieldInfo]:
    """Annotations for a tuple of enum members that may grow within a version; used as `Annotated[T, *known_only(E)]`.

    A service that was released before a member was added reads the event without that member, instead of refusing it.
    """
    values = {member.value for member in members}

    def leave_out_unknown(found: object) -> object:
        if not isinstance(found, list | tuple):
            return found
        items = cast("tuple[object, ...]", found)  # a list or tuple of whatever came in
        return tuple(item for item in items if not isinstance(item, str) or item in values)

    known: Callable[[object], object] = leave_out_unknown
    mark: FieldInfo = Field(json_schema_extra={OPEN_ENUM: True})
    return BeforeValidator(known), mark


class Fact(BaseModel):
    """A value inside an event: frozen, and readers ignore what they do not know (evolution is additive)."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Event(Fact):
    """Something that happened, in the words of `contracts`. Subclasses name type, topic and key:

        class MessageSent(Event, type="message.sent", topic=topics.CONVERSATIONS, key="conversation_id"): ...

    The CloudEvents type becomes `frontdesk.message.sent.v1`. `key=None` means the event's own id is the key.
    An event carries ids, states, numbers, times and the aggregate's version; no free text, no contact data.
    """

    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[Topic]
    KEY: ClassVar[str | None] = None
    ERASES: ClassVar[bool] = False
    """Whether nothing that was said before under its key may be kept, dead letters included."""

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,
        topic: Topic | None = None,
        key: str | None = None,
        version: int = 1,
        erases: bool = False,
    ) -> None:
        super().__init_subclass__()
        if type is None:
            return
        if topic is None:
            raise TypeError(f"{cls.__name__} names no topic")
        cls.TYPE = f"frontdesk.{type}.v{version}"
        cls.TOPIC = topic
        cls.KEY = key
        cls.ERASES = erases
        if cls.TYPE in _EVENTS:
            raise TypeError(f"two events are called {cls.TYPE}")
        _EVENTS[cls.TYPE] = cls

    def key(self, event_id: UUID) -> str:
        """The record key: the value of the key field, or the event's own id."""
        return str(getattr(self, self.KEY)) if self.KEY else str(event_id)


_EVENTS: dict[str, type[Event]] = {}


def event_types() -> dict[str, type[Event]]:
    """Every event by its CloudEvents type. Import `contracts.events` first."""
    return dict(_EVENTS)


Version = Annotated[int, Field(ge=1, description="version of the aggregate after this event; grows by one or more")]
