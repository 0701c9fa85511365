"""What the gateway needs to know beyond the chassis: where the services are, and how long a session and an answer may take."""

from typing import Annotated

from pydantic import Field, SecretStr

from servicekit import ServiceSettings


class Settings(ServiceSettings):
    """Settings of the gateway; each is `FRONTDESK_<NAME>` in the environment, or a file named by `FRONTDESK_<NAME>_FILE`."""

    conversation_url: str = "http://127.0.0.1:8082"
    escalation_url: str = "http://127.0.0.1:8083"
    session_key: Annotated[SecretStr, Field(min_length=32)]
    """Encrypts the tokens of dashboard sessions where they are kept; 32 characters or more."""
    session_days: Annotated[int, Field(ge=1, le=90)] = 14
    """A session that is not used for this long is over, days."""
    part_timeout_seconds: Annotated[float, Field(gt=0, le=10)] = 2.0
    """How long one part of a composed view may take before it is `unavailable`."""
    opening_timeout_seconds: Annotated[float, Field(gt=0, le=5)] = 0.8
    """How long the widget's opening view may take; the widget asks the conversation service itself after a second."""
    cookie_secure: bool = True
    """Send the session cookie over HTTPS only. Browsers make an exception for localhost."""
    live_stream_length: Annotated[int, Field(ge=100)] = 10_000
    """Events kept per hotel for dashboards that reconnect."""
    live_queue_length: Annotated[int, Field(ge=10)] = 1_000
    """Events that may wait for one slow dashboard before it is disconnected (it comes back with its cursor)."""
