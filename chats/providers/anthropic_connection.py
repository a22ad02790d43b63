"""Anthropic, and servers that speak its protocol. Imports pydantic-ai and anthropic: load it late."""

from anthropic import AsyncAnthropic
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from .config import ProviderConfig
from .connections import Connection, common_settings, source_of
from .http import NO_KEY, http_client, patience
from .registry import Provider


def open_anthropic(_name: str, provider: Provider, model_name: str, config: ProviderConfig) -> Connection:
    base_url = config.anthropic_base_url or "https://api.anthropic.com"
    client = AsyncAnthropic(
        api_key=config.anthropic_api_key or NO_KEY,
        base_url=base_url,
        max_retries=0,
        timeout=patience(config),
        http_client=http_client(base_url),
    )
    # The marker on the whole request leaves the messages' bytes alone, but only Anthropic itself is sure to know it.
    cached = "anthropic_cache_messages" if config.anthropic_base_url else "anthropic_cache"
    settings = common_settings(config) | {
        cached: True,
        "anthropic_cache_instructions": True,
        "anthropic_cache_tool_definitions": True,
    }
    model = AnthropicModel(model_name, provider=AnthropicProvider(anthropic_client=client))
    return Connection(model, source_of(provider, model_name, base_url, config), settings, client.close)
