"""Keeps the sums: a turn's summary and a chat's daily usage, in the transaction that records what is counted.

The caller holds the lock of the session's log, so that two never add to one row at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Model, Value
from django.db.models.functions import Coalesce

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
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}",
        *row.values(),
    )


def execute(sql: str, *values: Any) -> None:
    """SQL by hand, for Django takes ten times as long to put `F` expressions into words as the database to do them."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [plain_key(value) if isinstance(value, UUID) else value for value in values])


def update_row(model: type[Model], key: UUID, values: Mapping[str, Any]) -> None:
    """Write these fields of the row with this id."""
    columns = {model._meta.get_field(name): value for name, value in values.items()}
    settings = ", ".join(f"{field.column} = %s" for field in columns)  # type: ignore[union-attr]
    prepared = [field.get_db_prep_save(value, connection) for field, value in columns.items()]  # type: ignore[union-attr]
    execute(f"UPDATE {model._meta.db_table} SET {settings} WHERE {model._meta.pk.column} = %s", *prepared, key)


def plain_key(value: UUID) -> Any:
    """An id as the database has it."""
    return TurnSummary._meta.get_field("turn").target_field.get_db_prep_value(value, connection)


def last_line(error: str) -> str:
    """Where errors say what went wrong."""
    lines = error.strip().splitlines()
    return lines[-1].strip()[:ERROR_CHARS] if lines else ""


def running_since(at: datetime) -> dict[str, Any]:
    """The changes by which a summary says that its turn was taken up; a second process changes nothing."""
    return {"status": TurnSummary.Status.RUNNING, "started_at": Coalesce(F("started_at"), Value(at))}
