"""Selects the newest rows of a table whose ids are UUIDv7, and so in the order of time without a further index."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet, Subquery, UUIDField, Value
from django.db.models.functions import Coalesce

NEWEST_ROWS = 50_000
"""What a person who looks on can wait for, whatever they filter by."""


def select_newest(rows: QuerySet[Any], month: date | None = None) -> QuerySet[Any]:
    """Selects the newest 50,000 of `rows`, of all times or of the month that begins on the day `month` (UTC)."""
    if month:
        rows = rows.filter(pk__gte=_first_id(month), pk__lt=_first_id(next_month(month)))
    last = rows.order_by("-pk").values("pk")[NEWEST_ROWS - 1 : NEWEST_ROWS]
    # One query: where there are fewer rows, there is no last one.
    return rows.filter(pk__gte=Coalesce(Subquery(last), Value(UUID(int=0), UUIDField())))


def next_month(month: date) -> date:
    """Returns the first day of the month after."""
    return (month + timedelta(days=31)).replace(day=1)


def _first_id(day: date) -> UUID:
    """Returns an id that no id made before `day` exceeds (RFC 9562, section 5.7: it begins with 48 bits of ms)."""
    return UUID(int=int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000) << 80)
