"""Describes requests to the model as values: which they were, and what they used."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from traces.models import ModelStep
from traces.models.fields import TOKENS


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request to the model, for whatever purpose. Tokens are as the provider counted them, None where it did not
    say, as is the cost in dollars where no price is known. `finished_at` is when the model had said it all,
    `duration_ms` how long that took."""

    id: UUID
    chat_id: UUID
    turn_id: UUID | None = None
    message_id: UUID | None = None
    number: int = 0
    model: str
    purpose: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cache_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: Decimal | None = None
    duration_ms: float | None = None
    finished_at: datetime | None = None

    def counted(self) -> dict[str, Any]:
        """Returns the columns of a `Measured` row."""
        return {name: getattr(self, name) for name in (*TOKENS, "cost_usd")}

    def sums(self) -> dict[str, Any]:
        """Returns what the request adds to `Summed` rows."""
        known = {name: value for name, value in self.counted().items() if value}
        return known | ({"unpriced": 1} if self.cost_usd is None else {})


@dataclass(frozen=True, kw_only=True)
class Step(Request):
    """A request whose answer the message `message_id` shows, and which may call tools: a step of the agent's loop."""

    turn_id: UUID
    message_id: UUID
    number: int
    purpose: str = ModelStep.Purpose.ANSWER


def read_step(message_id: UUID) -> Step | None:
    """Reads a step that ended, for a turn that goes on in another process. How long its calls were queued is not
    measured over the restart, so the time of its end is left out."""
    row = ModelStep.objects.filter(message_id=message_id).first()
    if row is None:
        return None
    known = {name: getattr(row, name) for name in Step.__dataclass_fields__ if name != "finished_at"}
    return Step(**known)
