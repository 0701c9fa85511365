"""What a guest's widget says over its WebSocket, frame by frame, and how a frame is read."""

from typing import Annotated, Literal, TypeVar

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from conversation.commands.messages import SendMessage
from conversation.commands.reading import MarkRead
from servicekit.commands import AsNumber, Command
from servicekit.problems import Malformed

T = TypeVar("T")
MAX_FRAME_CHARACTERS = 20_000


class Hello(Command):
    """The first frame: who it is, and the last message they have."""

    type: Literal["hello"]
    token: Annotated[str, Field(max_length=4096)]
    after_seq: Annotated[int, Field(ge=0, le=2**31 - 1), AsNumber] = 0


class Typing(Command):
    """The guest is typing."""

    type: Literal["typing"]


class Read(MarkRead):
    """The guest has read up to a message."""

    type: Literal["read"]


class Message(SendMessage):
    """The guest says something."""

    type: Literal["message"]


class Pong(Command):
    """The answer to a ping; it may be left out."""

    type: Literal["pong"]


class Addressed(BaseModel):
    """What a refused frame is known by, if it says so."""

    model_config = ConfigDict(extra="ignore")
    id: str | None = None


HELLO = TypeAdapter(Hello)
FRAME: TypeAdapter[Typing | Read | Message | Pong] = TypeAdapter(
    Annotated[Typing | Read | Message | Pong, Field(discriminator="type")]
)


async def receive(websocket: WebSocket) -> str:
    """The next frame's text; a binary frame has none.

    Raises:
        WebSocketDisconnect: the client has gone.
    """
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text")
    return text if isinstance(text, str) else ""


def parse(adapter: TypeAdapter[T], text: str) -> T:
    """A frame.

    Raises:
        Malformed: it is none of ours.
    """
    if len(text) > MAX_FRAME_CHARACTERS:
        raise Malformed(f"a frame has {MAX_FRAME_CHARACTERS} characters at most")
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        pointer = "/" + "/".join(
            str(part) for part in first["loc"] if part not in ("message", "typing", "read", "pong")
        )
        raise Malformed(first["msg"], pointer=pointer) from error
