"""Totals: of a turn from its rows, of more from the daily sums."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from .durations import bucket_of, percentile
from .models import DailyUsage, ModelStep, ToolTrace, TurnSummary
from .models.fields import TOKENS
from .recorder import FAILURES

SUMMED = ("count", "errors", "duration_ms", "wait_ms", *TOKENS, "cost_usd", "unpriced")
Row = dict[str, Any]


def of_days(rows: QuerySet[DailyUsage], since: date | None = None, until: date | None = None) -> dict[str, Any]:
    """The totals of some chats on the days from `since` to `until`, both included."""
    if since:
        rows = rows.filter(day__gte=since)
    if until:
        rows = rows.filter(day__lte=until)
    sums = (
        rows.order_by().values("day", "kind", "name", "bucket").annotate(**{f"{name}_": Sum(name) for name in SUMMED})
    )
    return totals({name.removesuffix("_"): value for name, value in row.items()} for row in sums)


def of_turn(turn: TurnSummary) -> dict[str, Any]:
    """The totals of one turn, which may still run."""
    steps = ModelStep.objects.filter(turn_id=turn.turn_id, finished_at__isnull=False)
    calls = ToolTrace.objects.filter(turn_id=turn.turn_id, finished_at__isnull=False).defer("input", "output", "error")
    status = _row(turn.queued_at.date(), DailyUsage.Kind.TURN, turn.status, turn.duration_ms or 0.0)
    return totals([*map(_of_step, steps), *map(_of_call, calls), status])


def _of_step(step: ModelStep) -> Row:
    tokens = {name: getattr(step, name) or 0 for name in TOKENS}
    cost = {"cost_usd": step.cost_usd or Decimal(0), "unpriced": int(step.cost_usd is None)}
    failed = int(step.status == ModelStep.Status.ERROR)
    row = _row(step.started_at.date(), DailyUsage.Kind.MODEL, step.model, step.duration_ms or 0.0)
    return row | tokens | cost | {"errors": failed}


def _of_call(call: ToolTrace) -> Row:
    work_ms = max(0.0, (call.duration_ms or 0.0) - call.wait_ms)
    row = _row(call.started_at.date(), DailyUsage.Kind.TOOL, call.tool, work_ms)
    return row | {"wait_ms": call.wait_ms, "errors": int(call.status in FAILURES)}


def _row(day: date, kind: str, name: str, duration_ms: float) -> Row:
    key = {"day": day, "kind": kind, "name": name, "bucket": bucket_of(duration_ms)}
    return dict.fromkeys(SUMMED, 0) | key | {"count": 1, "duration_ms": duration_ms}


@dataclass
class Total:
    """Sums of rows, and how their durations are spread."""

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
            "p50_ms": percentile(self.spread, 0.5),
            "p95_ms": percentile(self.spread, 0.95),
        }

    def spent(self) -> dict[str, Any]:
        """Tokens and cost, which is null where no step's price is known."""
        priced = self.sums["cost_usd"] or not self.sums["unpriced"]
        return {
            "tokens": {name.removesuffix("_tokens"): self.sums[name] for name in TOKENS},
            "cost_usd": float(self.sums["cost_usd"]) if priced else None,
            "unpriced_steps": self.sums["unpriced"],
        }


def totals(rows: Iterable[Row]) -> dict[str, Any]:
    """What PROTOCOL.md calls a usage. A row has day, kind, name, bucket and the sums."""
    tools, models, turns = Groups(), Groups(), Groups()
    days, days_models = Groups(), Groups()
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


class Groups:
    """Totals by name, the most used first."""

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


def _by_day(days: Groups, days_models: Groups) -> list[dict[str, Any]]:
    models: dict[str, list[dict[str, Any]]] = {day: [] for (day,), _ in days}
    for (day, name), total in days_models:
        models.setdefault(day, []).append({"model": name, "steps": total.sums["count"], **total.spent()})
    return [
        {"day": day, "calls": total.sums["count"], "errors": total.sums["errors"], "models": models[day]}
        for day in sorted(models)
        for total in [days.get((day,))]
    ]
