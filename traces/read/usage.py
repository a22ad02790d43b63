"""Adds up what was used: by a turn from its rows, by more than a turn from the daily sums. Durations are ms, costs
dollars."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from traces.models import DailyUsage, ModelStep, ToolTrace, TurnSummary
from traces.models.fields import TOKENS
from traces.record.histogram import estimate_percentile, find_bucket
from traces.record.trace_json import encode_cost, encode_tokens

SUMMED = ("count", "errors", "duration_ms", "wait_ms", *TOKENS, "cost_usd", "unpriced")
Row = dict[str, Any]


def sum_days(rows: QuerySet[DailyUsage], since: date | None = None, until: date | None = None) -> dict[str, Any]:
    """Returns the usage of some chats on the days from `since` to `until`, both included."""
    if since:
        rows = rows.filter(day__gte=since)
    if until:
        rows = rows.filter(day__lte=until)
    sums = (
        rows.order_by().values("day", "kind", "name", "bucket").annotate(**{f"{name}_": Sum(name) for name in SUMMED})
    )
    return sum_rows({name.removesuffix("_"): value for name, value in row.items()} for row in sums)


def sum_turn(turn: TurnSummary) -> dict[str, Any]:
    """Returns the usage of one turn, which may still run."""
    steps = ModelStep.objects.filter(turn_id=turn.turn_id, finished_at__isnull=False)
    calls = ToolTrace.objects.filter(turn_id=turn.turn_id, finished_at__isnull=False).defer("input", "output", "error")
    status = _make_row(turn.queued_at.date(), DailyUsage.Kind.TURN, turn.status, turn.duration_ms or 0.0)
    return sum_rows([*map(_make_step_row, steps), *map(_make_call_row, calls), status])


def _make_step_row(step: ModelStep) -> Row:
    tokens = {name: getattr(step, name) or 0 for name in TOKENS}
    cost = {"cost_usd": step.cost_usd or Decimal(0), "unpriced": int(step.cost_usd is None)}
    failed = int(step.status == ModelStep.Status.ERROR)
    row = _make_row(step.started_at.date(), DailyUsage.Kind.MODEL, step.model, step.duration_ms or 0.0)
    return row | tokens | cost | {"errors": failed}


def _make_call_row(call: ToolTrace) -> Row:
    work_ms = max(0.0, (call.duration_ms or 0.0) - call.wait_ms)
    row = _make_row(call.started_at.date(), DailyUsage.Kind.TOOL, call.tool, work_ms)
    return row | {"wait_ms": call.wait_ms, "errors": int(call.status in ToolTrace.FAILURES)}


def _make_row(day: date, kind: str, name: str, duration_ms: float) -> Row:
    key = {"day": day, "kind": kind, "name": name, "bucket": find_bucket(duration_ms)}
    return dict.fromkeys(SUMMED, 0) | key | {"count": 1, "duration_ms": duration_ms}


@dataclass
class Total:
    """Adds up rows, and counts how their durations are spread."""

    sums: Counter[str] = field(default_factory=Counter)
    spread: Counter[int] = field(default_factory=Counter)

    def add(self, row: Row) -> None:
        for name in SUMMED:
            self.sums[name] += row[name] or 0
        self.spread[row["bucket"]] += row["count"]

    def times(self) -> dict[str, Any]:
        return {
            "errors": self.sums["errors"],
            "duration_ms": round(self.sums["duration_ms"], 3),
            "p50_ms": estimate_percentile(self.spread, 0.5),
            "p95_ms": estimate_percentile(self.spread, 0.95),
        }

    def spent(self) -> dict[str, Any]:
        """Returns tokens and cost, which is None where no step's price is known."""
        return {
            "tokens": encode_tokens(self.sums.__getitem__),
            "cost_usd": encode_cost(self.sums["cost_usd"], self.sums["unpriced"]),
            "unpriced_steps": self.sums["unpriced"],
        }


def sum_rows(rows: Iterable[Row]) -> dict[str, Any]:
    """Returns what PROTOCOL.md calls a usage. A row has day, kind, name, bucket and the sums."""
    tools, models, turns = GroupedTotals(), GroupedTotals(), GroupedTotals()
    days, days_models = GroupedTotals(), GroupedTotals()
    for row in rows:
        kind, day = row["kind"], str(row["day"])
        {"tool": tools, "model": models, "turn": turns}[kind].add((row["name"],), row)
        if kind == "tool":
            days.add((day,), row)
        elif kind == "model":
            days_models.add((day, row["name"]), row)
    calls, steps = tools.all(), models.all()
    return {
        "turns": {status: total.sums["count"] for (status,), total in turns},
        "calls": calls.sums["count"],
        "errors": calls.sums["errors"],
        "steps": steps.sums["count"],
        "model_ms": round(steps.sums["duration_ms"], 3),
        "tool_ms": round(calls.sums["duration_ms"], 3),
        "wait_ms": round(calls.sums["wait_ms"], 3),
        **steps.spent(),
        "by_tool": [
            {"tool": name, "calls": total.sums["count"], **total.times(), "wait_ms": round(total.sums["wait_ms"], 3)}
            for (name,), total in tools
        ],
        "by_model": [
            {"model": name, "steps": total.sums["count"], **total.times(), **total.spent()} for (name,), total in models
        ],
        "by_day": _by_day(days, days_models),
    }


class GroupedTotals:
    """Keeps totals by name, and lists the most used first."""

    def __init__(self) -> None:
        self._totals: dict[tuple[str, ...], Total] = {}

    def add(self, key: tuple[str, ...], row: Row) -> None:
        self._totals.setdefault(key, Total()).add(row)

    def get(self, key: tuple[str, ...]) -> Total:
        return self._totals.get(key, Total())

    def all(self) -> Total:
        whole = Total()
        for total in self._totals.values():
            whole.sums.update(total.sums)
        return whole

    def __iter__(self) -> Any:
        return iter(sorted(self._totals.items(), key=lambda item: (-item[1].sums["count"], item[0])))


def _by_day(days: GroupedTotals, days_models: GroupedTotals) -> list[dict[str, Any]]:
    models: dict[str, list[dict[str, Any]]] = {day: [] for (day,), _ in days}
    for (day, name), total in days_models:
        models.setdefault(day, []).append({"model": name, "steps": total.sums["count"], **total.spent()})
    return [
        {"day": day, "calls": total.sums["count"], "errors": total.sums["errors"], "models": models[day]}
        for day in sorted(models)
        for total in [days.get((day,))]
    ]
