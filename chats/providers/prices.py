"""What a model costs and how much it can read: genai-prices' table, and ours on top. None where neither knows.

genai-prices takes 0.1 s to import, so it comes with the first question.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from .base import Usage
from .catalog import PROVIDERS
from .config import ProviderConfig, is_custom
from .custom_prices import Known

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
    price_list, model = _listed(name, config)
    if not price_list:
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
        return calc_price(spent, model, provider_id=price_list).total_price
    except (LookupError, ValueError):
        return None


def context_window(
    name: str, config: ProviderConfig | None = None, overrides: Mapping[str, Known] = OVERRIDES
) -> int | None:
    """How many tokens the model can read; None where that is unknown."""
    known = _known(name, config, overrides)
    if known and known.context_window is not None:
        return known.context_window
    price_list, model = _listed(name, config)
    if not price_list:
        return None
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, price_list, None)
    except (LookupError, ValueError):
        return None
    return found.context_window


def _known(name: str, config: ProviderConfig | None, overrides: Mapping[str, Known]) -> Known | None:
    return (config.prices.get(name) if config else None) or overrides.get(name)


def _listed(name: str, config: ProviderConfig | None) -> tuple[str, str]:
    """genai-prices' name of the provider, empty where it has no prices (local servers, scripts), and the model's."""
    provider_name, _, model = name.partition(":")
    if provider_name not in PROVIDERS or (config is not None and is_custom(provider_name, config)):
        return "", model
    return PROVIDERS[provider_name].price_list, model
