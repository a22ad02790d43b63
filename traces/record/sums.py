"""Adds to the sums: a turn's summary and a chat's daily usage, in the transaction that records what is counted.

The caller holds the lock of the session's log, so that two never add to one row at a time.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from boocode.db.plain_sql import execute, placeholders
from traces.models import DailyUsage, TurnSummary
from traces.models.fields import Summed

from .histogram import find_bucket

ERROR_CHARS = 300
SUMS = [field.name for field in Summed._meta.get_fields()] + ["count", "errors", "duration_ms", "wait_ms"]


def add_to_turn(turn_id: UUID | None, error: str = "", **sums: Any) -> None:
    """Adds numbers to the columns of a turn's summary. Does nothing outside of a turn, and to a turn from before there
    were summaries."""
    changes = {name: value for name, value in sums.items() if value}
    settings = [f"{name} = {name} + %s" for name in changes]
    values = list(changes.values())
    if error:
        settings.append("last_error = %s")
        values.append(last_line(error))
    if settings and turn_id is not None:
        execute(f"UPDATE {TurnSummary._meta.db_table} SET {', '.join(settings)} WHERE turn_id = %s", *values, turn_id)


def add_to_day(
    chat_id: UUID, at: datetime, kind: DailyUsage.Kind, name: str, duration_ms: float, *, failed: bool, **sums: Any
) -> None:
    """Counts one more of `name` on the day (UTC) of `at`. `sums` are columns of `Summed`, and `wait_ms`."""
    key = {"chat_id": chat_id, "day": str(at.date()), "kind": kind.value, "name": name[:200]}
    key["bucket"] = find_bucket(duration_ms)
    amounts = dict.fromkeys(SUMS, 0) | {"count": 1, "errors": int(failed), "duration_ms": duration_ms} | sums
    row, table = key | amounts, DailyUsage._meta.db_table
    added = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in amounts)
    execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({placeholders(len(row))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {added}",
        *row.values(),
    )


def last_line(error: str) -> str:
    """Returns an error's last line, where it says what went wrong, cut to 300 characters."""
    lines = error.strip().splitlines()
    return lines[-1].strip()[:ERROR_CHARS] if lines else ""


def running_since(at: datetime) -> dict[str, Any]:
    """Returns the changes by which a summary says that its turn runs since `at`, or since it was taken up before."""
    return {"status": TurnSummary.Status.RUNNING, "started_at": Coalesce(F("started_at"), Value(at))}
