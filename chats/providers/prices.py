"""What a model costs and how much it can read: genai-prices' table, and ours on top. None where neither knows.

genai-prices takes 0.1 s to import, so it comes with the first question.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from .base import Usage
from .config import ProviderConfig, is_custom
from .price_list import Known

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


OVERRIDES: Mapping[str, Known] = MappingProxyType({})
"""By full name, as in `openai:gpt-5`. Add a row where genai-prices is wrong or late."""


def cost_usd(
    name: str,
    usage: Usage,
    config: ProviderConfig | None = None,
    overrides: Mapping[str, Known] = OVERRIDES,
) -> Decimal | None:
    """The price of one request in dollars. None where it is unknown, never a guess.

    With `config`, the person's own prices come first, and a model behind a base URL of one's own has no other known
    price, whatever its name.
    """
    if usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    if known := _known(name, config, overrides):
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
    known = _known(name, config, overrides)
    if known and known.context_window is not None:
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


def _known(name: str, config: ProviderConfig | None, overrides: Mapping[str, Known]) -> Known | None:
    return (config.prices.get(name) if config else None) or overrides.get(name)
