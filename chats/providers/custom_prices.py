"""What a person knows better about their models: prices, and how much they read."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from .base import Usage

MILLION = Decimal(1_000_000)

Price = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class Known(BaseModel):
    """Of one model; prices in dollars for a million tokens. Without `cache_read` and `cache_write` those tokens cost as
    much as the rest of the prompt, without `prompt` or `completion` the cost is unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    context_window: int | None = Field(None, gt=0)
    prompt: Price | None = None
    completion: Price | None = None
    cache_read: Price | None = None
    cache_write: Price | None = None

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


_PRICES: TypeAdapter[dict[str, Known]] = TypeAdapter(dict[str, Known])


def read_prices(text: str) -> dict[str, Known]:
    """By model, as in `{"openai:my-model": {"prompt": 0.5, "completion": 2, "context_window": 32000}}`. Raises
    ValueError that says what is wrong where."""
    try:
        return _PRICES.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{first['msg']} ({' → '.join(map(str, first['loc']))})".removesuffix(" ()")) from None
