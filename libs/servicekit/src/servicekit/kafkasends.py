"""aiokafka on uvloop: to write to a connection that is gone is to have lost the connection, not the end of the client.

asyncio's transport takes the bytes and drops them, uvloop's raises RuntimeError; aiokafka waits for OSError
(aiokafka issue 1038). Where the error meets its task that keeps the metadata, the task ends, unnoticed: from then on the client
looks up no coordinator and no leader again, and a consumer stands still until its process is started anew.
"""

from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_MENDED = "__servicekit_mended__"


def mend() -> None:
    """Have every connection of aiokafka in this process say what it means. Doing it again changes nothing."""
    send: Any = AIOKafkaConnection.send  # Any: aiokafka is not typed
    if hasattr(send, _MENDED):
        return

    @wraps(send)
    def mended(connection: Any, *args: Any, **kwargs: Any) -> Any:  # Any: aiokafka is not typed
        try:
            return send(connection, *args, **kwargs)
        except RuntimeError as error:
            connection.close(reason=CloseReason.CONNECTION_BROKEN)
            raise KafkaConnectionError(f"connection at {connection.host}:{connection.port} broken: {error}") from error

    setattr(mended, _MENDED, True)
    setattr(AIOKafkaConnection, "send", mended)  # noqa: B010 - aiokafka is not typed
