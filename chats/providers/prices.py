"""What a model costs and how much it can read: genai-prices' table, and ours on top. None where neither knows.

genai-prices takes 0.1 s to import, so it comes with the first question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from .base import Usage
from .config import ProviderConfig, is_custom

MILLION = Decimal(1_000_000)

PRICED: Mapping[str, str] = MappingProxyType(
    {
        "openai": "openai",
        "openai-chat": "openai",
        "openai-responses": "openai",
        "anthropic": "anthropic",
        "google": "google",
        "groq": "groq",
        "mistral": "mistral",
        "cohere": "cohere",
        "xai": "x-ai",
        "deepseek": "deepseek",
        "openrouter": "openrouter",
        "together": "together",
        "fireworks": "fireworks",
        "moonshotai": "moonshotai",
        "cerebras": "cerebras",
        "zai": "zai",
    }
)
"""Our provider names, and genai-prices'. What is not in here (local servers, scripts) has no price."""


@dataclass(frozen=True)
class Known:
    """What we know better than genai-prices; dollars for a million tokens."""

    context_window: int | None = None
    prompt: Decimal | None = None
    completion: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None

    def cost(self, usage: Usage) -> Decimal | None:
        if self.prompt is None or self.completion is None:
            return None
        read, written = usage.cache_tokens or 0, usage.cache_write_tokens or 0
        fresh = (usage.prompt_tokens or 0) - read - written
        dollars = (
            fresh * self.prompt
            + read * (self.prompt if self.cache_read is None else self.cache_read)
            + written * (self.prompt if self.cache_write is None else self.cache_write)
            + (usage.completion_tokens or 0) * self.completion
        )
        return dollars / MILLION


OVERRIDES: Mapping[str, Known] = MappingProxyType({})
"""By full name, as in `openai:gpt-5`. Add a row where genai-prices is wrong or late."""


def cost_usd(
    name: str,
    usage: Usage,
    config: ProviderConfig | None = None,
    overrides: Mapping[str, Known] = OVERRIDES,
) -> Decimal | None:
    """The price of one request in dollars. None where it is unknown, never a guess.

    With `config`, a model behind a base URL of one's own has no known price, whatever its name.
    """
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    if known := overrides.get(name):
        return known.cost(usage)
    provider, _, model = name.partition(":")
    if provider not in PRICED or (config is not None and is_custom(provider, config)):
        return None
    from genai_prices import Usage as PricedUsage
    from genai_prices import calc_price

    spent = PricedUsage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cache_read_tokens=usage.cache_tokens or 0,
        cache_write_tokens=usage.cache_write_tokens or 0,
    )
    try:
        return calc_price(spent, model, provider_id=PRICED[provider]).total_price
    except (LookupError, ValueError):
        return None


def context_window(
    name: str, config: ProviderConfig | None = None, overrides: Mapping[str, Known] = OVERRIDES
) -> int | None:
    """How many tokens the model can read; None where that is unknown."""
    if known := overrides.get(name):
        return known.context_window
    provider, _, model = name.partition(":")
    if provider not in PRICED or (config is not None and is_custom(provider, config)):
        return None
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, PRICED[provider], None)
    except (LookupError, ValueError):
        return None
    return found.context_window
