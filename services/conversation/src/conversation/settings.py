"""Settings of this service, beside those that every service has."""

from pathlib import Path

from pydantic import SecretStr

from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What this service can be told."""

    guest_token_key: SecretStr = SecretStr("")
    """Signs guests' tokens (HMAC-SHA256): 32 bytes or more, the same in every instance."""
    widget_dir: Path | None = None
    """Where the built widget lies; without it there is none to serve."""
    demo_pages: bool = False
    """Serve the demo hotels' pages under `/demo`."""
    gateway_url: str = ""
    """The gateway's public address, which the demo pages' widget asks for its opening view first."""
