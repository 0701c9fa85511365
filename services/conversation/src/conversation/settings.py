"""Settings of this service, beside those that every service has."""

from pydantic import SecretStr

from servicekit.settings import ServiceSettings


class Settings(ServiceSettings):
    """What this service can be told."""

    guest_token_key: SecretStr = SecretStr("")
    """Signs guests' tokens (HMAC-SHA256): 32 bytes or more, the same in every instance."""
