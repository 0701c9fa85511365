"""Settings of this service, beside those that every service has."""

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, IPvAnyNetwork, SecretStr, model_validator

from servicekit.settings import ServiceSettings


class ModelProvider(StrEnum):
    """Whose protocol the model speaks."""

    OPENAI = "openai"
    """Chat completions, of OpenAI or, with a base URL, of any server that is compatible with it."""
    ANTHROPIC = "anthropic"


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
    import_networks: list[IPvAnyNetwork] = Field(default_factory=list[IPvAnyNetwork])
    """Private networks whose sites may be imported from all the same, as a JSON list of CIDRs; public ones always may."""
    model_provider: ModelProvider | None = None
    """Who words the answers; without one the local writer does, as it does whenever the provider fails."""
    model_name: str = ""
    """The model, as its provider calls it."""
    model_base_url: str = ""
    """Where the provider is reached, if not at its usual address."""
    model_api_key: SecretStr = SecretStr("")
    """The provider's key; a server of one's own may want none."""

    @model_validator(mode="after")
    def _model_is_complete(self) -> Self:
        if self.model_provider is not None:
            if not self.model_name:
                raise ValueError("FRONTDESK_MODEL_PROVIDER needs FRONTDESK_MODEL_NAME")
            if not (self.model_api_key.get_secret_value() or self.model_base_url):
                raise ValueError("FRONTDESK_MODEL_PROVIDER needs FRONTDESK_MODEL_API_KEY (or FRONTDESK_MODEL_BASE_URL)")
        return self
