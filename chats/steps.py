"""A model step while it runs, and what it used as its message tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from .providers.base import Usage


@dataclass
class Step:
    """The model step in progress."""

    message_id: UUID
    began: float
    text: list[str]
    reasoning: list[str]
    first_token_at: datetime | None = None


def tokens_of(usage: Usage, ctx_max: int | None) -> dict[str, Any]:
    counted: Sequence[int] = [n for n in (usage.prompt_tokens, usage.completion_tokens) if n is not None]
    total = sum(counted) if counted else None
    return {
        "tokens_used": total,
        "ctx_used": total,
        "ctx_max": ctx_max,
        "cache_tokens": usage.cache_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }
