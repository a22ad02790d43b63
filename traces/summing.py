"""Keeps the sums: a turn's summary and a chat's daily usage, in the transaction that records what is counted.

The caller holds the lock of the session's log, so that two never add to one row at a time.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from boocode.rows import execute, marks

from .durations import bucket_of
from .models import DailyUsage, TurnSummary
from .models.fields import Summed

ERROR_CHARS = 300
SUMS = [field.name for field in Summed._meta.get_fields()] + ["count", "errors", "duration_ms", "wait_ms"]


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """As the provider counted them, None where it did not say; so for the cost in dollars."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cache_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: Decimal | None = None

    def sums(self) -> dict[str, Any]:
        """What they add to `Summed` rows."""
        known = {name: value for name, value in self.counted().items() if value}
        return known | ({"unpriced": 1} if self.cost_usd is None else {})

    def counted(self) -> dict[str, Any]:
        """The columns of a `Measured` row."""
        return {field.name: getattr(self, field.name) for field in fields(Tokens)}


def add_to_turn(turn_id: UUID, error: str = "", **sums: Any) -> None:
    """Add numbers to a turn's summary; a turn from before there were summaries has none."""
    changes = {name: value for name, value in sums.items() if value}
    settings = [f"{name} = {name} + %s" for name in changes]
    values = list(changes.values())
    if error:
        settings.append("last_error = %s")
        values.append(last_line(error))
    if settings:
        execute(f"UPDATE {TurnSummary._meta.db_table} SET {', '.join(settings)} WHERE turn_id = %s", *values, turn_id)


def add_to_day(
    chat_id: UUID, at: datetime, kind: DailyUsage.Kind, name: str, duration_ms: float, *, failed: bool, **sums: Any
) -> None:
    """Count one more of `name` on the day of `at`."""
    key = {"chat_id": chat_id, "day": str(at.date()), "kind": kind.value, "name": name[:200]}
    key["bucket"] = bucket_of(duration_ms)
    amounts = dict.fromkeys(SUMS, 0) | {"count": 1, "errors": int(failed), "duration_ms": duration_ms} | sums
    row, table = key | amounts, DailyUsage._meta.db_table
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in amounts)
    execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks(len(row))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}",
        *row.values(),
    )


def last_line(error: str) -> str:
    """Where errors say what went wrong."""
    lines = error.strip().splitlines()
    return lines[-1].strip()[:ERROR_CHARS] if lines else ""


def running_since(at: datetime) -> dict[str, Any]:
    """The changes by which a summary says that its turn was taken up; a second process changes nothing."""
    return {"status": TurnSummary.Status.RUNNING, "started_at": Coalesce(F("started_at"), Value(at))}
