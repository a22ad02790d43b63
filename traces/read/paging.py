"""Reads a list in pages by cursor, at a cost that does not grow with the page's depth: a page is a range of an index.

What an index can't find is looked for in a bounded number of rows a page. Such a page may be short, or empty, and still
have a next one.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.utils.urls import remove_query_param, replace_query_param

NO_CURSOR = "This is no cursor of ours. Use “next” or “previous” of an answer, or leave it out."


@dataclass(frozen=True)
class Order:
    """Names a sort order that an index gives: `keys` as in `order_by`, the last of them unique; `read` makes a key's
    value from a cursor's, raising ValueError."""

    name: str
    keys: tuple[str, ...]
    read: tuple[Callable[[Any], Any], ...]

    @property
    def fields(self) -> list[str]:
        return [key.lstrip("-") for key in self.keys]

    def reversed(self) -> "Order":
        keys = tuple(key[1:] if key.startswith("-") else f"-{key}" for key in self.keys)
        return Order(self.name, keys, self.read)

    def select_beyond(self, values: Sequence[Any], *, inclusive: bool = False) -> Q:
        """Returns the condition for the rows behind the row with these values."""
        condition, same = Q(), Q()
        for number, (key, value) in enumerate(zip(self.keys, values, strict=True)):
            name, sign = key.lstrip("-"), "lt" if key.startswith("-") else "gt"
            last = inclusive and number == len(self.keys) - 1
            condition |= same & Q(**{f"{name}__{sign}{'e' if last else ''}": value})
            same &= Q(**{name: value})
        first, sign = self.keys[0].lstrip("-"), "lte" if self.keys[0].startswith("-") else "gte"
        # What follows from the rest, but only this lets the database begin in the middle of the index.
        return condition if len(self.keys) == 1 else condition & Q(**{f"{first}__{sign}": values[0]})


def read_number(value: Any) -> float:
    """Reads a number of a cursor. Raises ValueError."""
    if type(value) not in (int, float) or not isfinite(value):
        raise ValueError
    return float(value)


@dataclass(frozen=True)
class Cursor:
    """Marks a place at the row with these values: a page goes on behind it, with `back` before it, or begins with
    it."""

    order: str
    values: tuple[Any, ...]
    back: bool = False
    inclusive: bool = False

    def encode(self) -> str:
        way = 2 * self.back + self.inclusive
        text = json.dumps([self.order, way, *map(_plain, self.values)], separators=(",", ":"))
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, order: Order) -> "Cursor":
        """Reads a cursor. Raises ValidationError for what `encode` did not make of this order."""
        try:
            name, way, *values = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if name != order.name or type(way) is not int or way not in range(4):
                raise ValueError
            read = tuple(read(value) for read, value in zip(order.read, values, strict=True))
            return cls(name, read, back=way >= 2, inclusive=way % 2 == 1)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise serializers.ValidationError({"cursor": [NO_CURSOR]}) from None


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


@dataclass(frozen=True)
class Page:
    rows: list[Any]
    next: Cursor | None
    previous: Cursor | None

    def links(self, request: Request) -> dict[str, str | None]:
        """Returns the addresses of the pages before and behind, None at the ends."""
        return {"next": _link(request, self.next), "previous": _link(request, self.previous)}


def _link(request: Request, cursor: Cursor | None) -> str | None:
    url = remove_query_param(request.build_absolute_uri(), "cursor")
    return None if cursor is None else replace_query_param(url, "cursor", cursor.encode())


@dataclass(frozen=True)
class Search:
    """Says what is listed: `found` by an index, `looked_for` among at most `look_through` of these for each page."""

    found: QuerySet[Any]
    looked_for: Q
    look_through: int


def read_page(search: Search, order: Order, cursor: Cursor | None, limit: int) -> Page:
    """Reads at most `limit` rows from the cursor on."""
    back = cursor is not None and cursor.back
    way = order.reversed() if back else order
    rows = search.found.order_by(*way.keys)
    if cursor is not None:
        rows = rows.filter(way.select_beyond(cursor.values, inclusive=cursor.inclusive))
    end = _find_window_end(rows, way, search)
    if search.looked_for:
        rows = rows.filter(search.looked_for)
        if end is not None:
            rows = rows.filter(way.reversed().select_beyond(end, inclusive=True))
    found = list(rows[: limit + 1])
    page = found[:limit]
    last = _values(page[-1], order) if len(found) > limit else end
    ahead = None if last is None else Cursor(order.name, last, back=back)
    behind = None if cursor is None else _turn_back(cursor, page, order)
    return Page(page[::-1], behind, ahead) if back else Page(page, ahead, behind)


def _turn_back(cursor: Cursor, page: list[Any], order: Order) -> Cursor:
    """Returns the cursor back: on the other side of the page's first row, or of the cursor where the page is empty."""
    values = _values(page[0], order) if page else cursor.values
    return Cursor(order.name, values, back=not cursor.back, inclusive=not page and not cursor.inclusive)


def _find_window_end(rows: QuerySet[Any], way: Order, search: Search) -> tuple[Any, ...] | None:
    """Returns the last row that a page looks at, None where all that is left may be looked at."""
    if not search.looked_for:
        return None
    last = rows.values_list(*way.fields)[search.look_through - 1 : search.look_through]
    return next(iter(last), None)


def _values(row: Any, order: Order) -> tuple[Any, ...]:
    return tuple(getattr(row, field) for field in order.fields)


class Query(serializers.Serializer[Any]):
    """Reads the query of a list. Refuses parameters that it does not know, and says which there are."""

    def validate(self, query: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(set(self.initial_data) - set(self.fields)):
            sentence = f"There is no such parameter. Allowed: {', '.join(self.fields)}."
            raise serializers.ValidationError({name: [sentence] for name in unknown})
        return query
