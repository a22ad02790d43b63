"""Reads what the lists of traces and turns are asked for, and decides which part of it an index answers."""

import json
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from rest_framework import serializers

from traces.models import ToolTrace, TurnSummary

from .paging import Order, Query, Search, read_number

LOOK_THROUGH = 5000
LOOK_THROUGH_TEXTS = 1000
"""Rows a page: bodies take longer to read than numbers."""

TRACE_ORDERS = {
    "newest": Order("newest", ("-id",), (UUID,)),
    "oldest": Order("oldest", ("id",), (UUID,)),
    "slowest": Order("slowest", ("-duration_ms", "-id"), (read_number, UUID)),
}
TURN_ORDER = Order("newest", ("-turn_id",), (UUID,))


def _refuse_other(values: list[str]) -> dict[str, Any]:
    return {"invalid_choice": f"“{{input}}” is none of: {', '.join(values)}."}


class TraceQuery(Query):
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=200)
    cursor = serializers.CharField(required=False, max_length=500, help_text="From `next` or `previous`.")
    tool = serializers.CharField(required=False, max_length=100, help_text="A tool's name, for example run_command.")
    status = serializers.ChoiceField(
        required=False, choices=ToolTrace.Status.values, error_messages=_refuse_other(ToolTrace.Status.values)
    )
    turn = serializers.UUIDField(required=False, help_text="The id of a turn.")
    min_ms = serializers.FloatField(required=False, min_value=0, max_value=1e12, help_text="At least this duration.")
    q = serializers.CharField(required=False, max_length=200, help_text="Words of the input, the output or the error.")
    sort = serializers.ChoiceField(
        required=False, default="newest", choices=[*TRACE_ORDERS], error_messages=_refuse_other([*TRACE_ORDERS])
    )

    def search(self, traces: QuerySet[ToolTrace]) -> Search:
        """Returns what to read of `traces`, which are of one chat."""
        given = self.validated_data
        exact = {"turn": "turn_id", "tool": "tool", "status": "status"}
        rest = {field: given[name] for name, field in exact.items() if name in given}
        found: dict[str, Any] = {"duration_ms__isnull": False} if given["sort"] == "slowest" else _choose_index(rest)
        if "min_ms" in given:
            (found if given["sort"] == "slowest" else rest)["duration_ms__gte"] = given["min_ms"]
        wanted = Q(**{field: value for field, value in rest.items() if field not in found})
        if "q" not in given:
            return Search(traces.filter(**found), wanted, LOOK_THROUGH)
        traces = traces.alias(input_text=Cast("input", TextField()))
        return Search(traces.filter(**found), wanted & _contains(given["q"]), LOOK_THROUGH_TEXTS)


def _choose_index(filters: dict[str, Any]) -> dict[str, Any]:
    """Returns the filter that narrows most and has an index."""
    names = (
        ["turn_id", "status", "tool"] if filters.get("status") != ToolTrace.Status.OK else ["turn_id", "tool", "status"]
    )
    return next(({name: filters[name]} for name in names if name in filters), {})


def _contains(text: str) -> Q:
    # SQLite keeps the input as JSON with all but ASCII escaped.
    inputs = Q(input_text__icontains=text) | Q(input_text__icontains=json.dumps(text)[1:-1])
    return Q(tool__icontains=text) | Q(error__icontains=text) | Q(output__icontains=text) | inputs


class TurnQuery(Query):
    limit = serializers.IntegerField(required=False, default=15, min_value=1, max_value=100)
    cursor = serializers.CharField(required=False, max_length=500, help_text="From `next` or `previous`.")
    status = serializers.ChoiceField(
        required=False, choices=TurnSummary.Status.values, error_messages=_refuse_other(TurnSummary.Status.values)
    )
    min_ms = serializers.FloatField(required=False, min_value=0, max_value=1e12, help_text="At least this duration.")
    failures = serializers.BooleanField(required=False, default=False, help_text="Only turns with a failed call.")
    q = serializers.CharField(required=False, max_length=200, help_text="Words of the title or the last error.")

    def search(self, turns: QuerySet[TurnSummary]) -> Search:
        """Returns what to read of `turns`, which are of one chat."""
        given = self.validated_data
        wanted = Q(failures__gt=0) if given["failures"] else Q()
        if "min_ms" in given:
            wanted &= Q(duration_ms__gte=given["min_ms"])
        if "q" in given:
            wanted &= Q(title__icontains=given["q"]) | Q(last_error__icontains=given["q"])
        return Search(turns.filter(status=given["status"]) if "status" in given else turns, wanted, LOOK_THROUGH)
