"""The provider's model that the settings name. Imported only where there is one: its libraries take 90 MB and a second."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from conversation.adapters.model_writer import FIRST_SECONDS, TOTAL_SECONDS, ModelWriter
from conversation.settings import ModelProvider, Settings


@asynccontextmanager
async def model_writer(
    settings: Settings, *, first_seconds: float = FIRST_SECONDS, total_seconds: float = TOTAL_SECONDS
) -> AsyncGenerator[ModelWriter]:
    """A writer on the configured model; its connections are closed at the end."""
    assert settings.model_provider is not None
    key = settings.model_api_key.get_secret_value() or None
    base_url = settings.model_base_url or None
    model: Model
    if settings.model_provider is ModelProvider.ANTHROPIC:
        anthropic = AnthropicProvider(api_key=key, base_url=base_url)
        model, client = AnthropicModel(settings.model_name, provider=anthropic), anthropic.client
    elif base_url is None:
        openai = OpenAIProvider(api_key=key)
        model, client = OpenAIChatModel(settings.model_name, provider=openai), openai.client
    else:
        # Servers of one's own often want no key, but their client insists on one.
        other = OpenAICompatibleProvider("openai-compatible", base_url=base_url, api_key=key or "none")
        model, client = OpenAIChatModel(settings.model_name, provider=other), other.client
    try:
        yield ModelWriter(
            model, settings.model_provider.value, first_seconds=first_seconds, total_seconds=total_seconds
        )
    finally:
        await client.close()
